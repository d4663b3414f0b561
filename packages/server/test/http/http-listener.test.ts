import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import { authenticate, drive, type Peer, plainClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { tlsClient } from '@apex/beep/tls';
import { openWebSocket, WebSocketTransport } from '@apex/beep/websocket';
import { Authority, type Credentials } from '@apex/vitest/certificates';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { type ApexServer, createServer, type ServerOptions } from '../../src/create-server.ts';
import { listenHttp } from '../../src/http/http-listener.ts';
import type { Route } from '../../src/http/router.ts';
import { listen } from '../../src/listener.ts';
import type { ServerEvent } from '../../src/server-event.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { codeOf } from '../code-of.ts';
import { MemoryPipe } from '../edge/pipes.ts';
import { Application, Stage, startEdge } from '../edge/stage.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const host = '127.0.0.1';

interface Serving {
  readonly server: ApexServer;
  readonly store: MemoryStore;
  readonly events: ServerEvent[];
  /** `127.0.0.1:PORT` of HTTP. */
  readonly authority: string;
}

async function start(options: Partial<ServerOptions> = {}): Promise<Serving> {
  const events: ServerEvent[] = [];
  const store = new MemoryStore();
  const server = await createServer({
    domain: 'example.com',
    store,
    listen: { host, port: 0 },
    http: { host, port: 0 },
    requireTls: false,
    iterations: 4096,
    accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => server.close());
  for (const endpoint of [fred, wilma]) await server.administration.addEndpoint(endpoint, 'yabba');
  return { server, store, events, authority: `${host}:${server.httpAddress?.port}` };
}

/** A session with the WebSocket of the platform. */
async function connect({ authority }: Serving): Promise<Peer> {
  return driven(await openWebSocket({ url: `ws://${authority}/beep` }));
}

function driven(transport: Parameters<typeof drive>[0]): Peer {
  const peer = drive(transport, { role: 'initiator', profiles: [] });
  onTestFinished(() => peer.abort(new Error('the test is over')));
  return peer;
}

async function attach(peer: Peer, endpoint: string): Promise<Application> {
  const requireSecured = false;
  await authenticate(peer, plainClient({ authentication: endpoint, password: 'yabba', requireSecured }));
  const application = await Application.open(peer, endpoint);
  expect(await application.attach()).toBeUndefined();
  return application;
}

/** What a program that is no browser may send, and how it ends: `open`, or the status. */
async function knock(url: string, options: NodeWebSocket.ClientOptions = {}): Promise<string | number> {
  const socket = new NodeWebSocket(url, options);
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve('open'));
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
}

/** Sends octets and gives what comes back until the connection ends. */
async function exchange({ authority }: Serving, octets: string): Promise<string> {
  const socket = connectSocket({ host, port: Number(authority.split(':')[1]) });
  onTestFinished(() => void socket.destroy());
  socket.write(octets);
  let received = '';
  for await (const text of socket.setEncoding('utf8')) received += text as string;
  return received;
}

const handshake = (path: string, fields: readonly string[] = []): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: example.com',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...fields,
    '\r\n',
  ].join('\r\n');

