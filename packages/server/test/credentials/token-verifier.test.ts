import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drive, negotiate, oauthBearerClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createServer as createApexServer } from '../../src/create-server.ts';
import { type TokenVerifierOptions, tokenVerifier } from '../../src/credentials/token-verifier.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';

const FRED = 'fred@example.com';
const issuer = 'https://login.example.com';
const audience = 'apex';
const refused = { kind: 'refused', status: 'invalid_token' };
const accepted = { kind: 'accepted', authentication: FRED };
const secret = new Uint8Array(32).fill(1);

const pairs = {
  RS256: await generateKeyPair('RS256'),
  ES256: await generateKeyPair('ES256'),
  EdDSA: await generateKeyPair('EdDSA'),
  RS384: await generateKeyPair('RS384'),
};
const stranger = await generateKeyPair('ES256');
let folder: string;
let jwks: string;

beforeAll(async () => {
  const keys = await Promise.all(
    Object.entries(pairs).map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid })),
  );
  folder = mkdtempSync(join(tmpdir(), 'apex-jwks-'));
  jwks = join(folder, 'jwks.json');
  const symmetric = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'HS256' };
  writeFileSync(jwks, JSON.stringify({ keys: [...keys, symmetric] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Issue {
  readonly alg?: keyof typeof pairs;
  readonly claims?: JWTPayload;
  readonly expiresIn?: string | undefined;
}

function issue({ alg = 'ES256', claims = {}, expiresIn = '1h' }: Issue = {}): Promise<string> {
  const token = new SignJWT({ iss: issuer, aud: audience, sub: FRED, ...claims });
  token.setProtectedHeader({ alg, kid: alg });
  if (expiresIn !== '') token.setExpirationTime(expiresIn);
  return token.sign(pairs[alg].privateKey);
}

const verifier = (options: Partial<TokenVerifierOptions> = {}) =>
  tokenVerifier({ jwks, issuer, audience, ...options });

describe('tokenVerifier', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'accepts a token that the issuer has signed: %s',
    async (alg) => {
      const verify = await verifier();
      expect(await verify(await issue({ alg }))).toEqual(accepted);
    },
  );

  it('takes the endpoint from the claim that is configured', async () => {
    const verify = await verifier({ claim: 'apex_endpoint' });
    expect(await verify(await issue({ claims: { sub: 'x', apex_endpoint: FRED } }))).toEqual(accepted);
    expect(await verify(await issue())).toEqual(refused);
    expect(await verify(await issue({ claims: { apex_endpoint: 7 } }))).toEqual(refused);
  });

  it('lets clocks be apart a little', async () => {
    const seconds = Math.floor(Date.now() / 1000);
    const late = await issue({ claims: { exp: seconds - 100 }, expiresIn: '' });
    expect(await (await verifier({ clockToleranceSeconds: 1000 }))(late)).toEqual(accepted);
    expect(await (await verifier())(late)).toEqual(refused);
  });

  it.each<[string, Issue]>([
    ['of another issuer', { claims: { iss: 'https://other.example' } }],
    ['for somebody else', { claims: { aud: 'mail' } }],
    ['that has expired', { expiresIn: '-1h' }],
    ['that never expires', { expiresIn: '' }],
    ['that is not valid yet', { claims: { nbf: 4_000_000_000 } }],
    ['without a subject', { claims: { sub: undefined } as unknown as JWTPayload }],
    ['with an algorithm that is not on the list', { alg: 'RS384' }],
  ])('refuses a token %s', async (_name, made) => {
    expect(await (await verifier())(await issue(made))).toEqual(refused);
  });

  it('refuses a token of a stranger, one without a signature, and one with a shared key', async () => {
    const verify = await verifier();
    const claims = { iss: issuer, aud: audience, sub: FRED };
    const forged = new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'ES256' })
      .setExpirationTime('1h');
    expect(await verify(await forged.sign(stranger.privateKey))).toEqual(refused);
    expect(await verify(new UnsecuredJWT(claims).setExpirationTime('1h').encode())).toEqual(refused);
    const shared = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'HS256' })
      .setExpirationTime('1h');
    expect(await verify(await shared.sign(secret))).toEqual(refused);
    for (const text of ['', 'x', 'a.b.c', '..']) expect(await verify(text)).toEqual(refused);
  });

  it('refuses a token of which a letter was changed', async () => {
    const verify = await verifier();
    const token = await issue();
    for (const at of [3, token.indexOf('.') + 5, token.lastIndexOf('.') + 5]) {
      const letter = token[at] === 'A' ? 'B' : 'A';
      expect(await verify(token.slice(0, at) + letter + token.slice(at + 1))).toEqual(refused);
    }
  });

  it('reads the keys where the issuer publishes them, and gives no verdict when it cannot', async () => {
    let status = 500;
    const web = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(readFileSync(jwks));
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => web.close(() => resolve())));
    const verify = await verifier({ jwks: `http://127.0.0.1:${(web.address() as AddressInfo).port}/jwks` });
    const token = await issue();
    await expect(verify(token)).rejects.toThrow(/200 OK/);
    status = 200;
    expect(await verify(token)).toEqual(accepted);
  });

  it('wants keys that can be read and that nobody can exchange on their way', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{}');
    for (const wrong of [join(folder, 'absent.json'), broken, 'http://login.example.com/jwks']) {
      await expect(verifier({ jwks: wrong })).rejects.toMatchObject({ code: 'server.jwks' });
    }
  });
});

describe('a server with OAUTHBEARER', () => {
  it('lets the endpoint of a token in, and nobody of another domain', async () => {
    const server = await createApexServer({
      domain: 'example.com',
      store: new MemoryStore(),
      listen: { host: '127.0.0.1', port: 0 },
      requireTls: false,
      mechanisms: ['OAUTHBEARER'],
      oauth: { jwks, issuer, audience },
    });
    onTestFinished(() => server.close());
    const attempt = async (token: string) => {
      const peer = drive(await connectTcp(server.address), { role: 'initiator', profiles: [] });
      onTestFinished(() => peer.abort(new Error('the test is over')));
      return negotiate(peer, [oauthBearerClient({ token, requireSecured: false })]).catch(
        (error: { replyCode?: number }) => error.replyCode ?? error,
      );
    };
    expect(await attempt(await issue())).toBe('OAUTHBEARER');
    expect(await attempt(await issue({ claims: { sub: 'fred@example.org' } }))).toBe(535);
    expect(await attempt(await issue({ claims: { sub: 'no endpoint' } }))).toBe(535);
    expect(await attempt(await issue({ expiresIn: '-1h' }))).toBe(535);
  });
});
