import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Application } from './application.ts';
import { parseTrace } from './store/sqlite/system-calls.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apex-replies-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

// Invariant: for each publish that was answered 250 there is a sync of the log that began after the
// write of that publish to the log was done, and was done before the write of the reply began.
it('[P10] [3343 §4.4 step 6.3] a reply 250 leaves the server behind the sync of its write, as the kernel saw it', {
  timeout: 120_000,
}, async (test) => {
  if (spawnSync('strace', ['-o', join(folder, 'probe'), 'true']).status !== 0) {
    test.skip('strace is missing, or may not trace here');
  }
  const trace = join(folder, 'trace');
  const which = 'trace=write,writev,sendto,sendmsg,pwrite64,pwritev,fdatasync,fsync';
  const flags = [
    '--experimental-strip-types',
    '--disable-warning=ExperimentalWarning',
    '--conditions=@apex/source',
  ];
  const program = fileURLToPath(new URL('./serving.ts', import.meta.url));
  const server = spawn(
    'strace',
    [
      ...['-f', '-ttt', '-y', '-s', '20000', '-e', which, '-o', trace],
      ...[process.execPath, ...flags, program, join(folder, 'data')],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(server, 'exit');
  let published: number[];
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    published = await publishMany(Number(line.toString()));
  } finally {
    server.stdin.end();
    await ended;
  }

  const calls = parseTrace(readFileSync(trace, 'latin1'));
  const writes = calls.filter(({ fd, name }) => fd === 'log' && name === 'write');
  const syncs = calls.filter(({ fd, name }) => fd === 'log' && name === 'sync');
  const sent = calls.filter(({ fd }) => fd === 'socket');
  const early = published.filter((transID) => {
    const written = writes.find(({ text }) => text.includes(mark(transID)));
    const reply = sent.find(({ text }) => new RegExp(`<reply [^>]*transID='${transID}'`).test(text));
    if (written === undefined || reply === undefined) return true;
    return !syncs.some((sync) => sync.begun > written.done && sync.done < reply.begun);
  });
  expect(early).toEqual([]);
  expect(published).toHaveLength(80);
});

/** What a publish says, so that it can be found in a trace. */
function mark(transID: number): string {
  return `urn:mark:${transID}:`;
}

/** Eight applications publish at the same time, ten times each. Returns the transIDs that got 250. */
async function publishMany(port: number): Promise<number[]> {
  const published = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const application = await Application.attach(port, `fred${index}@example.com`, 'yabba');
      const transIDs: number[] = [];
      for (let count = 0; count < 10; count += 1) transIDs.push(await application.publish(mark));
      await application.close();
      return transIDs;
    }),
  );
  return published.flat();
}
