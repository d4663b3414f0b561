import { describe, expect, it } from 'vitest';
import { progressLine, withProgress } from '../src/commands/progress-bar.ts';

/** Draws on a terminal so wide, or on none; all that was written. */
async function drawn(columns: number | undefined, work: Parameters<typeof withProgress>[0]): Promise<string> {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  await withProgress(work, { isTTY: columns !== undefined, columns, write }).catch(() => {});
  return text;
}

describe('a progress bar', () => {
  it('says what is being done, and how much of it', () => {
    expect(progressLine({ step: 'copying', done: 500, total: 2000 })).toBe(
      `copying [${'#'.repeat(7)}${' '.repeat(23)}] 25% 500 of 2,000`,
    );
    expect(progressLine({ step: 'copying', done: 2000, total: 2000 })).toBe(
      `copying [${'#'.repeat(30)}] 100% 2,000 of 2,000`,
    );
    expect(progressLine({ step: 'importing', done: 1500 })).toBe('importing 1,500');
    expect(progressLine({ step: 'importing', done: 0, total: 0 })).toContain('100% 0 of 0');
  });

  it('stays in one line of the terminal, and leaves nothing behind, also when the work fails', async () => {
    const text = await drawn(20, async (report) => {
      report({ step: 'copying', done: 1, total: 3 });
      report({ step: 'copying', done: 2, total: 3 });
      throw new Error('the disk is full');
    });
    expect(text).toBe('\r\u001b[Kcopying [##########\r\u001b[Kcopying [##########\r\u001b[K');
  });

  it('is not drawn where there is no terminal, or nothing to tell', async () => {
    expect(await drawn(undefined, async (report) => report({ step: 'copying', done: 1, total: 3 }))).toBe('');
    expect(await drawn(80, async () => {})).toBe('');
  });
});
