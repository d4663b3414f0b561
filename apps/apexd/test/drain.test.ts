import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { ApexClient, ClientEvent } from '@apex/client';
import { type ConnectOptions, connect } from '@apex/client/tcp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const publishers = ['p0', 'p1', 'p2', 'p3'].map((name) => `${name}@example.com`);
const configuration = {
  access: { defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe' }] },
};
const LONG_SECONDS = 600;

async function start(home: Home, workers: readonly string[]): Promise<Serving> {
  return home.serve(['serve', '--config', home.config, ...workers]);
}

async function provisioned(changes: Readonly<Record<string, unknown>>): Promise<Home> {
  const home = new Home({ ...configuration, ...changes });
  await home.run(
    'endpoint import',
    [...publishers, 'wilma@example.com'].map((name) => `${name},pw\n`).join(''),
  );
  return home;
}

function attach(port: number, endpoint: string, more: Partial<ConnectOptions> = {}): Promise<ApexClient> {
  const credentials = { password: 'pw' };
  return connect({
    host: '127.0.0.1',
    port,
    endpoint,
    credentials,
    requireTls: false,
    reconnect: false,
    ...more,
  });
}

/** A client that comes back, with what it was told. */
async function lasting(port: number, endpoint: string) {
  const events: ClientEvent[] = [];
  const client = await attach(port, endpoint, {
    reconnect: { baseMs: 20, capMs: 200 },
    onEvent: (event) => void events.push(event),
  });
  onTestFinished(async () => void (await client.close()));
  return { client, events };
}

async function publish(client: ApexClient, publisherInfo: string): Promise<void> {
  const tuple = { destination: `apex:${client.endpoint}`, availableUntil: '2525-12-31T23:59:59Z' };
  await client.presence.publish({ publisherInfo, tuples: [tuple] });
}

/** Publishes one update after the other, each until it is acknowledged; resolves with the last one once it is told to stop. */
async function publishing(
  client: ApexClient,
  acknowledged: { count: number },
  stop: AbortSignal,
): Promise<string> {
  for (let update = 1; ; ) {
    const publisherInfo = `http://example.com/${update}`;
    try {
      await publish(client, publisherInfo);
    } catch (error) {
      // Whether it was carried out is not known: the same once more.
      expect((error as { code: string }).code).toMatch(/^client\.(lost|disconnected)$/);
      continue;
    }
    acknowledged.count += 1;
    if (stop.aborted) return publisherInfo;
    update += 1;
  }
}

/** Resolves once nobody listens there. */
async function closed(port: number): Promise<void> {
  for (;;) {
    const socket = connectSocket({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect');
    } catch {
      return;
    } finally {
      socket.destroy();
    }
  }
}

describe.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
])('a server %s', (_, workers) => {
  it('[P10] restarts under publishers and subscribers: all come back, and no acknowledged update is lost', async () => {
    const home = await provisioned({ drain: { graceSeconds: 1 } });
    const server = await start(home, workers);
    const { port } = server;
    const stop = new AbortController();
    const acknowledged = { count: 0 };
    const clients = await Promise.all(publishers.map((endpoint) => lasting(port, endpoint)));
    const last = clients.map(({ client }) => publishing(client, acknowledged, stop.signal));
    const subscribers = await Promise.all(
      publishers.map(async (publisher, index) => {
        const { client, events } = await lasting(port, `wilma/${index}@example.com`);
        return {
          events,
          subscription: await client.presence.subscribe(publisher, { durationSeconds: 3600 }),
        };
      }),
    );
    const { code, signal, stderr } = await server.stop();
    expect([code, signal]).toEqual([0, null]);
    expect(stderr).toMatch(/"event":"drained","attached":8,"terminated":8,"unanswered":0,"atOnce":false/);
    const before = acknowledged.count;
    home.configure({ ...configuration, edge: { port } });
    await start(home, workers);
    await expect.poll(() => acknowledged.count, { timeout: 30_000 }).toBeGreaterThan(before + 20);
    stop.abort();
    for (const [index, info] of (await Promise.all(last)).entries()) {
      const { subscription } = subscribers[index]!;
      while (subscription.current.publisherInfo !== info) {
        await subscription.changedFrom(subscription.current.lastUpdate);
        expect(subscription.isOver).toBe(false);
      }
    }
    for (const { events } of [...clients, ...subscribers]) {
      const kinds = () => events.map(({ kind }) => kind).filter((kind) => kind !== 'retrying');
      await expect.poll(kinds, { timeout: 30_000 }).toEqual(['interrupted', 'resumed']);
      expect(events[0]).toMatchObject({ error: { message: expect.stringContaining('421') } });
    }
  });

  it('leaves those who are attached their time, in which nobody else comes in, and a second signal ends it', async () => {
    const home = await provisioned({ drain: { graceSeconds: LONG_SECONDS } });
    const server = await start(home, workers);
    const client = await attach(server.port, publishers[0]!);
    server.kill('SIGTERM');
    expect(await server.logged('draining')).toMatchObject({ attached: 1, graceMs: LONG_SECONDS * 1000 });
    await closed(server.port);
    await publish(client, 'http://example.com/late');
    server.kill('SIGTERM');
    expect(await server.outcome).toMatchObject({ code: 0, signal: null });
    expect(await client.ended).toMatchObject({ kind: 'lost' });
    expect(await server.logged('drained')).toMatchObject({ atOnce: true, terminated: 0 });
    expect((await home.run(`presence show ${publishers[0]}`)).stdout).toContain('http://example.com/late');
  });

  it('tells a client that does not come back by itself why: 421', async () => {
    const home = await provisioned({});
    const server = await start(home, workers);
    const client = await attach(server.port, publishers[0]!);
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(await client.ended).toEqual({ kind: 'detached', replyCode: 421, text: 'the server stops' });
  });
});
