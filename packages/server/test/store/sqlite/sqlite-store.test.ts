import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreWrite } from '../../../src/store/ports.ts';
import { endpoint, FRED, held } from '../../../src/store/sample-records.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { storeSuite } from '../../../src/store/testing.ts';

storeSuite('the SQLite store', {
  async create() {
    const dataDir = await mkdtemp(join(tmpdir(), 'apex-store-'));
    return {
      open: () => openSqliteStore({ dataDir }),
      reopens: true,
      remove: () => rm(dataDir, { recursive: true }),
    };
  },
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apex-sqlite-'));
  path = join(folder, 'data', 'apex.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string): StoreWrite[] => [{ kind: 'put-endpoint', endpoint: name, createdAt: 1 }];

describe('opening', () => {
  it('creates folder and files for their owner alone', async () => {
    const store = await openSqliteStore({ dataDir: join(folder, 'data') });
    await store.commit(put('fred@example.com'));
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('marks the file as ours, with its schema version', async () => {
    await (await openSqliteStore({ path })).close();
    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA application_id').get()).toEqual({ application_id: 0x41504558 });
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 4 });
    database.close();
  });

  it('brings a file of the first version up to date, and keeps what is in it', async () => {
    const first = await openSqliteStore({ path });
    await first.commit([endpoint(FRED, 1)]);
    await first.close();
    sql(
      path,
      `DROP TABLE held; DROP TABLE credentials; DROP TABLE secret; PRAGMA user_version = 1;
       CREATE TABLE credentials (
         endpoint TEXT PRIMARY KEY, mechanism TEXT NOT NULL, salt BLOB NOT NULL, iterations INTEGER NOT NULL,
         stored_key BLOB NOT NULL, server_key BLOB NOT NULL
       ) STRICT, WITHOUT ROWID;
       INSERT INTO credentials VALUES ('${FRED}', 'SCRAM-SHA-256', x'01', 4096, x'02', x'03')`,
    );
    const second = await openSqliteStore({ path });
    expect(await second.listEndpoints('', 10)).toEqual([FRED]);
    expect(await second.findCredentials(FRED, 'SCRAM-SHA-256')).toEqual({
      mechanism: 'SCRAM-SHA-256',
      salt: Uint8Array.of(1),
      iterations: 4096,
      storedKey: Uint8Array.of(2),
      serverKey: Uint8Array.of(3),
    });
    await second.commit([{ kind: 'put-held', held: held(1, FRED) }]);
    expect(await second.findHeld(FRED)).toEqual([held(1, FRED)]);
    await second.close();
  });

  it('refuses a database of a newer version, and leaves it as it is', async () => {
    await (await openSqliteStore({ path })).close();
    sql(path, 'PRAGMA user_version = 1000');
    const before = readFileSync(path);
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'store.newer',
      message: expect.stringMatching(
        `^${path} was written by a newer version .*schema 1000.*: run that version, or restore a backup`,
      ),
    });
    expect(readFileSync(path)).toEqual(before);
  });

  it.each([
    ['a database of another program', (file: string) => sql(file, 'CREATE TABLE t (x)')],
    ['a database with another application id', (file: string) => sql(file, 'PRAGMA application_id = 7')],
    ['a file that is no database', (file: string) => writeFileSync(file, 'Dear Wilma,\n'.repeat(500))],
    ['a short file that is no database', (file: string) => writeFileSync(file, 'x')],
  ])('refuses %s, and leaves it as it is', async (_, make) => {
    path = join(folder, 'other.db');
    make(path);
    const before = readFileSync(path);
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'store.foreign',
      message: expect.stringContaining(`${path} is not a database of this server: `),
    });
    expect(readFileSync(path)).toEqual(before);
  });

  it('refuses a damaged database', async () => {
    const store = await openSqliteStore({ path });
    await store.commit(Array.from({ length: 500 }, (_, index) => put(`e${index}@example.com`)).flat());
    await store.close();
    const octets = readFileSync(path);
    writeFileSync(path, octets.fill(0xa5, 8192));
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'store.corrupt',
      message: expect.stringContaining(path),
    });
    writeFileSync(path, octets.subarray(0, 8192));
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: 'store.corrupt' });
  });

  it('refuses a file that is empty, and the log of a database that is gone: they had something in them', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(path, '');
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'store.corrupt',
      message: expect.stringContaining(`${path} is empty: restore a backup`),
    });
    rmSync(path);
    writeFileSync(`${path}-wal`, 'what was written last');
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: 'store.corrupt',
      message: expect.stringContaining(`${path} is missing, and its log ${path}-wal is there`),
    });
    expect(readFileSync(`${path}-wal`, 'utf8')).toBe('what was written last');
  });

  it('begins anew where a process was killed while it made the file', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(`${path}.new`, 'half');
    const store = await openSqliteStore({ path });
    await store.commit(put(FRED));
    await store.close();
    expect(existsSync(`${path}.new`)).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('tells when the file cannot be created', async () => {
    await expect(openSqliteStore({ path: '/dev/null/apex.db' })).rejects.toMatchObject({
      code: 'store.failed',
    });
    await expect(openSqliteStore({ path: folder })).rejects.toMatchObject({ code: 'store.failed' });
  });
});

