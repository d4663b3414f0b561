/** Figures of several rounds of one case. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

/** The middle one, or the mean of the two in the middle. Throws RangeError when there are none. */
export function median(figures: readonly number[]): number {
  if (figures.length === 0) throw new RangeError('no figures have no median');
  const sorted = figures.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median and range. Throws RangeError when there are no figures. */
export function summaryOf(figures: readonly number[]): Summary {
  return {
    median: median(figures),
    least: Math.min(...figures),
    most: Math.max(...figures),
    rounds: figures.length,
  };
}
