import type { Report } from '../admin/progress.ts';

/** Where a bar is drawn: a terminal, or something that is none. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Shows how far `work` is, in one line that is gone when it ends. Only on a terminal: what is no terminal, such as a
 * log, gets nothing.
 */
export async function withProgress<T>(
  work: (report: Report) => Promise<T>,
  terminal: Terminal = process.stderr,
): Promise<T> {
  if (terminal.isTTY !== true) return work(() => {});
  let isShown = false;
  try {
    return await work((progress) => {
      isShown = true;
      terminal.write(`${CLEAR_LINE}${progressLine(progress).slice(0, (terminal.columns ?? 80) - 1)}`);
    });
  } finally {
    if (isShown) terminal.write(CLEAR_LINE);
  }
}

/** Such as `provisioning [###       ] 30% 300 of 1,000`; without a total, how many are done. */
export function progressLine({ step, done, total }: Parameters<Report>[0]): string {
  const number = (value: number): string => value.toLocaleString('en');
  if (total === undefined) return `${step} ${number(done)}`;
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.floor(part * BAR_WIDTH);
  const bar = `${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}`;
  return `${step} [${bar}] ${Math.floor(part * 100)}% ${number(done)} of ${number(total)}`;
}
