import { type ApexServer, createServer, MemoryStore, type ServerOptions } from '@apex/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ConnectWebSocketOptions, connectWebSocket, textOf } from '../src/websocket.ts';
import { BARNEY, FRED, WILMA } from './house.ts';

const host = '127.0.0.1';
const password = 'yabba dabba doo';

async function start(
  options: Partial<ServerOptions> = {},
  endpoints: readonly string[] = [FRED, WILMA, BARNEY],
): Promise<{ server: ApexServer; url: string }> {
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host, port: 0 },
    http: { host, port: 0 },
    requireTls: false,
    iterations: 4096,
    accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
    ...options,
  });
  onTestFinished(() => server.close());
  for (const endpoint of endpoints) await server.administration.addEndpoint(endpoint, password);
  return { server, url: `ws://${host}:${server.httpAddress?.port}/beep` };
}

function attach(url: string, endpoint: string, options: Partial<ConnectWebSocketOptions> = {}) {
  return connectWebSocket({ url, endpoint, credentials: { password }, requireTls: false, ...options });
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a client over WebSocket', () => {
  it('[3343 §4.4] subscribes, publishes and sends as over TCP', async () => {
    const { url } = await start();
    await using fred = await attach(url, FRED);
    await using wilma = await attach(url, WILMA);
    const subscription = await wilma.presence.subscribe(FRED, { durationSeconds: 60 });
    const before = subscription.current.lastUpdate;
    const tuples = [{ destination: 'mailto:fred@example.com', availableUntil: '2525-01-01T00:00:00Z' }];
    await fred.presence.publish({ tuples });
    await subscription.changedFrom(before);
    expect(subscription.current.tuples).toMatchObject(tuples);
    const text = 'yabba'.repeat(20_000);
    await wilma.send(FRED, { text });
    for await (const received of fred.incoming) {
      expect([received.originator, textOf(received)]).toEqual([WILMA, text]);
      break;
    }
  });

  it('[B12] sends no password over ws unless it is told to', async () => {
    const { url } = await start();
    expect(await failure(attach(url, FRED, { requireTls: true }))).toMatchObject({
      code: 'client.usage',
      message: 'authenticate as fred@example.com: SCRAM-SHA-256 requires a secured session',
    });
    const { url: plain } = await start({ mechanisms: ['PLAIN'] });
    expect(await failure(attach(plain, FRED, { requireTls: true }))).toMatchObject({
      code: 'client.usage',
      message: 'authenticate as fred@example.com: PLAIN requires a secured session',
    });
  });

  it('is told when the server takes protected sessions only', async () => {
    const { url } = await start({ requireTls: true });
    expect(await failure(attach(url, FRED))).toMatchObject({
      code: 'client.usage',
      message: expect.stringMatching(/^secure .*: the server takes protected sessions only; ask for TLS$/),
    });
  });

  it('is an error of the caller at what is no address of WebSocket', async () => {
    for (const url of ['http://127.0.0.1/beep', '127.0.0.1:9180', '', 'ws://']) {
      expect(await failure(attach(url, FRED))).toMatchObject({ code: 'client.usage' });
    }
  });

  it('says where there is no WebSocket, or nothing at all', async () => {
    const { server, url } = await start();
    const elsewhere = url.replace('/beep', '/');
    expect(await failure(attach(elsewhere, FRED))).toMatchObject({
      code: 'client.lost',
      message: expect.stringContaining(`no connection to ${elsewhere}: `),
    });
    await server.close();
    expect(await failure(attach(url, FRED))).toMatchObject({ code: 'client.lost' });
  });

  it('gives up when it is aborted, with the reason, and closes when that comes later', async () => {
    const { url } = await start();
    const reason = new Error('changed my mind');
    expect(await failure(attach(url, FRED, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const abort = new AbortController();
    const attaching = failure(attach(url, FRED, { signal: abort.signal }));
    abort.abort(reason);
    expect(await attaching).toBe(reason);
    const later = new AbortController();
    const client = await attach(url, FRED, { signal: later.signal });
    later.abort();
    expect(await client.ended).toEqual({ kind: 'closed' });
  });

  it('ends with the loss of the session when the server is gone, if it is not to reconnect', async () => {
    const { server, url } = await start();
    const client = await attach(url, FRED, { reconnect: false });
    await server.close();
    expect(await client.ended).toMatchObject({ kind: 'lost' });
  });

  it('comes back by itself, and its subscription with it', async () => {
    const store = new MemoryStore();
    const { server, url } = await start({ store });
    const events: string[] = [];
    await using wilma = await attach(url, WILMA, {
      reconnect: { baseMs: 20, capMs: 100 },
      onEvent: ({ kind }) => events.push(kind),
    });
    const subscription = await wilma.presence.subscribe(FRED, { durationSeconds: 60 });
    const before = subscription.current.lastUpdate;
    const port = Number(new URL(url).port);
    await server.close();
    await start({ store, http: { host, port } }, []);
    await using fred = await attach(url, FRED);
    const tuples = [{ destination: 'mailto:fred@example.com', availableUntil: '2525-01-01T00:00:00Z' }];
    await fred.presence.publish({ tuples });
    await subscription.changedFrom(before);
    expect(subscription.current.tuples).toMatchObject(tuples);
    await expect.poll(() => [events[0], events.at(-1)]).toEqual(['interrupted', 'resumed']);
    expect(wilma.state).toBe('attached');
  });
});
