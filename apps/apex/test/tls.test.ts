import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Domain } from './domain.ts';

let domain: Domain;
beforeAll(async () => {
  domain = await Domain.start({ tls: {} });
}, 60_000);
afterAll(async () => {
  await domain.stop();
});

const fetch = (...words: readonly string[]) =>
  domain.apexAs('wilma@example.com', 'fetch', 'fred@example.com', ...words).ended;

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
  [['--fingerprint', 'abc'], 2, /^apex: --fingerprint: expected the 64 hexadecimal digits of SHA-256\n$/],
  [['--tls', '--insecure'], 2, /^apex: --insecure: there is --tls, --ca, --fingerprint or --cert as well\n$/],
] as const)('says in one line what is wrong: %s', async (words, code, errors) => {
  expect(await fetch(...words)).toMatchObject({ code, output: '', errors: expect.stringMatching(errors) });
});
