import { type Summary, summaryOf } from './statistics.ts';

/** One measured case. Rates are per second, latencies in milliseconds, memory in KiB. */
export interface Row {
  readonly name: string;
  readonly deliveriesPerSecond?: number;
  readonly updatesPerSecond?: number;
  readonly exchangesPerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly serverCpuPercent?: number;
  readonly kibPerConnection?: number;
  readonly lost?: number;
}

export type Figure = Exclude<keyof Row, 'name'>;

/** One row of one round, of one of the servers. */
export interface Sample {
  readonly subject: string;
  readonly round: number;
  readonly row: Row;
}

const columns: readonly (readonly [Figure, string, number])[] = [
  ['deliveriesPerSecond', 'deliveries/s', 0],
  ['updatesPerSecond', 'updates/s', 0],
  ['exchangesPerSecond', 'exchanges/s', 0],
  ['p50Ms', 'p50 ms', 1],
  ['p99Ms', 'p99 ms', 1],
  ['serverCpuPercent', 'server cpu %', 0],
  ['kibPerConnection', 'KiB/connection', 1],
  ['lost', 'lost', 0],
];

/** A Markdown table of medians, each with its range where there are several rounds; without empty columns. */
export function tableOf(samples: readonly Sample[]): string {
  const groups = Object.values(
    Object.groupBy(samples, ({ subject, row }) => `${row.name} ${subject}`),
  ) as Sample[][];
  const shown = columns.filter(([figure]) => samples.some(({ row }) => row[figure] !== undefined));
  const titles = ['case', 'server', 'rounds', ...shown.map(([, title]) => title)];
  const lines = groups.map((group) => [
    group[0]!.row.name,
    group[0]!.subject,
    String(group.length),
    ...shown.map(([figure, , digits]) => {
      const figures = figuresOf(group, figure);
      return figures.length === 0 ? '' : formatSummary(summaryOf(figures), { maximumFractionDigits: digits });
    }),
  ]);
  return [titles, titles.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** The figures of those rows that have this one. */
export function figuresOf(samples: readonly Sample[], figure: Figure): readonly number[] {
  return samples.flatMap(({ row }) => row[figure] ?? []);
}

/** The median, and behind it the range where the rounds differ. */
export function formatSummary(
  { median, least, most }: Summary,
  digits: Pick<Intl.NumberFormatOptions, 'maximumFractionDigits' | 'maximumSignificantDigits'>,
): string {
  const text = (value: number): string => value.toLocaleString('en-US', digits);
  return text(least) === text(most) ? text(median) : `${text(median)} (${text(least)}–${text(most)})`;
}
