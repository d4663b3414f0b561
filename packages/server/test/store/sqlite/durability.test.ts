import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { commandOf, linesOf, start } from './programs.ts';
import { parseTrace, type SystemCall } from './system-calls.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apex-durability-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a process that is killed', () => {
  // Invariant: whatever the moment of the kill, what was acknowledged is there when the store is
  // opened again, and each commit is there with all of its writes or with none.
  it('[3343 §4] [3341 §4] [P8] [P10] has lost nothing that it acknowledged, and no half commits', {
    timeout: 60_000,
  }, async () => {
    const moment = fc.record({
      writers: fc.constantFrom(1, 8, 64),
      acknowledgements: fc.integer({ min: 1, max: 3000 }),
    });
    const rounds = fc.asyncProperty(moment, async ({ writers, acknowledgements }) => {
      const dataDir = mkdtempSync(join(folder, 'round-'));
      const acknowledged = await linesOf(
        start(commandOf('committer.ts', dataDir, writers, 1e6)),
        acknowledgements,
      );
      const { endpoints, subjects } = await contentsOf(dataDir);
      const present = new Set(endpoints);
      expect(acknowledged.length).toBeGreaterThanOrEqual(acknowledgements);
      expect(acknowledged.filter((name) => !present.has(name))).toEqual([]);
      expect(subjects).toEqual(endpoints);
    });
    await fc.assert(rounds, { numRuns: 8, interruptAfterTimeLimit: 30_000, endOnFailure: true });
  });
});

describe('a disk that is full', () => {
  it('refuses commits as store.failed, keeps what was acknowledged and nothing else', async () => {
    const dataDir = join(folder, 'data');
    // No file may grow beyond 256 KiB.
    const limited = [
      'bash',
      '-c',
      'ulimit -f 256 && exec "$@"',
      'bash',
      ...commandOf('committer.ts', dataDir, 8, 1e6),
    ];
    const lines = await linesOf(start(limited));
    const acknowledged = lines.filter((line) => !line.startsWith('store.'));
    expect(lines.filter((line) => line.startsWith('store.'))).toEqual(Array(8).fill('store.failed'));
    expect(acknowledged.length).toBeGreaterThan(50);
    const { endpoints, subjects } = await contentsOf(dataDir);
    expect(endpoints).toEqual(acknowledged.sort());
    expect(subjects).toEqual(endpoints);
  });
});

describe('the system calls', () => {
  it('[P10] of one writer are for each commit: the log is written, synced, and only then acknowledged', {
    timeout: 60_000,
  }, async (test) => {
    const calls = trace(1, 40) ?? test.skip('strace is missing, or may not trace here');
    const kinds = calls
      .filter(({ fd }) => fd === 'log' || fd === 'stdout')
      .map(({ fd, name }) => (fd === 'log' ? name : 'acknowledged'));
    const commits = kinds
      .join(' ')
      .split('acknowledged')
      .slice(0, 40)
      .map((part) => part.trim().split(' '));
    expect(commits).toHaveLength(40);
    for (const commit of commits) {
      expect(commit.length).toBeGreaterThanOrEqual(2);
      expect(commit.at(-1)).toBe('sync');
      expect(commit.slice(0, -1)).toContain('write');
    }
  });

  // Invariant: for each acknowledged name there is a sync of the log that began after the write of
  // that name to the log was done, and was done before the acknowledgement began.
  it('[P10] of 64 writers sync the log between the writes of a group and its acknowledgements', {
    timeout: 60_000,
  }, async (test) => {
    const calls = trace(64, 20) ?? test.skip('strace is missing, or may not trace here');
    const log = calls.filter(({ fd }) => fd === 'log');
    const acknowledgements = calls.filter(({ fd }) => fd === 'stdout');
    const syncs = log.filter(({ name }) => name === 'sync');
    const early = acknowledgements.filter((acknowledgement) => {
      const written = log.find(({ name, text }) => name === 'write' && text.includes(acknowledgement.text));
      if (written === undefined) return true;
      return !syncs.some((sync) => sync.begun > written.done && sync.done < acknowledgement.begun);
    });
    expect(early).toEqual([]);
    expect(acknowledgements).toHaveLength(64 * 20);
    expect(syncs.length).toBeLessThan(acknowledgements.length / 4); // groups share a sync
  });
});

/** What stands in the store of a folder: endpoints, and the subjects of the operations, both sorted. */
async function contentsOf(dataDir: string): Promise<{ endpoints: string[]; subjects: string[] }> {
  const store = await openSqliteStore({ dataDir });
  const endpoints = [...(await store.listEndpoints('', 1e9))];
  const subjects = (await store.loadOperations()).map(({ subject }) => subject).sort();
  await store.close();
  return { endpoints, subjects };
}

/** What the committer asked of the kernel, in order; undefined when that cannot be traced here. */
function trace(writers: number, commits: number): SystemCall[] | undefined {
  if (spawnSync('strace', ['-o', join(folder, 'probe'), 'true']).status !== 0) return undefined;
  const output = join(folder, 'trace');
  const which = 'trace=write,writev,pwrite64,pwritev,fdatasync,fsync';
  const traced = commandOf('committer.ts', join(folder, 'data'), writers, commits);
  const run = spawnSync('strace', ['-f', '-ttt', '-y', '-s', '5000', '-e', which, '-o', output, ...traced]);
  expect(run.status, String(run.stderr)).toBe(0);
  return parseTrace(readFileSync(output, 'latin1'));
}
