import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectNode } from 'node:tls';
import { Authority, type Credentials } from '@apex/vitest/certificates';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DriveOptions, drive } from '../../src/driver.ts';
import { beepXml } from '../../src/message/mime.ts';
import type { Peer } from '../../src/peer.ts';
import { tlsProfileUri } from '../../src/profile/tls/elements.ts';
import { tlsProfile } from '../../src/profile/tls/tls-profile.ts';
import type { Diagnostic } from '../../src/session/events.ts';
import type { Channel, Reply } from '../../src/session/profile.ts';
import { connectTcp, listenTcp } from '../../src/transport/tcp.ts';
import {
  connectTls,
  type TlsClientOptions,
  type TlsServer,
  type TlsServerOptions,
  tlsClient,
  tlsServer,
} from '../../src/transport/tls.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { echo, Recorder } from '../session/wire.ts';

/** The first octet of a TLS record that holds a handshake. */
const TLS_HANDSHAKE = 0x16;
const names = [{ type: 'dns', value: 'example.com' }] as const;
let authority: Authority;
let credentials: Credentials;
beforeAll(async () => {
  authority = await Authority.create();
  credentials = await authority.issue(names);
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Listening {
  readonly port: number;
  /** Where its peers begin with TLS. */
  readonly tlsPort: number;
  readonly server: TlsServer;
  readonly diagnostics: Diagnostic[];
  /** The listener's side of the next session. */
  next(): Promise<Peer>;
}

async function listening(
  options: Partial<TlsServerOptions> = {},
  more: Partial<DriveOptions> = {},
): Promise<Listening> {
  const server = tlsServer({ ...credentials, ...options });
  const diagnostics: Diagnostic[] = [];
  let accepted = Promise.withResolvers<Peer>();
  const begin = (transport: Transport): void => {
    const peer = drive(transport, {
      profiles: [tlsProfile(), echo],
      negotiate: server.negotiate,
      onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
      ...more,
      role: 'listener',
    });
    ends.push(() => peer.abort(new Error('the test is over')));
    accepted.resolve(peer);
  };
  const host = '127.0.0.1';
  const tcp = await listenTcp({ host, port: 0, onTransport: begin });
  const direct = await listenTcp({
    host,
    port: 0,
    onTransport: (transport) => {
      server.negotiate(transport, {}).then(begin, (error: Error) => accepted.reject(error));
    },
  });
  ends.push(() => Promise.all([tcp.close(), direct.close()]));
  return {
    port: tcp.port,
    tlsPort: direct.port,
    server,
    diagnostics,
    next: async () => {
      const peer = await accepted.promise;
      accepted = Promise.withResolvers();
      return peer;
    },
  };
}

async function connected(port: number): Promise<Peer> {
  const peer = drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
  ends.push(() => peer.abort(new Error('the test is over')));
  return peer;
}

function trusting(options: Partial<TlsClientOptions> = {}) {
  return tlsClient({ names: [], ca: authority.ca, ...options });
}

function ask(channel: Channel, payload: Uint8Array): Promise<Reply> {
  return new Promise((resolve) => channel.send(payload, resolve));
}

async function expectEcho(peer: Peer): Promise<void> {
  const { channel } = await peer.startChannel({ profiles: [{ uri: 'urn:echo' }], handler: new Recorder() });
  const payload = new Uint8Array(200_000).fill(7);
  expect(await ask(channel, payload)).toEqual({ kind: 'RPY', payload });
}

describe('transport security', () => {
  it('[3080 §3] [3080 §3.1.3.2] [3080 §9 rule 3] [B11] has both peers greet anew, without TLS on offer, and carries the session', async () => {
    const { port, next } = await listening();
    const peer = await connected(port);
    expect((await peer.greeting).profiles).toEqual([tlsProfileUri, 'urn:echo']);
    const greeting = await peer.secure(trusting(), 'example.com');
    expect(greeting.profiles).toEqual(['urn:echo']);
    expect(await peer.greeting).toBe(greeting);
    const listener = await next();
    expect([peer.facts.secured, listener.facts.secured]).toEqual([true, true]);
    // B11: only the server name survives
    expect(listener.facts).toMatchObject({ serverName: 'example.com', localize: ['i-default'] });
    expect(peer.facts.certificate).toMatchObject({ commonName: 'example.com', dnsNames: ['example.com'] });
    await expectEcho(peer);
    await peer.released();
    expect(await listener.ended).toEqual({ kind: 'released' });
  });

  it('[B11] is not negotiated twice', async () => {
    const { port } = await listening();
    const peer = await connected(port);
    await peer.secure(trusting(), 'example.com');
    await expect(peer.secure(trusting(), 'example.com')).rejects.toMatchObject({ code: 'tls.secured' });
    const start = peer.startChannel({
      profiles: [{ uri: tlsProfileUri, initialization: '<ready />' }],
      handler: new Recorder(),
    });
    await expect(start).rejects.toMatchObject({ replyCode: 550 });
  });

  it('comes before all else', async () => {
    const { port } = await listening();
    const peer = await connected(port);
    await expectEcho(peer);
    await expect(peer.secure(trusting(), 'example.com')).rejects.toMatchObject({ code: 'tls.busy' });
    await expectEcho(peer);
  });

  it('is declined by a peer that has no TLS, and the session goes on', async () => {
    const { port } = await listening({}, { profiles: [echo] });
    const peer = await connected(port);
    await expect(peer.secure(trusting(), 'example.com')).rejects.toMatchObject({ replyCode: 550 });
    await expectEcho(peer);
  });

  it('[B12] knows the certificate of a client, and trusts none of another issuer', async () => {
    const { port, next } = await listening({ ca: authority.ca });
    const fred = await authority.issue([{ type: 'email', value: 'fred@example.com' }]);
    const peer = await connected(port);
    await peer.secure(trusting(fred), 'example.com');
    const listener = await next();
    await expectEcho(peer);
    expect(listener.facts.certificate?.mailAddresses).toEqual(['fred@example.com']);
    const stranger = await (await Authority.create()).issue([{ type: 'email', value: 'fred@example.com' }]);
    const other = await connected(port);
    await other.secure(trusting(stranger), 'example.com');
    const otherListener = await next();
    await expectEcho(other);
    expect(otherListener.facts.certificate).toBeUndefined();
  });

  it.each([
    ['tls.name', 'not for example.org', {}, 'example.org'],
    ['tls.issuer', 'not issued by somebody trusted', { ca: undefined }, 'example.com'],
    ['tls.fingerprint', 'another certificate', { fingerprint: 'ab'.repeat(32) }, 'example.com'],
    ['tls.credentials', '', { cert: 'nonsense', key: 'nonsense' }, 'example.com'],
  ])('fails with %s: %s', async (code, message, options, name) => {
    const { port } = await listening();
    const peer = await connected(port);
    const secured = peer.secure(trusting(options as Partial<TlsClientOptions>), name);
    await expect(secured).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await peer.ended).toMatchObject({ kind: 'lost' });
  });

  it('fails with tls.expired for a certificate whose time is over', async () => {
    const { port } = await listening(await authority.issue(names, -1));
    const peer = await connected(port);
    await expect(peer.secure(trusting(), 'example.com')).rejects.toMatchObject({ code: 'tls.expired' });
  });

  it('fails with tls.issuer for a root with the name of another', async () => {
    const { port } = await listening();
    const peer = await connected(port);
    const { ca } = await Authority.create();
    await expect(peer.secure(trusting({ ca }), 'example.com')).rejects.toMatchObject({ code: 'tls.issuer' });
  });

  it('takes the address that was dialled for a name, and the one certificate that is pinned', async () => {
    const { port } = await listening();
    const dialled = await connected(port);
    await dialled.secure(trusting({ names: ['example.com'] }), 'example.org');
    const pinned = await connected(port);
    const { fingerprint } = dialled.facts.certificate ?? {};
    await pinned.secure(tlsClient({ names: [], fingerprint }), 'example.org');
    await expectEcho(pinned);
  });

  it('[B11] fails when the server name in the handshake contradicts that of the session', async () => {
    const { port, diagnostics, next } = await listening();
    const peer = await connected(port);
    const negotiate = trusting({ names: ['example.com'] });
    const contradicting = peer.secure(
      (transport, circumstances) => negotiate(transport, { ...circumstances, serverName: 'example.org' }),
      'example.com',
    );
    await expect(contradicting).rejects.toMatchObject({ name: 'SessionLostError' });
    await (await next()).ended;
    expect(diagnostics).toMatchObject([{ code: 'tls.failed' }]);
  });

  it('shows other certificates once they are reloaded, and leaves sessions that stand alone', async () => {
    const { port, server } = await listening();
    const before = await connected(port);
    await before.secure(trusting(), 'example.com');
    server.reload(await authority.issue(names));
    const after = await connected(port);
    await after.secure(trusting(), 'example.com');
    expect(after.facts.certificate?.fingerprint).not.toBe(before.facts.certificate?.fingerprint);
    await expectEcho(before);
    expect(() => server.reload({ ...credentials, key: 'nonsense' })).toThrowError(
      expect.objectContaining({ code: 'tls.credentials' }),
    );
    await expectEcho(await secured(port));
  });

  it('ends a session whose peer does not begin the handshake, or talks on in the clear', async () => {
    const { port, diagnostics } = await listening({ handshakeMs: 100 });
    const silent = await tuned(port);
    await closed(silent);
    expect(diagnostics.at(-1)).toMatchObject({ ended: true, code: 'tls.failed' });
    const talking = await tuned(port);
    talking.write('MSG 0 2 . 0 0\r\nEND\r\n');
    await closed(talking);
    expect(diagnostics).toHaveLength(2);
  });

  it('[B11] reads nothing that stands behind the ready as part of the protected session', async () => {
    const { port, next } = await listening({ handshakeMs: 1000 });
    const socket = asking(port, 'MSG 0 9 . 0 0\r\nEND\r\n');
    await closed(socket);
    expect(await (await next()).ended).toMatchObject({ kind: 'lost' });
  });

  it('can be given up while it is negotiated', async () => {
    const hello = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        if (data[0] === TLS_HANDSHAKE) hello.resolve();
        else answerReady(socket, data);
      });
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    ends.push(() => silent.close());
    const peer = await connected((silent.address() as { port: number }).port);
    const securing = peer.secure(trusting(), 'example.com');
    await hello.promise;
    peer.abort(new Error('enough'));
    await expect(securing).rejects.toThrow('enough');
    expect(await peer.ended).toMatchObject({ kind: 'lost' });
  });

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  it.skipIf(!hasOpenssl)(
    '[3080 §9 rule 2] [B11] works with another implementation, TLS 1.2 and 1.3, and refuses older and weak ones',
    async () => {
      const { port } = await listening();
      expect(await openssl(port, ['-tls1_3'])).toContain('TLSv1.3');
      expect(await openssl(port, ['-tls1_2'])).toContain('TLSv1.2');
      expect(await openssl(port, ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'])).toContain('Cipher is (NONE)');
      // Without forward secrecy.
      expect(await openssl(port, ['-tls1_2', '-cipher', 'AES128-SHA'])).toContain('Cipher is (NONE)');
    },
  );

  it.skipIf(!hasOpenssl)(
    '[3080 §9 rule 2] [B11] works with another implementation from the first octet, and shows it the certificate for the name that it asks for',
    async () => {
      const more = [await authority.issue([{ type: 'dns', value: 'example.org' }])];
      const { tlsPort } = await listening({ more });
      expect(await sClient(tlsPort, ['-servername', 'example.org', '-tls1_3'])).toMatch(
        /TLSv1\.3.*<greeting/s,
      );
      expect(await sClient(tlsPort, ['-servername', 'example.org'])).toMatch(/subject=CN ?= ?example\.org/);
      expect(await sClient(tlsPort, ['-servername', 'rubble.com'])).toMatch(/subject=CN ?= ?example\.com/);
      expect(await sClient(tlsPort, ['-noservername', '-tls1_2'])).toMatch(/CN ?= ?example\.com.*TLSv1\.2/s);
      expect(await sClient(tlsPort, ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'])).toContain(
        'Cipher is (NONE)',
      );
    },
  );
});

describe('TLS from the first octet', () => {
  it('carries a session that is protected from its greeting on, without TLS on offer', async () => {
    const { tlsPort, next } = await listening({ ca: authority.ca });
    const fred = await authority.issue([{ type: 'email', value: 'fred@example.com' }]);
    const peer = await direct(tlsPort, fred);
    expect((await peer.greeting).profiles).toEqual(['urn:echo']);
    const listener = await next();
    expect([peer.facts.secured, listener.facts.secured]).toEqual([true, true]);
    expect(listener.facts.certificate?.mailAddresses).toEqual(['fred@example.com']);
    await expectEcho(peer);
    await expect(peer.secure(trusting())).rejects.toMatchObject({ code: 'tls.secured' });
    await peer.released();
    expect(await listener.ended).toEqual({ kind: 'released' });
  });

  it('[B11] [B15] takes the name in the handshake for the choice of a certificate only', async () => {
    const { tlsPort, next } = await listening();
    const peer = await direct(tlsPort, { names: ['example.org', 'example.com'] });
    await peer.greeting;
    const listener = await next();
    expect(listener.facts.serverName).toBeUndefined();
    const profiles = [{ uri: 'urn:echo' }];
    await peer.startChannel({ profiles, serverName: 'example.com', handler: new Recorder() });
    expect(listener.facts.serverName).toBe('example.com');
  });

  it.each([
    ['tls.name', 'not for example.org', { names: ['example.org'] }],
    ['tls.issuer', 'not issued by somebody trusted', { ca: undefined }],
    ['tls.fingerprint', 'another certificate', { fingerprint: 'ab'.repeat(32) }],
    ['tls.credentials', '', { cert: 'nonsense', key: 'nonsense' }],
  ])('fails with %s: %s', async (code, message, options) => {
    const { tlsPort, next } = await listening();
    const accepted = next();
    accepted.catch(() => {});
    await expect(direct(tlsPort, options as Partial<TlsClientOptions>)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('fails with tls.failed at a port where sessions begin without it', async () => {
    const { port, next } = await listening();
    await expect(direct(port)).rejects.toMatchObject({
      code: 'tls.failed',
      message: expect.stringContaining('what came is no TLS'),
    });
    expect(await (await next()).ended).toMatchObject({ kind: 'lost', error: { code: 'frame.keyword' } });
  });

  it('ends a peer that begins without it, and one that does not begin', async () => {
    const { tlsPort, next } = await listening({ handshakeMs: 100 });
    const talking = connect(tlsPort, '127.0.0.1');
    talking.on('error', () => {});
    talking.write(frame('RPY 0 0 .', 0, '<greeting />'));
    await expect(next()).rejects.toMatchObject({ code: 'tls.failed', message: 'wrong version number' });
    await closed(talking);
    const other = await listening({ handshakeMs: 100 });
    const silent = connect(other.tlsPort, '127.0.0.1');
    await expect(other.next()).rejects.toMatchObject({ code: 'tls.timeout' });
    await closed(silent);
  });

  it('can be aborted by either side as soon as it stands', async () => {
    const { tlsPort, next } = await listening();
    const place = { host: '127.0.0.1', names: ['example.com'], ca: authority.ca };
    const accepted = next();
    accepted.catch(() => {});
    (await connectTls({ ...place, port: tlsPort })).abort();
    const { server } = await listening();
    const aborting = await listenTcp({
      host: '127.0.0.1',
      port: 0,
      onTransport: (transport) => void server.negotiate(transport, {}).then((made) => made.abort()),
    });
    ends.push(() => aborting.close());
    const transport = await connectTls({ ...place, port: aborting.port });
    const end = Promise.withResolvers<Error | undefined>();
    transport.open({ received: () => {}, drained: () => {}, closed: end.resolve });
    expect(await end.promise).toMatchObject({ code: 'ECONNRESET' });
  });

  it('can be given up while it is negotiated', async () => {
    const hello = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => hello.resolve());
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    ends.push(() => silent.close());
    const stop = new AbortController();
    const { port } = silent.address() as { port: number };
    const connecting = connectTls({
      host: '127.0.0.1',
      port,
      names: [],
      ca: authority.ca,
      signal: stop.signal,
    });
    await hello.promise;
    stop.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
  });

  it('keeps handshakes apart that come from one port to two of the listener', async () => {
    const { server } = await listening();
    const host = '127.0.0.1';
    const secured: Transport[] = [];
    const onTransport = (transport: Transport): void => {
      void server.negotiate(transport, {}).then((made) => secured.push(made));
    };
    const listeners = [
      await listenTcp({ host, port: 0, onTransport }),
      await listenTcp({ host, port: 0, onTransport }),
    ];
    const place = { localAddress: host, localPort: await freePort() };
    const sockets = listeners.map(({ port }) => connect({ host, port, ...place }));
    for (const socket of sockets) ends.push(() => socket.destroy());
    for (const listener of listeners) ends.push(() => listener.close());
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    // The later one is served first.
    for (const socket of sockets.toReversed()) {
      const options = { socket, ca: authority.ca, servername: 'example.com' };
      await once(connectNode(options), 'secureConnect');
    }
    await expect.poll(() => secured.length).toBe(2);
  });
});

describe('certificates by name', () => {
  const org = ['example.org', 'www.example.org'];
  const net = ['*.example.net'];
  const issue = (names: readonly string[]) =>
    authority.issue(names.map((value) => ({ type: 'dns', value }) as const));

  it.each([
    ['example.com', 'example.com'],
    ['example.org', 'example.org'],
    ['WWW.example.org', 'example.org'],
    ['a.example.net', '*.example.net'],
    // For these there is none.
    ['example.net', 'example.com'],
    ['a.b.example.net', 'example.com'],
    ['rubble.com', 'example.com'],
  ])('[B11] shows to who asks for %s in the handshake that of %s', async (name, shown) => {
    const { port, tlsPort } = await listening({ more: [await issue(org), await issue(net)] });
    const options = { names: [name, shown.replace('*', 'a')] };
    const peer = await connected(port);
    await peer.secure(trusting(options));
    expect(peer.facts.certificate?.commonName).toBe(shown);
    await expectEcho(peer);
    expect((await direct(tlsPort, options)).facts.certificate?.commonName).toBe(shown);
  });

  it.each([
    ['example.org', 1],
    ['rubble.com', 0],
    ['a\0b', 0],
    [undefined, 0],
  ])('shows to who asks for no name there that of the serverName: %s', async (serverName, index) => {
    const other = await issue(org);
    const server = tlsServer({ ...credentials, more: [other] });
    const accepted = Promise.withResolvers<Transport>();
    const tcp = await listenTcp({
      host: '127.0.0.1',
      port: 0,
      onTransport: (transport) => {
        server.negotiate(transport, { serverName }).then(accepted.resolve, accepted.reject);
      },
    });
    ends.push(() => tcp.close());
    const { fingerprint256 } = new X509Certificate([credentials, other][index]!.cert);
    const transport = await connectTls({ ...tcp, names: [], fingerprint: fingerprint256 });
    ends.push(() => transport.abort());
    const made = await accepted.promise;
    ends.push(() => made.abort());
    expect([made.secured, transport.secured]).toEqual([true, true]);
  });

  it('knows the certificate of a client whichever it shows', async () => {
    const { tlsPort, next } = await listening({ ca: authority.ca, more: [await issue(org)] });
    const fred = await authority.issue([{ type: 'email', value: 'fred@example.com' }]);
    for (const name of ['example.com', 'example.org']) {
      await (await direct(tlsPort, { ...fred, names: [name] })).greeting;
      expect((await next()).facts.certificate?.mailAddresses).toEqual(['fred@example.com']);
    }
  });

  it('are all replaced by a reload, or none', async () => {
    const { tlsPort, server } = await listening({ more: [await issue(org)] });
    server.reload({ ...credentials, more: [await issue(net)] });
    const shown = async (name: string) =>
      (await direct(tlsPort, { names: [name, 'example.com'] })).facts.certificate?.commonName;
    expect([await shown('example.org'), await shown('a.example.net')]).toEqual([
      'example.com',
      '*.example.net',
    ]);
    const [fit, other] = [await issue(org), await issue(org)];
    expect(() => server.reload({ ...credentials, more: [fit, { ...other, key: fit.key }] })).toThrowError(
      expect.objectContaining({
        code: 'tls.credentials',
        message: expect.stringMatching(/^more\[1\]: certificate and key cannot be used: /),
      }),
    );
    expect(await shown('a.example.net')).toBe('*.example.net');
  });
});

/** A session at a port whose peers begin with TLS. */
async function direct(port: number, options: Partial<TlsClientOptions> = {}): Promise<Peer> {
  const place = { host: '127.0.0.1', port };
  const transport = await connectTls({ ...place, names: ['example.com'], ca: authority.ca, ...options });
  const peer = drive(transport, { role: 'initiator', profiles: [] });
  ends.push(() => peer.abort(new Error('the test is over')));
  return peer;
}

async function freePort(): Promise<number> {
  const tcp = await listenTcp({ host: '127.0.0.1', port: 0, onTransport: () => {} });
  await tcp.close();
  return tcp.port;
}

async function secured(port: number): Promise<Peer> {
  const peer = await connected(port);
  await peer.secure(trusting(), 'example.com');
  return peer;
}

const start = `<start number='1'><profile uri='${tlsProfileUri}'><![CDATA[<ready />]]></profile></start>`;

function frame(header: string, seqno: number, xml: string): string {
  const payload = new TextDecoder().decode(beepXml(xml));
  return `${header} ${seqno} ${payload.length}\r\n${payload}END\r\n`;
}

/** A connection whose peer, who knows frames by heart, asks for transport security; and what it sends behind that. */
function asking(port: number, behind = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const greeting = frame('RPY 0 0 .', 0, '<greeting />');
  const greetingOctets = new TextDecoder().decode(beepXml('<greeting />')).length;
  socket.write(greeting + frame('MSG 0 1 .', greetingOctets, start) + behind);
  return socket;
}

/** The same, once the listener has proceeded. */
async function tuned(port: number): Promise<Socket> {
  const socket = asking(port);
  let received = '';
  while (!received.includes('<proceed />') || !received.endsWith('END\r\n')) {
    const [data] = (await once(socket, 'data')) as [Buffer];
    received += data.toString();
  }
  return socket;
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** A listener that proceeds and then says nothing. */
function answerReady(socket: Socket, data: string | Buffer): void {
  const proceed = `<profile uri='${tlsProfileUri}'><![CDATA[<proceed />]]></profile>`;
  const greeting = frame('RPY 0 0 .', 0, `<greeting><profile uri='${tlsProfileUri}' /></greeting>`);
  const greetingOctets = greeting.length - greeting.indexOf('\r\n') - 2 - 'END\r\n'.length;
  if (data.includes('<greeting')) socket.write(greeting);
  const msgno = /MSG 0 (\d+)/.exec(data.toString())?.[1];
  if (msgno !== undefined) socket.write(frame(`RPY 0 ${msgno} .`, greetingOctets, proceed));
}

/** What `openssl s_client` prints when it comes behind the tuning. */
async function openssl(port: number, options: readonly string[]): Promise<string> {
  const forwarder = createServer((client) => {
    client.on('error', () => {});
    void tuned(port).then((server) => {
      client.pipe(server).pipe(client);
    });
  });
  forwarder.listen(0, '127.0.0.1');
  await once(forwarder, 'listening');
  const { port: through } = forwarder.address() as { port: number };
  const output = await sClient(through, ['-servername', 'example.com', ...options]);
  forwarder.close();
  return output;
}

/** What `openssl s_client` prints when it begins with TLS. */
async function sClient(port: number, options: readonly string[]): Promise<string> {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options]);
  let output = '';
  const isOver = once(child, 'close');
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    // Both peers have greeted: the greeting of the listener comes protected.
    if (output.includes('<greeting')) child.stdin.end('Q\n');
  });
  child.stderr.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stdin.on('error', () => {});
  await isOver;
  return output;
}
