import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { drive, externalClient, negotiate, type Peer } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { connectTls, type TlsClientOptions, tlsClient } from '@apex/beep/tls';
import { APEX_PROFILE_URI } from '@apex/protocol';
import { Authority, type Credentials } from '@apex/vitest/certificates';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEdge } from '../src/create-edge.ts';
import { createOwner } from '../src/create-owner.ts';
import { createServer, type ServerOptions } from '../src/create-server.ts';
import type { ListenAddress, ServerCredentials } from '../src/listener.ts';
import type { ServerEvent } from '../src/server-event.ts';
import { MemoryStore } from '../src/store/memory/memory-store.ts';
import { codeOf } from './code-of.ts';
import { MemoryPipe } from './edge/pipes.ts';

const host = '127.0.0.1';
const EXTERNAL = 'http://iana.org/beep/SASL/EXTERNAL';
const SCRAM = 'http://iana.org/beep/SASL/SCRAM-SHA-256';
let authority: Authority;
let com: Credentials;
let org: Credentials;
beforeAll(async () => {
  authority = await Authority.create();
  com = await authority.issue([{ type: 'dns', value: 'example.com' }]);
  org = await authority.issue([{ type: 'dns', value: 'relay.example.org' }]);
});

interface Served {
  readonly port: number;
  readonly tlsPort: number;
  readonly events: readonly ServerEvent[];
  sessions(): number;
  reloadTls(credentials: ServerCredentials): void;
  close(): Promise<void>;
}

type Serve = (changes?: Partial<ServerOptions>) => Promise<Served>;

function optionsWith(changes: Partial<ServerOptions>, events: ServerEvent[]): ServerOptions {
  return {
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host, port: 0, tlsPort: 0 },
    tls: com,
    iterations: 4096,
    onEvent: (event) => events.push(event),
    ...changes,
  };
}

const alone: Serve = async (changes = {}) => {
  const events: ServerEvent[] = [];
  const server = await createServer(optionsWith(changes, events));
  onTestFinished(() => server.close());
  const { port, tlsPort = 0 } = server.address;
  return {
    port,
    tlsPort,
    events,
    sessions: () => server.sessions,
    reloadTls: (credentials) => server.reloadTls(credentials),
    close: () => server.close(),
  };
};

const throughEdge: Serve = async (changes = {}) => {
  const events: ServerEvent[] = [];
  const { listen, ...options } = optionsWith(changes, events);
  const owner = await createOwner({ ...options, edges: 1 });
  onTestFinished(() => owner.close());
  const pipe = new MemoryPipe();
  const { listening } = owner.accept(pipe.ownersEnd, listen);
  void createEdge(pipe.edgesEnd);
  const { port, tlsPort = 0 } = await listening;
  return {
    port,
    tlsPort,
    events,
    sessions: () => owner.sessions,
    reloadTls: (credentials) => owner.reloadTls(credentials),
    close: () => owner.close(),
  };
};

/** A session at a port that begins with TLS. */
async function direct(port: number, options: Partial<TlsClientOptions> = {}): Promise<Peer> {
  const place = { host, port, names: ['example.com'], ca: authority.ca };
  return driven(await connectTls({ ...place, ...options }));
}

/** One that asks for TLS. */
async function tuned(port: number, options: Partial<TlsClientOptions> = {}): Promise<Peer> {
  const peer = driven(await connectTcp({ host, port }));
  await peer.secure(tlsClient({ names: ['example.com'], ca: authority.ca, ...options }));
  return peer;
}

function driven(transport: Awaited<ReturnType<typeof connectTcp>>): Peer {
  const peer = drive(transport, { role: 'initiator', profiles: [] });
  onTestFinished(() => peer.abort(new Error('the test is over')));
  return peer;
}