describe('the worker', () => {
  it('when it ends unasked, makes all pending and later calls fail', async () => {
    const created = once(process, 'worker');
    const told: unknown[] = [];
    const store = await openSqliteStore({ path, onLost: (error) => told.push(error) });
    const [worker] = (await created) as [Worker];
    await store.commit(put('fred@example.com'));
    const large = Array.from({ length: 100_000 }, (_, index) => put(`e${index}@example.com`)).flat();
    const calls: Promise<unknown>[] = [
      store.commit(large),
      store.commit(put('wilma@example.com')),
      store.loadOperations(),
    ];
    await setImmediate(); // on their way
    await worker.terminate();
    calls.push(store.commit([]), store.listEndpoints('', 9));
    for (const outcome of await Promise.allSettled(calls)) {
      const reason = { code: 'store.lost', message: expect.stringContaining(path) };
      expect(outcome).toMatchObject({ status: 'rejected', reason });
    }
    expect(told).toEqual([expect.objectContaining({ code: 'store.lost' })]);
    await store.close();
    const again = await openSqliteStore({ path });
    expect(await again.listEndpoints('', 9)).toEqual(['fred@example.com']);
    await again.close();
  });

  it('is not reached by what is not plain data', async () => {
    const store = await openSqliteStore({ path });
    const poisoned = [{ kind: 'put-endpoint', endpoint: () => '', createdAt: 1 }] as unknown as StoreWrite[];
    await expect(store.commit(poisoned)).rejects.toMatchObject({ code: 'store.failed' });
    await store.commit(put('fred@example.com'));
    expect(await store.listEndpoints('', 9)).toEqual(['fred@example.com']);
    await store.close();
  });
});

it('imports 5,000 endpoints with credentials within a second', async () => {
  const store = await openSqliteStore({ path });
  const octets = new Uint8Array(32);
  const credentials = {
    mechanism: 'SCRAM-SHA-256',
    salt: octets,
    iterations: 10_000,
    storedKey: octets,
    serverKey: octets,
  } as const;
  const names = Array.from({ length: 5000 }, (_, index) => `e${index}@example.com`);
  const begun = performance.now();
  await store.commit(
    names.flatMap((name) => [
      ...put(name),
      { kind: 'put-credentials', endpoint: name, credentials: [credentials] } as const,
    ]),
  );
  expect(performance.now() - begun).toBeLessThan(1000);
  await store.close();
});

function sql(file: string, text: string): void {
  const database = new DatabaseSync(file);
  database.exec(text);
  database.close();
}
