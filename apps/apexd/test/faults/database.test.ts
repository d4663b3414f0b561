import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Home } from '../server-app.ts';
import { attach, fred, infoOf, provisioned, update } from './people.ts';

const PAGE = 4096;

/** Overwrites some octets. */
function smash(path: string, at: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(300, 0xa5), 0, 300, at);
  closeSync(file);
}

/** A folder with an update of fred, of a server that has ended (`stop`) or was killed, whose log is still there. */
async function left(end: 'stop' | 'kill'): Promise<{ readonly home: Home; readonly path: string }> {
  const home = await provisioned();
  const server = await home.serve();
  await (await attach(server, fred)).presence.publish(update(1));
  if (end === 'stop') await server.stop();
  else {
    server.kill('SIGKILL');
    await server.outcome;
  }
  return { home, path: join(home.dataDir, 'apex.db') };
}

async function refusalOf(home: Home): Promise<string> {
  const { code, stdout, stderr } = await home.spawn(['serve', '--config', home.config], '').outcome;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^apexd: [^\n]*\n$/);
  return stderr;
}

describe('a database that is damaged is refused at the start, with what to do, and stays as it is', () => {
  it('however it is damaged', async () => {
    const { home, path } = await left('stop');
    const copy = join(home.folder, 'copy');
    copyFileSync(path, copy);
    const { size } = statSync(path);
    const cases: readonly (readonly [string, () => void, RegExp])[] = [
      ['emptied', () => truncateSync(path, 0), /apex\.db is empty: restore a backup, or remove the file/],
      ['cut to part of a page', () => truncateSync(path, 100), /apex\.db is damaged .*: restore a backup/],
      ['cut to one page', () => truncateSync(path, PAGE), /apex\.db is damaged .*: restore a backup/],
      ['cut by one page', () => truncateSync(path, size - PAGE), /apex\.db is damaged .*: restore a backup/],
      ['overwritten at its beginning', () => smash(path, 0), /not a database of this server/],
      ['overwritten in a page', () => smash(path, 3 * PAGE), /apex\.db is damaged .*: restore a backup/],
    ];
    for (const [what, damage, expected] of cases) {
      copyFileSync(copy, path);
      damage();
      const before = readFileSync(path);
      expect(await refusalOf(home), what).toMatch(expected);
      expect(readFileSync(path).equals(before), what).toBe(true);
    }
  });

  it('also when it is empty or missing beside the log of a server that was killed, which is kept', async () => {
    const { home, path } = await left('kill');
    const log = readFileSync(`${path}-wal`);
    expect(log.length).toBeGreaterThan(0);
    const copy = join(home.folder, 'copy');
    copyFileSync(path, copy);
    truncateSync(path, 0);
    expect(await refusalOf(home)).toMatch(/apex\.db is empty: restore a backup/);
    rmSync(path);
    expect(await refusalOf(home)).toMatch(
      /apex\.db is missing, and its log \S+-wal is there: put the database back/,
    );
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);

    copyFileSync(copy, path);
    const server = await home.serve();
    expect((await (await attach(server, fred)).presence.fetch(fred)).publisherInfo).toBe(infoOf(1));
  });
});

describe('a log that is cut', () => {
  it('loses what was cut off and nothing else: a server starts with what was whole', async () => {
    const { home, path } = await left('kill');
    truncateSync(`${path}-wal`, 40);
    const server = await home.serve();
    const { publisherInfo } = await (await attach(server, fred)).presence.fetch(fred);
    expect(['', infoOf(1)]).toContain(publisherInfo);
  });
});
