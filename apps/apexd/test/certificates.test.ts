import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { connect, type TlsOptions } from '@apex/client/tcp';
import { Authority, type Credentials } from '@apex/vitest/certificates';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const fred = 'fred@example.com';
const soon = { timeout: 60_000 };
let authority: Authority;
let com: Credentials;
let org: Credentials;
beforeAll(async () => {
  authority = await Authority.create();
  com = await issue('example.com');
  org = await issue('relay.example.org');
});

function issue(name: string, days?: number): Promise<Credentials> {
  return authority.issue([{ type: 'dns', value: name }], days);
}

const files = (name: string) => ({ cert: `${name}.pem`, key: `${name}-key.pem` });

function write(home: Home, name: string, { cert, key }: Credentials): void {
  writeFileSync(join(home.folder, `${name}.pem`), cert);
  writeFileSync(join(home.folder, `${name}-key.pem`), key);
}

/** The keys of a configuration whose server shows these. */
function showing(...more: readonly string[]) {
  const tls = { ...files('com'), more: more.map(files) };
  return { tls, auth: { iterations: 4096 }, edge: { port: 0, tlsPort: 0 } };
}

/** A home with a certificate for the domain and one for a host. */
function home(): Home {
  const made = new Home(showing('org'));
  write(made, 'com', com);
  write(made, 'org', org);
  return made;
}

async function serve(at: Home, words: readonly string[] = []): Promise<Serving & { tlsPort: number }> {
  const server = await at.serve(['serve', '--config', at.config, ...words]);
  const { tlsPort } = await server.logged('serving');
  return { ...server, tlsPort: tlsPort as number };
}

/** Fred's own entry, as an application of his is told it. */
async function fetch(port: number, tls: TlsOptions): Promise<string> {
  const credentials = { password: 'pw' };
  await using client = await connect({ host: '127.0.0.1', port, endpoint: fred, credentials, tls });
  return (await client.presence.fetch(fred)).publisher;
}

function fingerprintOf({ cert }: Credentials): string {
  return new X509Certificate(cert).fingerprint256;
}

/** The fingerprint of the certificate that is shown to who asks for this name. */
async function shownAt(port: number, name?: string): Promise<string | undefined> {
  const servername = name === undefined ? {} : { servername: name };
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...servername });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  return shown;
}

describe.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
] as const)('serve %s', (_, workers) => {
  it('has a port that begins with TLS beside the other one, and says so', async () => {
    const at = home();
    await at.run('endpoint import', `${fred},pw\n`);
    const server = await serve(at, workers);
    const { port, tlsPort } = server;
    expect(await fetch(port, { ca: authority.ca })).toBe(fred);
    expect(await fetch(tlsPort, { ca: authority.ca, direct: true })).toBe(fred);
    const { code, stdout } = await server.stop();
    expect([code, stdout]).toEqual([
      0,
      `apexd serves example.com on 127.0.0.1:${port}\n` +
        `apexd serves example.com on 127.0.0.1:${tlsPort} (TLS from the first octet)\n`,
    ]);
  });

  it('[B11] shows the certificate for the name that is asked for; SIGHUP replaces all or none', async () => {
    const at = home();
    const server = await serve(at, workers);
    const shown = (name?: string) => shownAt(server.tlsPort, name);
    expect(await shown('relay.example.org')).toBe(fingerprintOf(org));
    for (const name of ['example.com', 'rubble.com', undefined]) {
      expect(await shown(name)).toBe(fingerprintOf(com));
    }
    const net = await issue('*.example.net');
    writeFileSync(join(at.folder, 'net.pem'), net.cert);
    at.configure(showing('org', 'net'));
    server.kill('SIGHUP');
    expect(await server.logged('reload.failed')).toMatchObject({
      error: expect.stringMatching(/^tls\.more\[1\]\.key: cannot read .*net-key\.pem: ENOENT/),
    });
    expect(await shown('a.example.net')).toBe(fingerprintOf(com));
    write(at, 'net', net);
    at.configure(showing('net'));
    server.kill('SIGHUP');
    await server.logged('reloaded.tls');
    await expect.poll(() => shown('a.example.net'), soon).toBe(fingerprintOf(net));
    await expect.poll(() => shown('relay.example.org'), soon).toBe(fingerprintOf(com));
    // What is in effect waits for no restart.
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(server.log().map(({ event }) => event)).not.toContain('reload.restart');
  });
});

it.each([
  ['is missing', 'tls.more[0].key', () => undefined, 'cannot read .*: ENOENT.*'],
  ['is no key', 'tls.more[0].key', () => 'nonsense', 'org-key\\.pem holds no key in PEM .*'],
  [
    'is the key of another certificate',
    'tls.more[0].key',
    () => com.key,
    'org-key\\.pem is not the key of .*',
  ],
  ['is no certificate', 'tls.more[0].cert', () => 'nonsense', 'org\\.pem holds no certificate in PEM; .*'],
])('says in one line which file %s', async (_, key, text, problem) => {
  const at = home();
  const path = join(at.folder, key.endsWith('key') ? 'org-key.pem' : 'org.pem');
  rmSync(path);
  const content = text();
  if (content !== undefined) writeFileSync(path, content);
  const where = key.replaceAll(/[.[\]]/g, '\\$&');
  expect(await at.run('serve')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^apexd: ${where}: .*${problem}\n$`)),
  });
});

it('says in one line that the root of clients is none', async () => {
  const at = home();
  at.configure({ tls: { ...files('com'), ca: 'com-key.pem' } });
  expect(await at.run('serve')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^apexd: tls\.ca: .*com-key\.pem holds no certificate in PEM; .*\n$/),
  });
});

it('says in one line that the port which begins with TLS is taken, or has no certificate', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port: tlsPort } = taken.address() as { port: number };
  const at = home();
  at.configure({ ...showing(), edge: { port: 0, tlsPort } });
  expect(await at.run('serve')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`^apexd: 127\\.0\\.0\\.1:${tlsPort} is in use: .*\n$`)),
  });
  at.configure({ edge: { tlsPort: 0 } });
  expect(await at.run('check')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^apexd: .*apexd\.yaml:1: edge\.tlsPort: needs tls, .*\n$/),
  });
});

it('warns of a certificate whose time is over, which clients refuse', async () => {
  const at = home();
  write(at, 'com', await issue('example.com', -1));
  const server = await serve(at);
  expect(await server.logged('tls.expired')).toMatchObject({ level: 40, key: 'tls.cert' });
  for (const [port, direct] of [
    [server.port, false],
    [server.tlsPort, true],
  ] as const) {
    await expect(fetch(port, { ca: authority.ca, direct })).rejects.toMatchObject({
      code: 'client.lost',
      message: expect.stringContaining('has expired'),
    });
  }
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
it.skipIf(!hasOpenssl)('[B11] serves another implementation of TLS from the first octet', async () => {
  const { tlsPort } = await serve(home());
  const child = spawn('openssl', [
    's_client',
    '-connect',
    `127.0.0.1:${tlsPort}`,
    '-servername',
    'relay.example.org',
  ]);
  let output = '';
  child.stdin.on('error', () => {});
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
    if (output.includes('</greeting>')) child.stdin.end('Q\n');
  });
  await once(child, 'close');
  expect(output).toMatch(
    /CN ?= ?relay\.example\.org.*<greeting><profile uri='http:\/\/iana\.org\/beep\/SASL/s,
  );
});
