import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Authority } from '@apex/vitest/certificates';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { Domain } from './domain.ts';
import type { Outcome } from './processes.ts';

let domain: Domain;
beforeAll(async () => {
  domain = await Domain.start({ tls: {}, edge: { tlsPort: 0 } });
}, 60_000);
afterAll(async () => {
  await domain.stop();
});

const fetch = (...words: readonly string[]) => fetchFrom(domain, ...words);

function fetchFrom(from: Domain, ...words: readonly string[]): Promise<Outcome> {
  return from.apexAs('wilma@example.com', 'fetch', 'fred@example.com', ...words).ended;
}

/** With these words a command goes to the port that begins with TLS. */
const direct = (at: Domain): readonly string[] => ['--server', at.tlsAddress, '--tls-direct'];

it('[3080 §3] talks to a server over TLS that it trusts by its root, or by its fingerprint', async () => {
  const ca = domain.file('cert.pem');
  expect(await fetch('--ca', ca)).toMatchObject({
    code: 0,
    output: expect.stringContaining('fred@example.com'),
  });
  const { fingerprint256 } = new X509Certificate(readFileSync(ca));
  expect(await fetch('--fingerprint', fingerprint256)).toMatchObject({ code: 0 });
});

it('subscribes, publishes and sends over it', async () => {
  const ca = ['--ca', domain.file('cert.pem')];
  const subscribe = domain.apex('wilma', 'subscribe', 'fred@example.com', ...ca);
  expect(await subscribe.json()).toMatchObject({ event: 'started' });
  expect(await subscribe.json()).toMatchObject({ event: 'entry' });
  const published = await domain.apex('fred', 'publish', '--available-for', '1h', ...ca).ended;
  expect(published).toMatchObject({ code: 0 });
  expect(await subscribe.json()).toMatchObject({ event: 'entry', entry: { publisher: 'fred@example.com' } });
});

it.each([
  [
    ['--tls'],
    1,
    /^apex: secure .*: the certificate of the server is not issued by somebody trusted; if .* its fingerprint\n$/,
  ],
  [
    ['--fingerprint', 'ab'.repeat(32)],
    1,
    /^apex: secure .*: the server shows another certificate: [0-9a-f]{64}\n$/,
  ],
  [[], 2, /^apex: secure .*: the server takes protected sessions only; ask for TLS\n$/],
  [['--ca', '/nowhere.pem'], 1, /^apex: --ca: cannot read \/nowhere\.pem: ENOENT.*\n$/],
  [
    ['--fingerprint', 'abc'],
    2,
    /^apex: --fingerprint: expected the 64 hexadecimal digits of SHA-256, as .*\n$/,
  ],
  [
    ['--tls', '--insecure'],
    2,
    /^apex: --insecure: there is --tls, --tls-direct, --ca, --fingerprint or --cert as well; leave one of them out\n$/,
  ],
  [
    ['--tls-direct'],
    1,
    /^apex: secure .*: what came is no TLS; does the server begin with it at this port\?\n$/,
  ],
] as const)('says in one line what is wrong: %s', async (words, code, errors) => {
  expect(await fetch(...words)).toMatchObject({ code, output: '', errors: expect.stringMatching(errors) });
});

it('talks to a port that begins with TLS, with the same options', async () => {
  const ca = domain.file('cert.pem');
  expect(await fetch('--ca', ca, ...direct(domain))).toMatchObject({
    code: 0,
    output: expect.stringContaining('fred@example.com'),
  });
  const { fingerprint256 } = new X509Certificate(readFileSync(ca));
  expect(await fetch('--fingerprint', fingerprint256, ...direct(domain))).toMatchObject({ code: 0 });
  const other = await fetch('--fingerprint', 'ab'.repeat(32), ...direct(domain));
  expect([other.code, other.errors]).toEqual([1, expect.stringMatching(/shows another certificate: .*\n$/)]);
});

it('says in one line that a port begins with TLS to who asks for it in a session', async () => {
  const { code, errors } = await fetch('--tls', '--server', domain.tlsAddress);
  expect([code, errors]).toEqual([1, expect.stringMatching(/^apex: .*\n$/)]);
});

it.each([
  ['of another issuer', {}, 'is not issued by somebody trusted; if .*'],
  ['whose time is over', { days: -1 }, 'has expired; its operator has to renew it; .*'],
  ['for another name', { name: 'example.org' }, 'is for DNS:example\\.org, not for example\\.com or .*'],
])('says in one line what is wrong with a certificate %s', async (which, shown: Shown, text) => {
  const [issuer, other] = [await Authority.create(), await Authority.create()];
  const { cert, key } = await issuer.issue([{ type: 'dns', value: shown.name ?? 'example.com' }], shown.days);
  const ca = which === 'of another issuer' ? other.ca : issuer.ca;
  const files = { 'cert.pem': cert, 'key.pem': key, 'ca.pem': ca };
  const at = await Domain.start({ tls: {}, edge: { tlsPort: 0 }, files });
  onTestFinished(async () => void (await at.stop()));
  for (const words of [['--tls'], direct(at)]) {
    expect(await fetchFrom(at, ...words, '--ca', at.file('ca.pem'))).toMatchObject({
      code: 1,
      output: '',
      errors: expect.stringMatching(
        new RegExp(`^apex: secure 127\\.0\\.0\\.1:\\d+: the certificate (of the server )?${text}\n$`),
      ),
    });
  }
});

interface Shown {
  readonly days?: number;
  readonly name?: string;
}
