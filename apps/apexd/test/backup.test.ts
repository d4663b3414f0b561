import {
  existsSync,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ApexClient, connect } from '@apex/client/tcp';
import { openSqliteStore, type StoreWrite } from '@apex/server';
import { describe, expect, it } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const FRED = 'fred@example.com';
const infoOf = (update: number): string => `http://example.com/${update}`;

async function furnished(): Promise<Home> {
  const home = new Home({ log: { level: 'error' } });
  expect(await home.run('endpoint import', `${FRED},pw\n`)).toMatchObject({ code: 0 });
  return home;
}

/** So many octets and more, so that a backup takes its time. */
async function fill(home: Home, octets: number): Promise<void> {
  const store = await openSqliteStore({ dataDir: home.dataDir });
  const tuplesXml = `<tuple destination='apex:x@example.com' availableUntil='2525-12-31T23:59:59Z'><capability baseline='a:b'>${'x'.repeat(8000)}</capability></tuple>`;
  const writes = Array.from({ length: Math.ceil(octets / 8000) }, (_, index): StoreWrite[] => {
    const endpoint = `e${index}@example.com`;
    return [
      { kind: 'put-endpoint', endpoint, createdAt: 1 },
      {
        kind: 'put-presence',
        presence: { endpoint, lastUpdate: 1, revision: 1, publisherInfo: '', tuplesXml },
      },
    ];
  });
  await store.commit(writes.flat());
  await store.close();
}

function attach({ port }: Serving): Promise<ApexClient> {
  return connect({
    host: '127.0.0.1',
    port,
    endpoint: FRED,
    credentials: { password: 'pw' },
    requireTls: false,
    reconnect: false,
  });
}

async function publish(fred: ApexClient, update: number): Promise<void> {
  const tuple = { destination: 'apex:fred@example.com', availableUntil: '2525-12-31T23:59:59Z' };
  await fred.presence.publish({ publisherInfo: infoOf(update), tuples: [tuple] });
}

async function updateOf(home: Home): Promise<number> {
  const { stdout } = await home.run(`presence show ${FRED} --json`);
  return Number((JSON.parse(stdout) as { publisherInfo: string }).publisherInfo.split('/').at(-1));
}

/** Resolves when a file appears in the folder whose name fits. */
function appeared(folder: string, name: RegExp): Promise<string> {
  let watcher: FSWatcher;
  return new Promise<string>((resolve) => {
    watcher = watch(folder, (_, file) => {
      if (file !== null && name.test(file)) resolve(file);
    });
  }).finally(() => watcher.close());
}

