import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { tapped } from '@apex/beep';
import { createServer, MemoryStore } from '@apex/server';
import { Authority } from '@apex/vitest/certificates';
import { expect, it, onTestFinished } from 'vitest';
import { type ConnectOptions, connect } from '../src/tcp.ts';

const host = '127.0.0.1';
const credentials = { password: 'yabba' };

/** A server of `example.com` with fred, and a port that begins with TLS; its certificate has these names. */
async function serve(...names: readonly string[]) {
  const authority = await Authority.create();
  const shown = await authority.issue(names.map((value) => ({ type: 'dns', value }) as const));
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host, port: 0, tlsPort: 0 },
    tls: shown,
    iterations: 4096,
  });
  onTestFinished(() => server.close());
  await server.administration.addEndpoint('fred@example.com', 'yabba');
  const { port, tlsPort = 0 } = server.address;
  const { ca } = authority;
  return { port, tlsPort, ca };
}

function attach(options: Partial<ConnectOptions>) {
  return connect({ host, endpoint: 'fred@example.com', credentials, ...options });
}

it('attaches over TLS from the first octet, to a server that is the domain or the host that was dialled', async () => {
  for (const names of [['example.com'], ['relay.example.org', 'localhost']]) {
    const { tlsPort, ca } = await serve(...names);
    const client = await attach({ host: 'localhost', port: tlsPort, tls: { ca, direct: true } });
    expect((await client.presence.fetch('fred@example.com')).publisher).toBe('fred@example.com');
    await client.close();
  }
});

it('passes the connection of each session through what it is given, before and after TLS', async () => {
  const { port, ca } = await serve('example.com');
  let taps = 0;
  let passed = '';
  const client = await attach({
    port,
    tls: { ca },
    through(transport) {
      taps += 1;
      return tapped(transport, (direction, octets) => {
        passed += `${taps} ${direction} ${Buffer.from(octets).toString('latin1')}`;
      });
    },
  });
  expect((await client.presence.fetch('fred@example.com')).publisher).toBe('fred@example.com');
  await client.close();
  expect(taps).toBe(2);
  expect(passed).toMatch(/1 sent RPY 0 0 .*<greeting.*1 received .*<proceed.*2 sent RPY 0 0 /s);
  // What TLS protects on the way is readable here.
  expect(passed).toMatch(/2 sent .*<attach endpoint='fred@example.com'/s);
});

it('says what is wrong before anything is said of who one is', async () => {
  const { port, tlsPort, ca } = await serve('example.org');
  for (const [options, code, message] of [
    [
      { port: tlsPort, tls: { ca, direct: true } },
      'client.lost',
      /^secure 127\.0\.0\.1:\d+: the certificate is for/,
    ],
    [{ port: tlsPort, tls: { direct: true } }, 'client.lost', /not issued by somebody trusted; /],
    [{ port, tls: { ca, direct: true } }, 'client.lost', /what came is no TLS; /],
    [{ tls: { ca, direct: true } }, 'client.usage', /^port: none is registered for tls\.direct; /],
    [{ port: tlsPort, tls: { fingerprint: 'ab', direct: true } }, 'client.lost', /another certificate/],
  ] as const) {
    await expect(attach(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  }
});

it('rejects a call that names no endpoint, and leaves no session behind', async () => {
  const { tlsPort, ca } = await serve('localhost');
  const options = { host: 'localhost', port: tlsPort, endpoint: 'fred', tls: { ca, direct: true } };
  await expect(attach(options)).rejects.toMatchObject({ code: 'client.usage' });
});

it('gives a handshake up with the reason of its signal', async () => {
  const silent = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => stop.abort(new Error('enough')));
  }).listen(0, host);
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const stop = new AbortController();
  const { port } = silent.address() as { port: number };
  await expect(attach({ port, tls: { direct: true }, signal: stop.signal })).rejects.toThrow('enough');
});
