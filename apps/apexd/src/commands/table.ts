import { visible } from './print.ts';

/** A column: its heading, and what stands in it. */
export interface Column<Row> {
  readonly heading: string;
  readonly of: (row: Row) => string;
}

/** Rows whose widths decide those of the columns; the rest of a long list is not waited for. */
const MEASURED = 500;

/**
 * Lines of a table with a heading, as its rows come: columns are as wide as the first rows need, and a later row that
 * needs more stands out.
 */
export async function* tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: AsyncIterable<Row>,
): AsyncGenerator<string, void> {
  let first: string[][] | undefined = [];
  let widths: readonly number[] = [];
  const measure = function* (measured: readonly string[][]): Generator<string> {
    const lines = [columns.map(({ heading }) => heading), ...measured];
    widths = columns.map((_, index) => Math.max(...lines.map((cells) => cells[index]?.length ?? 0)));
    for (const cells of lines) yield lineOf(cells, widths);
  };
  for await (const row of rows) {
    const cells = columns.map(({ of }) => visible(of(row)));
    if (first === undefined) yield lineOf(cells, widths);
    else if (first.push(cells) === MEASURED) {
      yield* measure(first);
      first = undefined;
    }
  }
  if (first !== undefined && first.length > 0) yield* measure(first);
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

/** Such as `45s`, `12m`, `3h05m`, `4d07h`. */
export function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}