describe('apexd backup and restore', () => {
  it('[P10] while fred publishes, have every update that was acknowledged before the backup began', async () => {
    const home = await furnished();
    await fill(home, 8 << 20);
    const server = await home.serve();
    const fred = await attach(server);
    let acknowledged = 0;
    let isDone = false;
    const publishing = (async () => {
      for (let update = 1; !isDone; update += 1) {
        await publish(fred, update);
        acknowledged = update;
      }
    })();
    while (acknowledged < 50) await new Promise((resolve) => setImmediate(resolve));
    const before = acknowledged;
    const file = join(home.folder, 'backup.db');
    // The name is that of the command's folder, not of the server's.
    const outcome = await home.run('backup backup.db');
    isDone = true;
    await publishing;
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/backup\.db: [\d,]+ octets in \d+\.\d s\n$/);
    expect(outcome.stdout).toContain(statSync(file).size.toLocaleString('en'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(acknowledged).toBeGreaterThan(before);
    await fred.close();
    await server.stop();

    const other = new Home({ log: { level: 'error' } });
    const restored = await other.run(`restore ${file}`);
    expect(restored).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/: schema 4, .* endpoints, /),
    });
    const again = await other.serve();
    const update = await updateOf(other);
    expect(update).toBeGreaterThanOrEqual(before);
    expect(update).toBeLessThanOrEqual(acknowledged);
    // With his password.
    await using client = await attach(again);
    await publish(client, 1);
  });

  it('without a server do the same', async () => {
    const home = await furnished();
    const file = join(home.folder, 'backup.db');
    expect(await home.run(`backup ${file}`)).toMatchObject({ code: 0, stderr: '' });
    const other = new Home();
    expect(await other.run(`restore ${file}`)).toMatchObject({ code: 0 });
    expect((await other.run('endpoint list')).stdout).toBe(`${FRED}\n`);
    expect((await other.run('check --data')).stdout).toMatch(
      /: valid; domain example\.com, .*\n.*: intact; schema 4, [\d,]+ octets, 1 endpoints, 4 access entries, 0 operations in progress, 0 held messages\n$/,
    );
  });

  it('killed in the middle leave no half file under its name', async () => {
    const home = await furnished();
    await fill(home, 64 << 20);
    const server = await home.serve();
    const file = join(home.folder, 'backup.db');
    const begun = appeared(home.folder, /^backup\.db\.\w+\.part$/);
    const outcome = home.run(`backup ${file}`);
    const part = await begun;
    server.kill('SIGKILL');
    const { code, stdout, stderr } = await outcome;
    if (existsSync(file)) {
      // This machine had finished it before the signal came: then it is whole.
      expect(await new Home().run(`restore ${file}`)).toMatchObject({ code: 0 });
    } else {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/closed the connection without an answer; /);
      expect(existsSync(join(home.folder, part))).toBe(true);
    }
    // What it was a copy of is whole, and the next one is made.
    expect(await home.run('check --data')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(': intact; '),
    });
    expect(await home.run(`backup ${file} --force`)).toMatchObject({ code: 0 });
  });

  it('write over nothing: not a file unless told to, not the data folder, not data that is there', async () => {
    const home = await furnished();
    const server = await home.serve();
    const file = join(home.folder, 'backup.db');
    writeFileSync(file, 'mine');
    expect(await home.run(`backup ${file}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: .* is there already: .*--force\n$/),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await home.run(`backup ${file} --force`)).toMatchObject({ code: 0 });
    for (const name of ['apex.db', 'backup.db']) {
      const inside = await home.run(`backup ${join(home.dataDir, name)} --force`);
      expect(inside).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^apexd: .* is in the data folder itself: .*\n$/),
      });
    }
    expect(await home.run(`backup ${home.folder}/none/backup.db`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: .*ENOENT.*\n$/),
    });

    const running = await home.run(`restore ${file}`);
    expect(running).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: the data folder .* is in use by process \d+ .*\n$/),
    });
    expect(await home.run('check --data')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is in use by process/),
    });
    await server.stop();
    const present = await home.run(`restore ${file}`);
    expect(present).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: .*apex\.db is there already: .*\n$/),
    });
    expect((await home.run('endpoint list')).stdout).toBe(`${FRED}\n`);
  });

  it('refuse what is no backup, and leave no data behind', async () => {
    const home = new Home();
    const file = join(home.folder, 'backup.db');
    expect(await home.run(`restore ${file}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: cannot read .*\n$/),
    });
    writeFileSync(file, 'yabba dabba doo'.repeat(1000));
    expect(await home.run(`restore ${file}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: .*is not a database of this server.*\n$/),
    });
    expect(readdirSync(home.dataDir).filter((name) => name.startsWith('apex.db'))).toEqual([]);
    expect(await home.run(`backup ${join(home.folder, 'other.db')}`)).toMatchObject({ code: 0 });
    const empty = new Home({ dataDir: 'none' });
    expect((await empty.run('check --data')).stdout).toMatch(/none: no data yet\n$/);
    expect(existsSync(join(empty.folder, 'none'))).toBe(false);
    mkdirSync(join(empty.folder, 'none'));
    expect((await empty.run('check --data')).stdout).toMatch(/none: no data yet\n$/);
  });

  it('of which check --data tells that a database is damaged', async () => {
    const home = await furnished();
    await fill(home, 1 << 20);
    const path = join(home.dataDir, 'apex.db');
    const octets = readFileSync(path);
    octets.fill(0xff, octets.length / 2, octets.length / 2 + 3 * 4096);
    writeFileSync(path, octets);
    expect(await home.run('check --data')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: .*apex\.db is damaged .*: restore a backup\n$/),
    });
  });
});
