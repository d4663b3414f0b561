import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store, StoreWrite } from '../../../src/store/ports.ts';
import {
  access,
  credentials,
  endpoint,
  FRED,
  held,
  operation,
  presence,
  WILMA,
} from '../../../src/store/sample-records.ts';
import { backupDataDir } from '../../../src/store/sqlite/backup.ts';
import { restoreDataDir } from '../../../src/store/sqlite/restore.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { verifyDataDir } from '../../../src/store/sqlite/verify.ts';

const DOMAINS = ['example.org', 'example.com'];
let folder: string;
let dataDir: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apex-backup-'));
  dataDir = join(folder, 'data');
  file = join(folder, 'backup');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function furnished(): Promise<Store> {
  const store = await openSqliteStore({ dataDir });
  await store.commit([
    endpoint('apex=presence@example.com', 1),
    endpoint(FRED, 1),
    { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(3)] },
    { kind: 'put-presence', presence: presence(FRED, 4) },
    { kind: 'put-operation', operation: operation(FRED, WILMA, 5) },
    { kind: 'put-access', access: access(FRED, WILMA, ['core:data'], 6) },
    { kind: 'put-access', access: access(FRED, FRED, undefined, 6) },
    { kind: 'put-held', held: held(1, FRED) },
    endpoint(WILMA, 8),
    { kind: 'remove-endpoint', endpoint: WILMA },
  ]);
  return store;
}

async function contentOf(store: Store): Promise<unknown> {
  return {
    fred: await store.loadSubject(FRED),
    wilma: await store.loadSubject(WILMA),
    operations: await store.loadOperations(),
    credentials: await store.findCredentials(FRED, 'SCRAM-SHA-256'),
    held: await store.listHeld(0, 10),
    secret: await store.secret(),
  };
}

const revision = (number: number): StoreWrite[] => [
  { kind: 'put-presence', presence: presence(FRED, number) },
];

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: { code?: string }) => error.code ?? error);
}

