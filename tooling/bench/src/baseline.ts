import type { CaseName } from './cases.ts';
import { median } from './statistics.ts';
import type { Figure, Sample } from './table.ts';

/**
 * What was measured once, so that a loss is noticed. Figures are kept as they would be on a machine of speed 1
 * (see calibration.ts): a rate is divided by the speed that the machine had in the same round, a latency is
 * multiplied by it, memory stays as it is. So a slower machine, or one that is busy, is not taken for a loss.
 */
export interface Baseline {
  /** Figures depend on who makes the load. */
  readonly driver: 'ts' | 'c';
  readonly rounds: number;
  readonly seconds: number;
  readonly figures: Readonly<Partial<Record<CaseName, Readonly<Partial<Record<Figure, number>>>>>>;
}

/** The figures that a baseline has. */
export const kept: Readonly<Partial<Record<CaseName, readonly Figure[]>>> = {
  'fan-out-100': ['p99Ms'],
  'fan-out-1000': ['deliveriesPerSecond'],
  'fan-out-5000': ['deliveriesPerSecond'],
  'pairs-1000': ['updatesPerSecond', 'p99Ms'],
  'idle-5000': ['kibPerConnection'],
  echo: ['exchangesPerSecond'],
};

/** What may be left of a figure before it counts as lost: two thirds. */
const LEAST_LEFT = 2 / 3;

/** The figures that a baseline keeps, of samples with the speed of the machine in each round. */
export function normalisedFigures(
  samples: readonly Sample[],
  speeds: ReadonlyMap<number, number>,
): Baseline['figures'] {
  const entries = Object.entries(kept).flatMap(([name, figures]) => {
    const ofCase = samples.filter(({ row }) => row.name === name);
    if (ofCase.length === 0) return [];
    return [
      [name, Object.fromEntries(figures.map((figure) => [figure, normalised(ofCase, figure, speeds)]))],
    ];
  });
  return Object.fromEntries(entries) as Baseline['figures'];
}

/** One line for each figure of which less than two thirds is left; none when nothing is lost. */
export function lossesOf(now: Baseline['figures'], before: Baseline['figures']): readonly string[] {
  const losses: string[] = [];
  for (const [name, figures] of Object.entries(now)) {
    for (const [figure, value] of Object.entries(figures)) {
      const old = before[name as CaseName]?.[figure as Figure];
      if (old === undefined) {
        losses.push(`${name}: the baseline has no ${figure}; write it anew with --write-baseline`);
        continue;
      }
      const left = isRate(figure as Figure) ? value / old : old / value;
      // Not "<", so that what is no number counts as lost.
      if (left >= LEAST_LEFT) continue;
      losses.push(
        `${name}: ${figure} is ${rounded(value)}, and was ${rounded(old)} (both at speed 1): ${Math.round(100 * left)} % are left`,
      );
    }
  }
  return losses;
}

/** One line for each measurement in which deliveries never came: none may be missing, however slow the machine is. */
export function lostDeliveries(samples: readonly Sample[]): readonly string[] {
  return samples.flatMap(({ row, round }) =>
    (row.lost ?? 0) === 0 ? [] : [`${row.name}: ${row.lost} deliveries never came in round ${round}`],
  );
}

function normalised(samples: readonly Sample[], figure: Figure, speeds: ReadonlyMap<number, number>): number {
  const figures = samples.map(({ row, round }) => {
    const value = row[figure];
    const speed = speeds.get(round);
    if (value === undefined || speed === undefined)
      throw new Error(`${row.name}: ${figure} was not measured`);
    if (isRate(figure)) return value / speed;
    return figure === 'kibPerConnection' ? value : value * speed;
  });
  return rounded(median(figures));
}

/** Whether more is better. */
function isRate(figure: Figure): boolean {
  return figure.endsWith('PerSecond');
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