describe('over WebSocket', () => {
  it('an endpoint attaches, subscribes, and sees what another one publishes over TCP', async () => {
    const serving = await start();
    const subscriber = await attach(await connect(serving), wilma);
    await subscriber.subscribe();
    const publisher = await attach(driven(await connectTcp(serving.server.address)), fred);
    const before = subscriber.received.length;
    const { lastUpdate } = (subscriber.received as { presence?: { lastUpdate: string } }[]).find(
      ({ presence }) => presence !== undefined,
    )!.presence!;
    expect(await publisher.publish(lastUpdate, 'http://example.com/new')).toBe(250);
    await expect.poll(() => subscriber.received.length).toBeGreaterThan(before);
    expect(serving.server.sessions).toBe(2);
    await subscriber.release();
    await expect.poll(() => serving.server.sessions).toBe(1);
  });

  it('[3080 §2.4] the session beyond the limit of connections is declined like any other', async () => {
    const serving = await start({ sessionLimits: { connections: 1 } });
    await (await connect(serving)).greeting;
    expect(await codeOf((await connect(serving)).greeting)).toBe(421);
    expect(serving.events[0]).toMatchObject({
      name: 'session.refused',
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
  });

  it('a message that is larger than any frame may be ends the connection', async () => {
    const serving = await start({ sessionLimits: { receiveWindowOctets: 4096 } });
    const socket = new NodeWebSocket(`ws://${serving.authority}/beep`, 'beep');
    await once(socket, 'open');
    socket.send(new Uint8Array(80_000));
    expect((await once(socket, 'close'))[0]).toBe(1009);
    await expect.poll(() => serving.server.sessions).toBe(0);
  });

  it('a text message ends the connection', async () => {
    const serving = await start();
    const socket = new NodeWebSocket(`ws://${serving.authority}/beep`);
    await once(socket, 'open');
    socket.send('RPY 0 0 . 0 0\r\nEND\r\n');
    expect((await once(socket, 'close'))[0]).toBe(1003);
    await expect.poll(() => serving.server.sessions).toBe(0);
  });

  it('messages are never compressed, whoever offers that', async () => {
    const { authority } = await start();
    const socket = new NodeWebSocket(`ws://${authority}/beep`, 'beep', { perMessageDeflate: true });
    await once(socket, 'open');
    expect([socket.extensions, socket.protocol]).toEqual(['', 'beep']);
    socket.terminate();
  });

  it('[3080 §2.4] sessions are released when the server stops, and until then it says that it does', async () => {
    const serving = await start();
    const peer = await connect(serving);
    await peer.greeting;
    // One that hears nothing agrees to nothing.
    const deaf = await openWebSocket({ url: `ws://${serving.authority}/beep` });
    await attach(driven(deaf), wilma);
    deaf.pause();
    const closing = serving.server.close();
    expect(await peer.ended).toEqual({ kind: 'released' });
    const ready = await fetch(`http://${serving.authority}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'draining\n']);
    expect(await knock(`ws://${serving.authority}/beep`)).toBe(503);
    deaf.abort();
    await closing;
    await expect(fetch(`http://${serving.authority}/readyz`)).rejects.toThrow();
  });
});

describe('the door', () => {
  it('is open to programs, and to pages of this server; not to those of others, which the log tells', async () => {
    const { authority, events } = await start();
    const url = `ws://${authority}/beep`;
    expect(await knock(url)).toBe('open');
    expect(await knock(url, { origin: `http://${authority}` })).toBe('open');
    for (const origin of ['http://evil.example', 'null', `https://${authority}`]) {
      expect(await knock(url, { origin })).toBe(403);
    }
    expect(events.map(({ level, name, origin }) => [level, name, origin])).toEqual([
      ['info', 'http.origin', 'http://evil.example'],
      ['info', 'http.origin', 'null'],
      ['info', 'http.origin', `https://${authority}`],
    ]);
  });

  it('does not fill the log, whatever comes', async () => {
    const events: ServerEvent[] = [];
    const listener = await listen({
      listen: { host, port: 0 },
      http: { host, port: 0 },
      domains: ['example.com'],
      profiles: [],
      limits: {},
      canServe: async () => true,
      figures: async () => [],
      onEvent: (event) => events.push(event),
      // All of it in one second.
      clock: new VirtualClock(),
    });
    onTestFinished(() => listener.close());
    const origin = `http://${'evil'.repeat(1000)}.example`;
    const url = `ws://${host}:${listener.httpAddress?.port}/beep`;
    for (let count = 0; count < 60; count += 1) expect(await knock(url, { origin })).toBe(403);
    expect(events).toHaveLength(50);
    expect(events[0]).toMatchObject({ name: 'http.origin', origin: origin.slice(0, 200) });
  });

  it('is open to pages of the origins that are listed, and to no others', async () => {
    const { authority } = await start({ http: { host, port: 0, origins: ['https://app.example.com'] } });
    expect(await knock(`ws://${authority}/beep`, { origin: 'https://app.example.com' })).toBe('open');
    expect(await knock(`ws://${authority}/beep`, { origin: `http://${authority}` })).toBe(403);
  });

  it('says in one line what else there is not', async () => {
    const serving = await start();
    const { authority } = serving;
    const get = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`http://${authority}${path}`, init);
      return [response.status, await response.text()];
    };
    expect(await get('/nothing')).toEqual([404, 'there is nothing here\n']);
    expect(await get('/beep')).toEqual([426, 'WebSocket only\n']);
    expect(await get('/healthz', { method: 'POST' })).toEqual([405, 'GET only\n']);
    expect(await knock(`ws://${authority}/nothing`)).toBe(404);
    expect(await exchange(serving, handshake('/healthz'))).toMatch(
      /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*\r\n\r\nWebSocket is at \/beep only\n$/,
    );
    // Without a version: no WebSocket handshake.
    const poor = 'GET /beep HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    expect(await exchange(serving, poor)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(serving, 'BEEP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(serving, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(serving.server.sessions).toBe(0);
  });

  it('answers who offers another upgrade as if they had not', async () => {
    const { authority } = await start();
    const fields = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ';
    const socket = connectSocket({ host, port: Number(authority.split(':')[1]) });
    socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n`);
    const [octets] = (await once(socket, 'data')) as [Buffer];
    expect(octets.toString()).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
  });
});

describe('a handshake that does not end', () => {
  it('is ended in its time, and nobody is let in', async () => {
    let accepted = 0;
    const listener = await listenHttp({
      host,
      port: 0,
      receiveWindowOctets: 4096,
      connections: 1,
      admit: () => () => {},
      accept: () => {
        accepted += 1;
      },
      canServe: () => Promise.resolve(true),
      figures: async () => [],
      onEvent: () => {},
      headersMs: 50,
    });
    onTestFinished(() => listener.close());
    for (const octets of ['', handshake('/beep').slice(0, -4)]) {
      const socket: Socket = connectSocket(listener.address);
      socket.on('error', () => {});
      socket.write(octets);
      socket.resume();
      await once(socket, 'close');
    }
    expect(accepted).toBe(0);
  });
});

describe('a connection', () => {
  it('has a place until it ends, whatever it asks for, and is ended where there is none', async () => {
    let taken = 0;
    const listener = await listenHttp({
      host,
      port: 0,
      receiveWindowOctets: 4096,
      connections: 10,
      admit(remoteAddress) {
        expect(remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
        if (taken === 1) return undefined;
        taken += 1;
        return () => {
          taken -= 1;
        };
      },
      accept: () => {},
      canServe: () => Promise.resolve(true),
      figures: async () => [],
      onEvent: () => {},
    });
    onTestFinished(() => listener.close());
    const open = async (): Promise<Socket> => {
      const socket = connectSocket(listener.address);
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'connect');
      return socket;
    };
    const first = await open();
    await expect.poll(() => taken).toBe(1);
    await once(await open(), 'close');
    first.destroy();
    await expect.poll(() => taken).toBe(0);
    const third = await open();
    await expect.poll(() => taken).toBe(1);
    third.destroy();
  });
});

describe('further routes', () => {
  const routes: readonly Route[] = ['/', '/healthz', '/beep', '/page'].map((path) => ({
    path,
    answer: (_, response) => void response.end(`route ${path}`),
  }));
  const expected = [
    ['/page', 'route /page'],
    ['/page/more', 'route /'],
    ['/healthz', 'ok\n'],
    ['/beep', 'WebSocket only\n'],
  ];
  const ask = async (port: number | undefined) => {
    const get = async (path: string) => (await fetch(`http://${host}:${port}${path}`)).text();
    return Promise.all(expected.map(async ([path = '']) => [path, await get(path)]));
  };

  it('are served beside those of the server, which stay its own', async () => {
    const { server } = await start({ http: { host, port: 0, routes } });
    expect(await ask(server.httpAddress?.port)).toEqual(expected);
  });

  it('are told who asks: whom the proxy names, if that is trusted', async () => {
    const naming: Route = {
      path: '/',
      answer: (_, response, { remoteAddress, secured }) => void response.end(`${remoteAddress} ${secured}`),
    };
    const headers = { 'X-Forwarded-For': '203.0.113.1, 198.51.100.7', 'X-Forwarded-Proto': 'https' };
    const asked = async (trustProxy: boolean) => {
      const { authority } = await start({ http: { host, port: 0, trustProxy, routes: [naming] } });
      return (await fetch(`http://${authority}/`, { headers })).text();
    };
    expect(await asked(false)).toMatch(/^127\.0\.0\.1:\d+ false$/);
    expect(await asked(true)).toBe('198.51.100.7:0 true');
  });

  it('are served by an edge that is given them', async () => {
    const stage = await Stage.start(0);
    const edge = await startEdge(stage.owner, new MemoryPipe(), { host, port: 0 }, { routes });
    expect(await ask(edge.httpPort)).toEqual(expected);
  });
});

describe('health', () => {
  it('is told at /healthz; readiness at /readyz, which asks the store', async () => {
    const { authority, store } = await start();
    const get = async (path: string) => (await fetch(`http://${authority}${path}`)).status;
    expect([await get('/healthz'), await get('/readyz')]).toEqual([200, 200]);
    await store.close();
    expect([await get('/healthz'), await get('/readyz')]).toEqual([200, 503]);
  });
});

describe('protected', () => {
  let authority: Authority;
  let credentials: Credentials;
  const localhost = [{ type: 'dns', value: 'localhost' }] as const;
  beforeAll(async () => {
    authority = await Authority.create();
    credentials = await authority.issue(localhost);
  });

  /** By its name, since certificates are for names. */
  async function secured({ authority: place }: Serving, ca = authority.ca): Promise<Peer> {
    const url = `wss://localhost:${place.split(':')[1]}/beep`;
    const socket = new NodeWebSocket(url, 'beep', { ca });
    const transport = new WebSocketTransport(socket, { remoteAddress: place, secured: true });
    await once(socket, 'open');
    return driven(transport);
  }

  it('[B12] by the certificate of the server: sessions are protected, and TLS is not on offer in them', async () => {
    const serving = await start({ requireTls: true, tls: credentials });
    const peer = await secured(serving);
    expect((await peer.greeting).profiles).toContain('http://iana.org/beep/APEX');
    expect((await peer.greeting).profiles).not.toContain('http://iana.org/beep/TLS');
    await attach(peer, fred);
    await expect(connect(serving)).rejects.toThrow();
    expect(await status(serving)).toBe(200);
  });

  it('[3080 §9 rule 2] by no weak protocol', async () => {
    const serving = await start({ tls: credentials });
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(status(serving, old)).rejects.toMatchObject({ code: 'EPROTO' });
  });

  it('by another certificate once that is reloaded; sessions that stand go on', async () => {
    const serving = await start({ tls: credentials });
    const before = await attach(await secured(serving), wilma);
    const other = await Authority.create();
    serving.server.reloadTls(await other.issue(localhost));
    await expect(secured(serving)).rejects.toThrow();
    await attach(await secured(serving, other.ca), fred);
    await before.subscribe();
    // TCP as well.
    const peer = driven(await connectTcp(serving.server.address));
    await peer.secure(tlsClient({ names: ['localhost'], ca: other.ca }), 'localhost');
  });

  it('by the certificate for the name that is asked for, and by the first one for others', async () => {
    const other = await authority.issue([{ type: 'dns', value: 'other.example.com' }]);
    const serving = await start({ tls: { ...credentials, more: [other] } });
    const servername = 'other.example.com';
    expect(await status(serving, { servername })).toBe(200);
    expect(await status(serving)).toBe(200);
    await expect(status(serving, { servername: 'nobody.example.com' })).rejects.toThrow();
    serving.server.reloadTls(credentials);
    await expect(status(serving, { servername })).rejects.toThrow();
  });

  it('by a proxy in front, if that is trusted and says so: HTTP is not protected itself then', async () => {
    const http = { host, port: 0, trustProxy: true, origins: ['https://example.com'] };
    const serving = await start({ requireTls: true, tls: credentials, http });
    const through = async (headers: Record<string, string>) => {
      const socket = new NodeWebSocket(`ws://${serving.authority}/beep`, 'beep', { headers });
      const transport = new WebSocketTransport(socket, { remoteAddress: '', secured: true });
      await once(socket, 'open');
      return driven(transport);
    };
    const peer = await through({ 'X-Forwarded-For': '10.0.0.1, 198.51.100.7', 'X-Forwarded-Proto': 'https' });
    await attach(peer, fred);
    // Nothing, since TLS cannot begin inside of a WebSocket either.
    expect((await (await through({ 'X-Forwarded-Proto': 'http' })).greeting).profiles).toEqual([]);
    const socket = new NodeWebSocket(`ws://${serving.authority}/beep`, {
      headers: { 'X-Forwarded-For': '10.0.0.1, 198.51.100.7' },
    });
    await once(socket, 'open');
    socket.send(new TextEncoder().encode('nonsense\r\n'));
    await once(socket, 'close');
    expect(serving.events.map(({ name, remote }) => [name, remote])).toEqual([
      ['auth.succeeded', '198.51.100.7:0'],
      ['session.ended', '198.51.100.7:0'],
    ]);
  });

  it('by a proxy that is trusted: peers count by the address that it tells', async () => {
    const http = { host, port: 0, trustProxy: true };
    const serving = await start({ http, sessionLimits: { connectionsPerAddress: 1 } });
    const from = async (address: string): Promise<Peer> => {
      const headers = { 'X-Forwarded-For': address };
      const socket = new NodeWebSocket(`ws://${serving.authority}/beep`, 'beep', { headers });
      const transport = new WebSocketTransport(socket, { remoteAddress: '', secured: false });
      await once(socket, 'open');
      return driven(transport);
    };
    const first = await from('198.51.100.7');
    await first.greeting;
    expect(await codeOf((await from('198.51.100.7')).greeting)).toBe(421);
    expect(serving.events).toEqual([
      expect.objectContaining({ name: 'session.refused', remote: '198.51.100.7:0' }),
    ]);
    await (await from('198.51.100.8')).greeting;
    await (await from('2001:db8::1')).greeting;
    expect(await codeOf((await from('2001:db8::2')).greeting)).toBe(421);
    await first.released();
    await expect.poll(() => serving.server.sessions).toBe(2);
    await (await from('198.51.100.7')).greeting;
  });

  /** Of /healthz. */
  function status({ authority: place }: Serving, options: object = {}): Promise<number | undefined> {
    const port = Number(place.split(':')[1]);
    return new Promise((resolve, reject) => {
      const asking = request({
        host: 'localhost',
        port,
        path: '/healthz',
        ca: authority.ca,
        agent: false,
        ...options,
      });
      asking.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asking.on('error', reject);
      asking.end();
    });
  }
});

it('a server without HTTP has no address for it; one whose HTTP cannot listen says where, and leaves nothing', async () => {
  const { server } = await start({ http: undefined });
  expect(server.httpAddress).toBeUndefined();
  const { port } = server.address;
  const failing = start({ http: { host, port } });
  await expect(failing).rejects.toMatchObject({
    code: 'listen.in-use',
    message: expect.stringContaining(`${host}:${port} is in use`),
  });
});

describe('an edge', () => {
  it('serves HTTP as well, and asks its owner whether the store answers', async () => {
    const store = new MemoryStore();
    const stage = await Stage.start(0, { store });
    const { httpPort } = await startEdge(stage.owner, new MemoryPipe(), { host, port: 0 });
    const ready = async () => (await fetch(`http://${host}:${httpPort}/readyz`)).status;
    expect(await ready()).toBe(200);
    const peer = driven(await openWebSocket({ url: `ws://${host}:${httpPort}/beep` }));
    await (await attach(peer, wilma)).subscribe();
    await store.close();
    expect(await ready()).toBe(503);
  });
});
