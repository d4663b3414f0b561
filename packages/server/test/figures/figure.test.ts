import { describe, expect, it } from 'vitest';
import { counter, gauge, joined, ofProcess, sample } from '../../src/figures/figure.ts';
import { durationBounds, Histogram, sizeBounds } from '../../src/figures/histogram.ts';
import { Tally } from '../../src/figures/tally.ts';

describe('a histogram', () => {
  it('tells how many values were at most each bound, what they come to, and how many there were', () => {
    const histogram = new Histogram([1, 10]);
    for (const value of [0, 1, 1.5, 10, 11]) histogram.add(value);
    expect(histogram.count).toBe(5);
    const { kind, samples } = histogram.figure('apex_x', 'Some.');
    expect(kind).toBe('histogram');
    expect(samples).toEqual([
      { part: 'bucket', labels: { le: '1' }, value: 2 },
      { part: 'bucket', labels: { le: '10' }, value: 4 },
      { part: 'bucket', labels: { le: '+Inf' }, value: 5 },
      { part: 'sum', labels: {}, value: 23.5 },
      { part: 'count', labels: {}, value: 5 },
    ]);
  });

  it.each([durationBounds, sizeBounds])('has bounds that grow', (...bounds) => {
    expect(bounds).toEqual(bounds.toSorted((one, other) => one - other));
    expect(new Set(bounds).size).toBe(bounds.length);
  });
});

it('a tally counts by key, those that are known from 0', () => {
  const tally = new Tally<number>([537]);
  tally.add(550);
  tally.add(550, 2);
  expect([tally.of(537), tally.of(550), tally.of(451)]).toEqual([0, 3, 0]);
  expect(tally.samples('code', { service: 'relay' })).toEqual([
    { labels: { service: 'relay', code: '537' }, value: 0 },
    { labels: { service: 'relay', code: '550' }, value: 3 },
  ]);
});

describe('figures of several processes', () => {
  it('become one for each name, told apart by their labels; they can be cloned', () => {
    const one = ofProcess('main', [
      gauge('apex_a', 'A.', 1),
      counter('apex_b_total', 'B.', [sample({ x: 'y' }, 2)]),
    ]);
    const other = ofProcess('worker-1', [gauge('apex_a', 'A.', 3)]);
    const all = joined(one, other);
    expect(structuredClone(all)).toEqual([
      {
        name: 'apex_a',
        kind: 'gauge',
        help: 'A.',
        samples: [
          { labels: { process: 'main' }, value: 1 },
          { labels: { process: 'worker-1' }, value: 3 },
        ],
      },
      {
        name: 'apex_b_total',
        kind: 'counter',
        help: 'B.',
        samples: [{ labels: { x: 'y', process: 'main' }, value: 2 }],
      },
    ]);
  });
});
