/** How the cost grows with one size, as measured in several rounds. */
export interface Growth {
  /** What its files are called. */
  readonly name: string;
  readonly samples: readonly GrowthSample[];
  /** Sizes that could not be measured here. */
  readonly skipped: readonly Skipped[];
}

export interface GrowthSample {
  readonly size: number;
  readonly round: number;
  /** By names with units, which are the columns of the CSV file. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Skipped {
  readonly size: number;
  readonly reason: string;
}

/** One line for each size and round. */
export function csvOf({ samples }: Growth): string {
  const columns = [...new Set(samples.flatMap(({ figures }) => Object.keys(figures)))];
  const lines = samples
    .toSorted((one, other) => one.size - other.size || one.round - other.round)
    .map(({ size, round, figures }) => [size, round, ...columns.map((column) => figures[column] ?? '')]);
  return [['size', 'round', ...columns], ...lines].map((cells) => `${cells.join(',')}\n`).join('');
}
