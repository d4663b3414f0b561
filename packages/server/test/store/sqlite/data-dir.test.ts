import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from '../../../src/store/sqlite/data-dir.ts';
import { commandOf, start } from './programs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apex-data-dir-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the lock of a data folder', () => {
  it('is held by one at a time, within one process too', async () => {
    const first = await lockDataDir(folder);
    await expect(lockDataDir(folder)).rejects.toMatchObject({
      code: 'store.locked',
      message: expect.stringMatching(
        `^the data folder ${folder} is in use by process ${process.pid} \\(since .*\\): stop that server`,
      ),
    });
    await first.release();
    await first.release();
    const second = await lockDataDir(folder);
    await expect(lockDataDir(folder)).rejects.toMatchObject({ code: 'store.locked' });
    await second.release();
  });

  it('ends with its process, killed or not, and names it until then', async () => {
    const holder = start(commandOf('lock-holder.ts', folder));
    await once(holder.stdout!, 'data');
    await expect(lockDataDir(folder)).rejects.toThrow(`is in use by process ${holder.pid} (since `);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    await (await lockDataDir(folder)).release();
  });

  it('creates the folder for its owner alone', async () => {
    const dataDir = join(folder, 'a', 'b');
    const lock = await lockDataDir(dataDir);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const name of ['apex.lock', 'apex.pid'])
      expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
    await lock.release();
  });

  it('tells when the folder cannot be created', async () => {
    await expect(lockDataDir('/dev/null/x')).rejects.toMatchObject({
      code: 'store.failed',
      message: expect.stringContaining('/dev/null/x'),
    });
  });
});
