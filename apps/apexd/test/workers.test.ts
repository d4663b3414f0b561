import { readdirSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import type { ApexClient, ClientEnd, Subscription } from '@apex/client';
import { connect } from '@apex/client/tcp';
import { describe, expect, it } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const configuration = {
  access: { defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe' }] },
  log: { level: 'debug' },
};
const fred = 'fred@example.com';

/** A server with two workers, fred and wilma; the processes of its workers. */
async function start(changes: Readonly<Record<string, unknown>> = {}) {
  const home = new Home({ ...configuration, ...changes });
  await home.run('endpoint import', `${fred},yabba\nwilma@example.com,yabba\n`);
  const server = await serveWith(home);
  return { home, server, workers: workersOf(server) };
}

function serveWith(home: Home): Promise<Serving> {
  return home.serve(['serve', '--config', home.config, '--workers', '2']);
}

function workersOf(server: Serving): number[] {
  const started = server.log().filter(({ event }) => event === 'edge.started');
  return started.map(({ pid }) => pid as number);
}

function attach({ port }: Serving, endpoint: string): Promise<ApexClient> {
  const credentials = { password: 'yabba' };
  return connect({ host: '127.0.0.1', port, endpoint, credentials, requireTls: false, reconnect: false });
}

async function publish(server: Serving, publisherInfo: string): Promise<void> {
  await using client = await attach(server, 'fred/desk@example.com');
  const tuple = { destination: 'apex:fred@example.com', availableUntil: '2525-12-31T23:59:59Z' };
  await client.presence.publish({ publisherInfo, tuples: [tuple] }, { publisher: fred });
}

interface Subscriber {
  readonly client: ApexClient;
  readonly subscription: Subscription;
}

/** Applications of wilma, whose connections the workers take in turn. */
async function subscribers(server: Serving, count: number): Promise<Subscriber[]> {
  const all: Subscriber[] = [];
  for (let index = 0; index < count; index += 1) {
    const client = await attach(server, `wilma/${index}@example.com`);
    const subscription = await client.presence.subscribe(fred, { durationSeconds: 3600 });
    all.push({ client, subscription });
  }
  return all;
}

/** Resolves with `seen` once the entry has this publisherInfo, or with how the session ended. */
async function sees(
  { client, subscription }: Subscriber,
  publisherInfo: string,
): Promise<'seen' | ClientEnd['kind']> {
  let end: ClientEnd | undefined;
  const ended = client.ended.then((how) => {
    end = how;
  });
  while (subscription.current.publisherInfo !== publisherInfo) {
    await Promise.race([subscription.changedFrom(subscription.current.lastUpdate), ended]);
    if (end !== undefined) return end.kind;
  }
  return 'seen';
}

const xml = (text: string): string => `Content-Type: application/beep+xml\r\n\r\n${text}`;

/** A session that says one thing that is not well formed, and ends. */
async function malformed(port: number): Promise<void> {
  const [greeting, payload] = [xml('<greeting />\r\n'), xml('<start')];
  const socket = connectSocket({ host: '127.0.0.1', port });
  socket.write(`RPY 0 0 . 0 ${greeting.length}\r\n${greeting}END\r\n`);
  socket.write(`MSG 0 1 . ${greeting.length} ${payload.length}\r\n${payload}END\r\n`);
  let answer = '';
  for await (const text of socket.setEncoding('utf8')) {
    answer += text as string;
    if (answer.includes("<error code='500'")) break; // which also ends the connection
  }
}

describe('serve --workers', () => {
  it('says that it serves once, when all workers listen; a publish reaches sessions of all of them', async () => {
    const { server, workers } = await start();
    expect(new Set(workers).size).toBe(2);
    expect(server.log().filter(({ event }) => event === 'serving')).toEqual([
      expect.objectContaining({ domain: 'example.com', port: server.port }),
    ]);
    const all = await subscribers(server, 4);
    await publish(server, 'http://example.com/new');
    for (const one of all) expect(await sees(one, 'http://example.com/new')).toBe('seen');
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('[3340 §4.4.1 step 5] [3342 §1] attaches an endpoint once, whichever workers have the sessions', async () => {
    const { server } = await start();
    const first = await attach(server, fred);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(attach(server, fred)).rejects.toMatchObject({ replyCode: 554 });
    }
    for (let last = first, time = 0; time < 2; time += 1) {
      const next = await connect({
        host: '127.0.0.1',
        port: server.port,
        endpoint: fred,
        credentials: { password: 'yabba' },
        requireTls: false,
        attachOverride: true,
      });
      expect(await last.ended).toEqual({ kind: 'replaced' });
      last = next;
    }
  });

  it('outlives a worker that is killed: its sessions end, the others go on, and another takes its place', async () => {
    const { server, workers } = await start();
    const all = await subscribers(server, 6);
    process.kill(workers[0]!, 'SIGKILL');
    expect(await server.logged('edge.ended')).toMatchObject({ pid: workers[0], signal: 'SIGKILL' });
    await server.logged('edge.restarted');
    expect(new Set(workersOf(server)).size).toBe(3);
    await publish(server, 'http://example.com/later');
    const outcomes = await Promise.all(all.map((one) => sees(one, 'http://example.com/later')));
    expect(new Set(outcomes)).toEqual(new Set(['seen', 'lost']));
    // What was attached through it is attached no longer, and the operations go on (P9).
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome !== 'lost') continue;
      const client = await attach(server, `wilma/${index}@example.com`);
      const subscription = await client.presence.subscribe(fred, { durationSeconds: 3600 });
      expect(await sees({ client, subscription }, 'http://example.com/later')).toBe('seen');
    }
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('serves again on the same port when all workers were killed', async () => {
    const { server, workers } = await start();
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await expect
      .poll(() => server.log().filter(({ event }) => event === 'edge.restarted').length, { timeout: 60_000 })
      .toBe(2);
    await publish(server, 'http://example.com/later');
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('leaves no worker behind when it is killed itself, and has all data at the next start', async () => {
    const { home, server } = await start();
    const [one] = await subscribers(server, 1);
    await publish(server, 'http://example.com/kept');
    server.kill('SIGKILL');
    // Workers have its standard error: it is closed when the last of them is gone.
    expect(await server.outcome).toMatchObject({ signal: 'SIGKILL' });
    expect(await one!.client.ended).toMatchObject({ kind: 'lost' });
    home.configure({ ...configuration, edge: { port: server.port } });
    const next = await serveWith(home);
    expect(next.port).toBe(server.port);
    const client = await attach(next, 'wilma@example.com');
    expect(await client.presence.fetch(fred)).toMatchObject({ publisherInfo: 'http://example.com/kept' });
  });

  it('[3080 §2.4] releases the sessions of all workers on SIGTERM, and leaves signals to the one that was started', async () => {
    const { home, server, workers } = await start();
    const all = await subscribers(server, 2);
    // As a terminal sends them to the whole group.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      for (const pid of workers) process.kill(pid, signal);
    }
    await publish(server, 'http://example.com/still');
    for (const one of all) expect(await sees(one, 'http://example.com/still')).toBe('seen');
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    for (const { client } of all) await client.ended;
    expect(server.log().map(({ event }) => event)).not.toContain('edge.ended');
    expect(readdirSync(home.dataDir).sort()).toEqual(['apex.db', 'apex.lock']);
  });

  it('says in one line that its port is taken, with exit code 1, and leaves nothing behind', async () => {
    const { server } = await start();
    const other = new Home({ edge: { port: server.port } });
    const { outcome } = other.spawn(['serve', '--config', other.config, '--workers', '2'], '');
    expect(await outcome).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^apexd: 127\\.0\\.0\\.1:${server.port} is in use: [^\\n]*\\n$`),
      ),
    });
    other.configure({});
    expect(await (await serveWith(other)).stop()).toMatchObject({ code: 0 });
  });

  it('[B7] logs what workers have to say, at the level that SIGHUP brought', async () => {
    const { home, server } = await start();
    await malformed(server.port);
    expect(await server.logged('message.refused')).toMatchObject({
      level: 30,
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    home.configure({ ...configuration, log: { level: 'warn' }, limits: { connections: 7 } });
    server.kill('SIGHUP');
    await server.logged('reload.restart');
    await malformed(server.port);
    await server.stop();
    expect(server.log().filter(({ event }) => event === 'message.refused')).toHaveLength(1);
  });
});
