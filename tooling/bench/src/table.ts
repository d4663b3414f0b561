/** One measured case. Rates are per second, latencies in milliseconds, memory in KiB. */
export interface Row {
  readonly name: string;
  readonly deliveriesPerSecond?: number;
  readonly updatesPerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly serverCpuPercent?: number;
  readonly kibPerConnection?: number;
  readonly lost?: number;
}

const columns: readonly (readonly [keyof Row, string, number])[] = [
  ['deliveriesPerSecond', 'deliveries/s', 0],
  ['updatesPerSecond', 'updates/s', 0],
  ['p50Ms', 'p50 ms', 1],
  ['p99Ms', 'p99 ms', 1],
  ['serverCpuPercent', 'server cpu %', 0],
  ['kibPerConnection', 'KiB/connection', 1],
  ['lost', 'lost', 0],
];

/** A Markdown table, as the README quotes it. */
export function printTable(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
  line(['case', ...columns.map(([, title]) => title)]);
  line(['---', ...columns.map(() => '---')]);
  for (const row of rows) {
    line([row.name, ...columns.map(([key, , digits]) => format(row[key] as number | undefined, digits))]);
  }
}

function format(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