describe('a backup', () => {
  it('has everything that was committed before it, and is restored to the same store', async () => {
    const store = await furnished();
    const before = await contentOf(store);
    const reported: number[][] = [];
    await backupDataDir(dataDir, file, (...progress) => reported.push(progress));
    expect(reported[0]).toEqual([0, expect.any(Number)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.commit(revision(99));
    await store.close();
    const restored = join(folder, 'restored');
    mkdirSync(restored);
    expect(await restoreDataDir(file, restored, DOMAINS)).toEqual({
      version: 4,
      octets: statSync(file).size,
      endpoints: 1,
      accessEntries: 1,
      operations: 1,
      heldMessages: 1,
    });
    expect(readdirSync(restored)).toEqual(['apex.db']);
    expect(statSync(join(restored, 'apex.db')).mode & 0o777).toBe(0o600);
    const again = await openSqliteStore({ dataDir: restored });
    expect(await contentOf(again)).toEqual(before);
    await again.close();
  });

  it('is of one moment, while commits go on beside it', async () => {
    const store = await furnished();
    const fill = Array.from({ length: 2000 }, (_, index): StoreWrite[] => {
      const name = `e${index}@example.com`;
      return [
        endpoint(name, 1),
        { kind: 'put-presence', presence: { ...presence(name, 1), tuplesXml: 'x'.repeat(8000) } },
      ];
    });
    await store.commit(fill.flat());
    let committed = 0;
    let isDone = false;
    // Two records of each revision: in one commit, so that they are always the same.
    const write = async (): Promise<void> => {
      for (let next = 1; !isDone; next += 1) {
        await store.commit([
          ...revision(next),
          { kind: 'put-access', access: access(FRED, WILMA, ['core:data'], next) },
        ]);
        committed = next;
      }
    };
    const writing = write();
    while (committed < 20) await new Promise((resolve) => setImmediate(resolve));
    const before = committed;
    await backupDataDir(dataDir, file);
    const after = committed;
    isDone = true;
    await writing;
    await store.close();
    // They did not wait for it.
    expect(after).toBeGreaterThan(before);
    const copy = await openSqliteStore({ path: file });
    const fred = (await copy.loadSubject(FRED))!;
    expect(fred.presence!.revision).toBeGreaterThanOrEqual(before);
    expect(fred.access.find(({ actor }) => actor === WILMA)?.lastUpdate).toBe(fred.presence!.revision);
    expect((await copy.loadSubject('e1999@example.com'))?.presence?.tuplesXml).toHaveLength(8000);
    await copy.close();
  });

  it('is not written over a file, nor made of nothing', async () => {
    expect(await codeOf(backupDataDir(dataDir, file))).toBe('store.missing');
    expect(existsSync(file)).toBe(false);
    const store = await furnished();
    writeFileSync(file, 'mine');
    expect(await codeOf(backupDataDir(dataDir, file))).toBe('store.failed');
    expect(await codeOf(backupDataDir(dataDir, join(folder, 'none', 'backup')))).toBe('store.failed');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await store.close();
  });

  it('of a database that is damaged is refused', async () => {
    const store = await furnished();
    await store.close();
    damage(join(dataDir, 'apex.db'));
    expect(await codeOf(backupDataDir(dataDir, file))).toBe('store.corrupt');
  });
});

describe('restoring', () => {
  beforeEach(async () => {
    const store = await furnished();
    await backupDataDir(dataDir, file);
    await store.close();
  });

  it.each(['apex.db', 'apex.db-wal', 'apex.db-journal'])(
    'leaves a folder alone that has %s',
    async (name) => {
      const other = join(folder, 'other');
      mkdirSync(other);
      writeFileSync(join(other, name), '');
      expect(await codeOf(restoreDataDir(file, other, DOMAINS))).toBe('store.exists');
      expect(readdirSync(other)).toEqual([name]);
    },
  );

  it.each([
    ['that is damaged', damage, 'store.corrupt'],
    [
      'that breaks off',
      (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 10_000)),
      'store.corrupt',
    ],
    ['that is empty', (path: string) => writeFileSync(path, ''), 'store.foreign'],
    [
      'that is something else',
      (path: string) => writeFileSync(path, 'yabba dabba doo'.repeat(1000)),
      'store.foreign',
    ],
    ['of a newer version', (path: string) => execute(path, 'PRAGMA user_version = 999'), 'store.newer'],
    ['of another program', (path: string) => execute(path, 'PRAGMA application_id = 7'), 'store.foreign'],
    [
      'of another domain',
      (path: string) =>
        execute(
          path,
          "UPDATE endpoint SET endpoint = 'apex=presence@example.net' WHERE endpoint LIKE 'apex=%'",
        ),
      'store.domain',
    ],
  ])('refuses a file %s, and leaves nothing behind', async (_, spoil, code) => {
    spoil(file);
    const other = join(folder, 'other');
    mkdirSync(other);
    const error = await restoreDataDir(file, other, DOMAINS).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringContaining(file) });
    expect(readdirSync(other)).toEqual([]);
  });
});

describe('verifying', () => {
  it('tells what a folder holds, also after the process that used it was killed, and writes nothing', async () => {
    expect(verifyDataDir(dataDir)).toBeUndefined();
    const store = await furnished();
    const contents = { version: 4, endpoints: 1, accessEntries: 1, operations: 1, heldMessages: 1 };
    // Much of it is in the write-ahead log only.
    expect(verifyDataDir(dataDir)).toMatchObject(contents);
    await store.close();
    const before = readFileSync(join(dataDir, 'apex.db'));
    expect(verifyDataDir(dataDir)).toMatchObject(contents);
    expect(readFileSync(join(dataDir, 'apex.db'))).toEqual(before);
  });

  it('finds an index that does not fit its table', async () => {
    await (await furnished()).close();
    execute(
      join(dataDir, 'apex.db'),
      `PRAGMA writable_schema = ON;
       UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'held_by_recipient')
         WHERE name = 'access_by_actor'`,
    );
    await expect(async () => verifyDataDir(dataDir)).rejects.toMatchObject({ code: 'store.corrupt' });
  });
});

/** Writes over a page that belongs to a table. */
function damage(path: string): void {
  const octets = readFileSync(path);
  octets.fill(0xff, 4096, 5 * 4096);
  writeFileSync(path, octets);
}

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path, { defensive: false } as object);
  database.exec(sql);
  database.close();
}
