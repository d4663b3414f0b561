import 'reflect-metadata';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Domain, PASSWORD } from './domain.ts';

const issuer = 'https://login.example.com/';
const audience = 'apex';
const signer = generateKeyPairSync('ed25519');

let domain: Domain;
let trusted: readonly string[];
beforeAll(async () => {
  const { cert, key } = await certificateFor('wilma@example.com');
  const stranger = await certificateFor('wilma@example.com');
  const jwk = { ...signer.publicKey.export({ format: 'jwk' }), alg: 'EdDSA', kid: 'k1' };
  domain = await Domain.start({
    tls: { ca: 'clients.pem' },
    auth: {
      mechanisms: ['SCRAM-SHA-256', 'EXTERNAL', 'OAUTHBEARER'],
      oauth: { jwks: 'jwks.json', issuer, audience },
    },
    files: {
      'clients.pem': cert,
      'wilma.pem': cert,
      'wilma-key.pem': key,
      'stranger.pem': stranger.cert,
      'stranger-key.pem': stranger.key,
      'jwks.json': JSON.stringify({ keys: [jwk] }),
    },
  });
  trusted = ['--ca', domain.file('cert.pem')];
}, 60_000);
afterAll(async () => {
  await domain.stop();
});

/** Its own issuer, which makes it the root that the server trusts or does not. */
async function certificateFor(mail: string): Promise<{ readonly cert: string; readonly key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${mail}`,
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'email', value: mail }])],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

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

/** Wilma fetches fred's presence. */
const fetch = (environment: Readonly<Record<string, string>>, ...words: readonly string[]) =>
  domain.apexWith(environment, 'wilma@example.com', 'fetch', 'fred@example.com', ...trusted, ...words).ended;

it('[7628 §3.1] is who the access token in APEX_TOKEN says', async () => {
  expect(await fetch({ APEX_TOKEN: tokenFor('wilma@example.com') })).toMatchObject({ code: 0, errors: '' });
});

it('[4422 §A] is who its certificate says, and needs no password then', async () => {
  expect(await fetch({}, ...certificate('wilma'))).toMatchObject({ code: 0, errors: '' });
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

it('is refused with a certificate that the server does not trust, and with one of somebody else', async () => {
  expect(await fetch({}, ...certificate('stranger'))).toMatchObject({
    code: 2,
    output: '',
    errors: expect.stringMatching(
      /^apex: authenticate as wilma@example\.com: .*\(EXTERNAL\).* needs one that it trusts\n$/,
    ),
  });
  const place = ['fetch', 'fred@example.com', ...trusted, ...certificate('wilma')];
  expect(await domain.apexWith({}, 'barney@example.com', ...place).ended).toMatchObject({
    code: 1,
    output: '',
    errors: expect.stringMatching(/^apex: .*\n$/),
  });
});

it.each([
  [['--cert', 'a.pem'], {}, 2, /^apex: --cert: its key is missing; name it with --key\n$/],
  [['--key', 'a.pem'], {}, 2, /^apex: --key: there is no --cert\n$/],
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

it('says that certificate and key do not belong together', async () => {
  const words = ['--cert', domain.file('wilma.pem'), '--key', domain.file('stranger-key.pem')];
  const { code, errors } = await fetch({}, ...words);
  expect([code, errors]).toEqual([
    1,
    expect.stringMatching(/^apex: secure .*: certificate and key cannot be used: .*; check the two files\n$/),
  ]);
});
