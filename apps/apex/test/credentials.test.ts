import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Authority } from '@apex/vitest/certificates';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Domain, PASSWORD } from './domain.ts';

const issuer = 'https://login.example.com/';
const audience = 'apex';
const signer = generateKeyPairSync('ed25519');

let domain: Domain;
let trusted: readonly string[];
beforeAll(async () => {
  const [authority, other] = [await Authority.create(), await Authority.create()];
  const names = [{ type: 'email', value: 'wilma@example.com' }] as const;
  const { cert, key } = await authority.issue(names);
  const stranger = await other.issue(names);
  const late = await authority.issue(names, -1);
  const jwk = { ...signer.publicKey.export({ format: 'jwk' }), alg: 'EdDSA', kid: 'k1' };
  domain = await Domain.start({
    tls: { ca: 'clients.pem' },
    edge: { tlsPort: 0 },
    auth: {
      mechanisms: ['SCRAM-SHA-256', 'EXTERNAL', 'OAUTHBEARER'],
      oauth: { jwks: 'jwks.json', issuer, audience },
    },
    files: {
      'clients.pem': authority.ca,
      'wilma.pem': cert,
      'wilma-key.pem': key,
      'stranger.pem': stranger.cert,
      'stranger-key.pem': stranger.key,
      'late.pem': late.cert,
      'late-key.pem': late.key,
      'jwks.json': JSON.stringify({ keys: [jwk] }),
    },
  });
  trusted = ['--ca', domain.file('cert.pem')];
}, 60_000);
afterAll(async () => {
  await domain.stop();
});

function tokenFor(subject: string, key: KeyObject = signer.privateKey): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const head = part({ alg: 'EdDSA', kid: 'k1' });
  const text = `${head}.${part({ iss: issuer, aud: audience, sub: subject, iat: now, exp: now + 600 })}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

const certificate = (name: string): readonly string[] => [
  '--cert',
  domain.file(`${name}.pem`),
  '--key',
  domain.file(`${name}-key.pem`),
];

/** Words that lead to the port which begins with TLS. */
const direct = (): readonly string[] => ['--server', domain.tlsAddress, '--tls-direct'];

/** Wilma fetches fred's presence. */
const fetch = (environment: Readonly<Record<string, string>>, ...words: readonly string[]) =>
  domain.apexWith(environment, 'wilma@example.com', 'fetch', 'fred@example.com', ...trusted, ...words).ended;

it('[7628 §3.1] is who the access token in APEX_TOKEN says', async () => {
  expect(await fetch({ APEX_TOKEN: tokenFor('wilma@example.com') })).toMatchObject({ code: 0, errors: '' });
});

it('[4422 §A] is who its certificate says, and needs no password then', async () => {
  expect(await fetch({}, ...certificate('wilma'))).toMatchObject({ code: 0, errors: '' });
  expect(await fetch({}, ...certificate('wilma'), ...direct())).toMatchObject({ code: 0, errors: '' });
});

it('sends standard input with a token or a certificate as with a password', async () => {
  for (const [environment, words] of [
    [{ APEX_TOKEN: tokenFor('wilma@example.com') }, []],
    [{}, certificate('wilma')],
  ] as const) {
    const send = ['send', 'fred@example.com', '--hold', ...trusted, ...words];
    const sent = domain.apexWith(environment, 'wilma@example.com', ...send);
    sent.child.stdin!.end('yabba dabba doo');
    expect(await sent.ended).toMatchObject({ code: 0, errors: '' });
  }
  const received = domain.apex('fred', 'receive', '--count', '2', ...trusted);
  expect((await received.ended).output.match(/yabba dabba doo/g)).toHaveLength(2);
});

it('is refused with a token of somebody else, of another issuer, or none at all', async () => {
  const other = generateKeyPairSync('ed25519').privateKey;
  const tokens = [tokenFor('barney@example.com'), tokenFor('wilma@example.com', other), 'no.token.this'];
  for (const token of tokens) {
    const { code, output, errors } = await fetch({ APEX_TOKEN: token });
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(/^apex: .*535.*\n$/);
    expect(errors).not.toContain(token);
  }
});

it('is refused with a certificate that the server does not trust, one whose time is over, and one of somebody else', async () => {
  for (const [name, words] of [
    ['stranger', []],
    ['late', []],
    ['stranger', direct()],
    ['late', direct()],
  ] as const) {
    expect(await fetch({}, ...certificate(name), ...words)).toMatchObject({
      code: 2,
      output: '',
      errors: expect.stringMatching(
        /^apex: authenticate as wilma@example\.com: .*\(EXTERNAL\).* needs one that it trusts\n$/,
      ),
    });
  }
  const place = ['fetch', 'fred@example.com', ...trusted, ...certificate('wilma')];
  expect(await domain.apexWith({}, 'barney@example.com', ...place).ended).toMatchObject({
    code: 1,
    output: '',
    errors: expect.stringMatching(/^apex: .*\n$/),
  });
});

it.each([
  [['--cert', 'a.pem'], {}, 2, /^apex: --cert: its key is missing; name it with --key\n$/],
  [['--key', 'a.pem'], {}, 2, /^apex: --key: name the certificate .*\n$/],
  [['--cert', '/no.pem', '--key', '/no.pem'], {}, 1, /^apex: --cert: cannot read \/no\.pem: ENOENT.*\n$/],
  [
    [],
    { APEX_TOKEN: 'x', APEX_PASSWORD: PASSWORD },
    2,
    /^apex: APEX_TOKEN: there is APEX_PASSWORD as well; unset one of them\n$/,
  ],
] as const)('says in one line what is wrong: %s %o', async (words, environment, code, errors) => {
  expect(await fetch(environment, ...words)).toMatchObject({
    code,
    output: '',
    errors: expect.stringMatching(errors),
  });
});

it('says which of the two files it cannot read', async () => {
  const { code, errors } = await fetch({}, '--cert', domain.file('wilma.pem'), '--key', '/no.pem');
  expect([code, errors]).toEqual([
    1,
    expect.stringMatching(/^apex: --key: cannot read \/no\.pem: ENOENT.*\n$/),
  ]);
});

it('says that certificate and key do not belong together', async () => {
  const words = ['--cert', domain.file('wilma.pem'), '--key', domain.file('stranger-key.pem')];
  for (const where of [[], direct()]) {
    const { code, errors } = await fetch({}, ...words, ...where);
    expect([code, errors]).toEqual([
      1,
      expect.stringMatching(
        /^apex: secure .*: certificate and key cannot be used: .*; check the two files\n$/,
      ),
    ]);
  }
});
