import { expect, it } from 'vitest';
import { lossesOf, lostDeliveries, normalisedFigures } from '../src/baseline.ts';
import { speedOf } from '../src/calibration.ts';

it('figures of a machine that is half as fast are the same ones', () => {
  const samples = (factor: number) => [
    { subject: 'apexd', round: 1, row: { name: 'fan-out-100', p99Ms: 8 * factor } },
    { subject: 'apexd', round: 1, row: { name: 'echo', exchangesPerSecond: 70_000 / factor } },
    { subject: 'apexd', round: 1, row: { name: 'idle-5000', kibPerConnection: 20 } },
  ];
  const speed = speedOf({ loopsPerSecond: 200_000_000, echoesPerSecond: 50_000 });
  const fast = normalisedFigures(samples(1), new Map([[1, speed]]));
  expect(fast).toEqual({
    'fan-out-100': { p99Ms: 8 },
    'idle-5000': { kibPerConnection: 20 },
    echo: { exchangesPerSecond: 70_000 },
  });
  expect(normalisedFigures(samples(2), new Map([[1, speed / 2]]))).toEqual(fast);
});

it('each round is divided by the speed that the machine had in it', () => {
  const row = (exchangesPerSecond: number) => ({ name: 'echo', exchangesPerSecond });
  const samples = [
    { subject: 'apexd', round: 1, row: row(50_000) },
    { subject: 'apexd', round: 2, row: row(10_000) },
    { subject: 'apexd', round: 3, row: row(26_000) },
  ];
  const speeds = new Map([
    [1, 1],
    [2, 0.2],
    [3, 0.5],
  ]);
  expect(normalisedFigures(samples, speeds)).toEqual({ echo: { exchangesPerSecond: 50_000 } });
});

it('a figure that was not measured is no figure', () => {
  const samples = [{ subject: 'apexd', round: 1, row: { name: 'echo' } }];
  expect(() => normalisedFigures(samples, new Map([[1, 1]]))).toThrow(
    'echo: exchangesPerSecond was not measured',
  );
});

it('a loss of up to a third is none, whether more or less of the figure is better', () => {
  const before = { 'fan-out-1000': { deliveriesPerSecond: 30_000 }, 'idle-5000': { kibPerConnection: 20 } };
  expect(lossesOf(before, before)).toEqual([]);
  const worse = { 'fan-out-1000': { deliveriesPerSecond: 20_100 }, 'idle-5000': { kibPerConnection: 29.9 } };
  expect(lossesOf(worse, before)).toEqual([]);
  const better = { 'fan-out-1000': { deliveriesPerSecond: 90_000 }, 'idle-5000': { kibPerConnection: 5 } };
  expect(lossesOf(better, before)).toEqual([]);
});

it('each figure of which more than a third is lost has one line', () => {
  const before = {
    'fan-out-1000': { deliveriesPerSecond: 30_000 },
    'pairs-1000': { p99Ms: 100, updatesPerSecond: 1 },
  };
  const now = {
    'fan-out-1000': { deliveriesPerSecond: 15_000 },
    'pairs-1000': { p99Ms: 200, updatesPerSecond: 1 },
  };
  expect(lossesOf(now, before)).toEqual([
    'fan-out-1000: deliveriesPerSecond is 15000, and was 30000 (both at speed 1): 50 % are left',
    'pairs-1000: p99Ms is 200, and was 100 (both at speed 1): 50 % are left',
  ]);
});

it('a figure that the baseline does not have is no success', () => {
  expect(lossesOf({ echo: { exchangesPerSecond: 1 } }, {})).toEqual([
    'echo: the baseline has no exchangesPerSecond; write it anew with --write-baseline',
  ]);
});

it('a delivery that never came is a loss by itself', () => {
  const sample = (round: number, lost: number) => ({
    subject: 'apexd',
    round,
    row: { name: 'pairs-1000', lost },
  });
  expect(lostDeliveries([sample(1, 0), sample(2, 3)])).toEqual([
    'pairs-1000: 3 deliveries never came in round 2',
  ]);
});
