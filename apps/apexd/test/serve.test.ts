import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { drive } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { connect } from '@apex/client/tcp';
import { describe, expect, it } from 'vitest';
import { Home } from './server-app.ts';

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function refusal(line: RegExp): object {
  return { code: 1, signal: null, stdout: '', stderr: expect.stringMatching(line) };
}

/** A connection that has the server's greeting. */
async function greeted(port: number): Promise<Socket> {
  const socket = connectSocket({ host: '127.0.0.1', port });
  socket.on('error', () => {}); // the abort
  await once(socket, 'data');
  return socket;
}

/** However it comes. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const greeting = 'RPY 0 0 . 0 52\r\nContent-Type: application/beep+xml\r\n\r\n<greeting />\r\nEND\r\n';

describe('serve', () => {
  it('[B12] refuses to serve without TLS until the configuration says that the network is trusted', async () => {
    const home = new Home({ auth: {} });
    expect(await home.run('serve')).toEqual(refusal(/^apexd: auth\.requireTls is true .* to false .*\n$/));
    expect(readdirSync(home.folder)).toEqual(['apexd.yaml']);
  });

  it('has a data folder to itself, and says who has it', async () => {
    const home = new Home();
    const server = await home.serve();
    expect(await home.run('serve')).toEqual(
      refusal(/^apexd: the data folder \S+ is in use by process \d+ \(since .*\): stop that server.*\n$/),
    );
    expect(await home.run('endpoint list')).toMatchObject({ code: 0 });
    expect(await server.stop()).toMatchObject({ code: 0, stderr: expect.not.stringContaining('warn') });
  });

  it('says in one line that its port is taken, and leaves nothing behind', async () => {
    const server = await new Home().serve();
    const other = new Home({ edge: { port: server.port } });
    const inUse = new RegExp(`^apexd: 127\\.0\\.0\\.1:${server.port} is in use: .*\\n$`);
    expect(await other.run('serve')).toEqual(refusal(inUse));
    other.configure({});
    expect(await (await other.serve()).stop()).toMatchObject({ code: 0 });
  });

  it('keeps its data folder and all in it from other people', async () => {
    const home = new Home();
    await home.serve();
    expect(modeOf(home.dataDir)).toBe(0o700);
    expect(readdirSync(home.dataDir)).toEqual(expect.arrayContaining(['admin.sock', 'apex.db']));
    for (const name of readdirSync(home.dataDir))
      expect([name, modeOf(join(home.dataDir, name))]).toEqual([name, 0o600]);
  });

  it('keeps the admin socket from other people also in a folder that is open to them', async () => {
    const home = new Home();
    mkdirSync(home.dataDir, { mode: 0o755 });
    await home.serve();
    expect(modeOf(join(home.dataDir, 'admin.sock'))).toBe(0o600);
  });

  it('takes no data of a newer version, and leaves it as it is', async () => {
    const home = new Home();
    await home.run('endpoint add fred@example.com', 'yabba\n');
    const database = new DatabaseSync(join(home.dataDir, 'apex.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = home.octets();
    const newer =
      /^apexd: \S+apex\.db was written by a newer version .*schema 99.*: run that version, or .*\n$/;
    expect(await home.run('serve')).toEqual(refusal(newer));
    expect(await home.run('endpoint list')).toEqual(refusal(newer));
    expect(home.octets()).toEqual(before);
  });

  it('without a configuration is a demo, whose passwords let in', async () => {
    const home = new Home();
    const server = await home.serve(['serve', '--data', 'demo', '--port', '0']);
    const demo = join(home.folder, 'demo');
    expect(modeOf(join(demo, 'demo-passwords.json'))).toBe(0o600);
    server.kill('SIGINT');
    const { code, stdout } = await server.outcome;
    expect(code).toBe(0);
    const password = /fred@example\.com +password (\S+)/.exec(stdout)?.[1] ?? '';
    const again = await home.serve(['serve', '--data', 'demo', '--port', '0']);
    const fred = await connect({
      host: '127.0.0.1',
      port: again.port,
      endpoint: 'fred@example.com',
      credentials: { password },
      requireTls: false,
    });
    await fred.close();
    // The terminal that it runs in is gone.
    again.kill('SIGHUP');
    expect((await again.outcome).code).toBe(0);
  });
});

describe('a server that serves', () => {
  it('[3080 §2.4] releases its sessions on SIGTERM, and ends with 0', async () => {
    const home = new Home();
    const server = await home.serve();
    const transport = await connectTcp({ host: '127.0.0.1', port: server.port });
    const peer = drive(transport, { role: 'initiator', profiles: [] });
    await peer.greeting;
    // One that does not even greet is not waited for.
    const closed = closeOf(await greeted(server.port));
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    expect(await peer.ended).toEqual({ kind: 'released' });
    await closed;
    expect(readdirSync(home.dataDir).sort()).toEqual(['apex.db', 'apex.lock']);
  });

  it('[B1] writes exactly one line of log about a malformed frame', async () => {
    const home = new Home({ log: { level: 'info' } });
    const server = await home.serve();
    const socket = await greeted(server.port);
    const closed = closeOf(socket);
    socket.write(`${greeting}MSG 0 1 . 52 -1\r\nEND\r\n${'x'.repeat(10_000)}`);
    await closed;
    const { stderr } = await server.stop();
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'serving', port: server.port }),
      expect.objectContaining({
        level: 40,
        event: 'session.ended',
        code: 'frame.parameter',
        header: 'MSG 0 1 . 52 -1',
        remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      }),
      expect.objectContaining({ event: 'draining' }),
      expect.objectContaining({ event: 'drained' }),
    ]);
  });

  it('takes a new log level on SIGHUP, says what waits for a restart, and goes on with what it had when the file is wrong', async () => {
    const home = new Home({ log: { level: 'warn' } });
    const server = await home.serve();
    home.configure({ log: { level: 'info' }, limits: { connections: 7 } });
    server.kill('SIGHUP');
    expect(await server.logged('reload.restart')).toMatchObject({ level: 40, keys: ['limits'] });
    expect(await home.run('endpoint add fred@example.com', 'yabba\n')).toMatchObject({ code: 0 });
    home.configure({ nonsense: 1 });
    server.kill('SIGHUP');
    expect(await server.logged('reload.failed')).toMatchObject({
      level: 50,
      error: expect.stringMatching(/apexd\.yaml:1: nonsense: unknown key/),
    });
    home.configure({});
    expect((await home.run('endpoint list')).stdout).toBe('fred@example.com\n');
    expect((await server.stop()).code).toBe(0);
    expect(server.log().map(({ event }) => event)).toEqual([
      'reloaded',
      'reload.restart',
      'admin',
      'reload.failed',
      'admin',
      'draining',
      'drained',
    ]);
  });
});