/** A peer that connects and says nothing. */
async function silent(port: number): Promise<Socket> {
  const socket = connectSocket({ host, port });
  socket.on('error', () => {});
  socket.resume();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

const soon = { timeout: 30_000 };

describe.each([
  ['one process', alone],
  ['an edge', throughEdge],
])('a port that begins with TLS, of %s', (_, serve) => {
  it('[B11] [B12] has sessions that are protected and know the certificate of their peer; the other port serves as ever', async () => {
    const { port, tlsPort } = await serve({
      tls: { ...com, ca: authority.ca },
      mechanisms: ['EXTERNAL', 'SCRAM-SHA-256'],
    });
    const fred = await authority.issue([{ type: 'email', value: 'fred@example.com' }]);
    for (const [peer, profiles] of [
      [await direct(tlsPort, fred), [EXTERNAL, SCRAM, APEX_PROFILE_URI]],
      [await direct(tlsPort), [SCRAM, APEX_PROFILE_URI]],
      [await tuned(port, fred), [EXTERNAL, SCRAM, APEX_PROFILE_URI]],
    ] as const) {
      expect((await peer.greeting).profiles).toEqual(profiles);
    }
    expect(await negotiate(await direct(tlsPort, fred), [externalClient()])).toBe('EXTERNAL');
  });

  it('[B15] takes the name in the handshake for no serverName: that of a start is judged as ever', async () => {
    const { tlsPort } = await serve({ tls: { ...com, more: [org] } });
    const handler = { message: () => {}, closed: () => {} };
    const profiles = [{ uri: APEX_PROFILE_URI }];
    for (const [serverName, code] of [
      ['example.com', 'accepted'],
      ['relay.example.org', 550],
    ] as const) {
      const peer = await direct(tlsPort, { names: ['relay.example.org'] });
      expect(await codeOf(peer.startChannel({ profiles, serverName, handler }))).toBe(code);
    }
  });

  it('counts handshakes among the connections, and spends nothing on one more than their limit', async () => {
    const { port, tlsPort, events, sessions } = await serve({ sessionLimits: { connections: 2 } });
    const two = [await silent(tlsPort), await silent(tlsPort)];
    await expect.poll(sessions, soon).toBe(2);
    await closed(await silent(tlsPort));
    expect(await codeOf(driven(await connectTcp({ host, port })).greeting)).toBe(421);
    const refused = () => events.filter(({ name }) => name === 'session.refused');
    await expect.poll(() => refused().length, soon).toBe(2);
    for (const socket of two) socket.destroy();
    await expect.poll(sessions, soon).toBe(0);
    const served = await direct(tlsPort);
    expect((await served.greeting).profiles).toEqual([
      SCRAM,
      'http://iana.org/beep/SASL/PLAIN',
      APEX_PROFILE_URI,
    ]);
    await expect.poll(sessions, soon).toBe(1);
  });

  it('bounds a handshake in time, and tells of it', async () => {
    const { tlsPort, events } = await serve({ sessionLimits: { greetingMs: 100 } });
    await closed(await silent(tlsPort));
    await expect
      .poll(() => events, soon)
      .toEqual([
        {
          level: 'warn',
          name: 'session.ended',
          code: 'tls.failed',
          text: 'no handshake within 100 ms',
          remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          header: '',
        },
      ]);
  });

  it('ends handshakes without a word when it closes', async () => {
    const { tlsPort, events, sessions, close } = await serve();
    const socket = await silent(tlsPort);
    await expect.poll(sessions, soon).toBe(1);
    await close();
    await closed(socket);
    expect(events).toEqual([]);
  });

  it('[B11] shows the certificate for the name that is asked for, and others once they are reloaded', async () => {
    const { port, tlsPort, reloadTls } = await serve({ tls: { ...com, more: [org] } });
    const shown = async (name: string): Promise<(string | undefined)[]> => {
      const names = [name, 'example.com'];
      const peers = [await direct(tlsPort, { names }), await tuned(port, { names })];
      return peers.map(({ facts }) => facts.certificate?.commonName);
    };
    expect(await shown('relay.example.org')).toEqual(['relay.example.org', 'relay.example.org']);
    expect(await shown('rubble.com')).toEqual(['example.com', 'example.com']);
    const net = await authority.issue([{ type: 'dns', value: '*.example.net' }]);
    reloadTls({ ...com, more: [net] });
    await expect.poll(() => shown('a.example.net'), soon).toEqual(['*.example.net', '*.example.net']);
    expect(await shown('relay.example.org')).toEqual(['example.com', 'example.com']);
    expect(() => reloadTls({ ...com, more: [{ ...org, key: com.key }] })).toThrowError(
      expect.objectContaining({ code: 'tls.credentials', message: expect.stringMatching(/^more\[0\]: /) }),
    );
    expect(await shown('a.example.net')).toEqual(['*.example.net', '*.example.net']);
  });

  it('needs a certificate', async () => {
    await expect(serve({ tls: undefined })).rejects.toMatchObject({
      code: 'tls.unavailable',
      message: expect.stringContaining('listen.tlsPort'),
    });
  });

  it('is told from the other one when it is in use, which is free then', async () => {
    const { tlsPort } = await serve();
    const { port, close } = await serve();
    await close();
    const listen: ListenAddress = { host, port, tlsPort };
    await expect(serve({ listen })).rejects.toMatchObject({
      code: 'listen.in-use',
      message: expect.stringContaining(`${host}:${tlsPort} is in use`),
    });
    expect((await serve({ listen: { host, port } })).port).toBe(port);
  });
});
