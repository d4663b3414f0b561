import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError, UsageError } from '../../../src/errors.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import { webCrypto } from '../../../src/profile/sasl/crypto.ts';
import {
  type DigestMd5ClientOptions,
  type DigestMd5ServerOptions,
  digestMd5Client,
  digestMd5Server,
} from '../../../src/profile/sasl/digest-md5.ts';
import { digestProof, digestSecret } from '../../../src/profile/sasl/digest-messages.ts';
import { md5 } from '../../../src/profile/sasl/md5.ts';
import type { ServerStep } from '../../../src/profile/sasl/mechanism.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import { FakePeer, FakeSession } from './fakes.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const realm = 'example.com';

const server = (options: Partial<DigestMd5ServerOptions> = {}) =>
  digestMd5Server({
    realms: [realm],
    find: async (name) => (name === 'bob' ? digestSecret('bob', realm, 'secret') : undefined),
    ...options,
  });
const bob = (options: Partial<DigestMd5ClientOptions> = {}) =>
  digestMd5Client({ authentication: 'bob', password: 'secret', host: realm, ...options });
const failure = expect.objectContaining({
  kind: 'failed',
  error: expect.objectContaining({ replyCode: 535 }),
});

/** The proof of who knows the secret of an unknown name. */
function forge(response: string): string {
  const value = (key: string) => new RegExp(`(?:^|,)${key}="([^"]*)"`).exec(response)![1]!;
  return digestProof('client', {
    secret: new Uint8Array(16),
    nonce: value('nonce'),
    clientNonce: value('cnonce'),
    uri: value('digest-uri'),
    authorization: undefined,
  });
}

/** The whole exchange; `change` may meddle with each message on its way. */
async function course(
  client: ReturnType<typeof bob>,
  options: Partial<DigestMd5ServerOptions> = {},
  change: (message: Uint8Array, step: number) => Uint8Array = (message) => message,
): Promise<ServerStep> {
  const exchange = server(options).start(new FakeSession().facts);
  const challenge = await exchange.respond(undefined);
  if (challenge.kind !== 'challenge') throw new Error(challenge.kind);
  const outcome = await exchange.respond(change(await client.respond(change(challenge.data, 0)), 1));
  if (outcome.kind === 'complete') await client.finish(change(outcome.data!, 2));
  return outcome;
}

it('MD5 is that of another implementation, for every length', () => {
  for (let length = 0; length < 200; length++) {
    const message = Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 0xff);
    expect(Buffer.from(md5(message))).toEqual(createHash('md5').update(message).digest());
  }
});

describe('digestMd5Server', () => {
  const respond = async (change: (response: string) => string, options?: Partial<DigestMd5ServerOptions>) =>
    course(bob(), options, (message, step) => (step === 1 ? octets(change(text(message))) : message));

  it('[B15] has the client choose among its realms, and looks the name up in that one', async () => {
    const asked: string[] = [];
    const options = {
      realms: ['rubble.com', 'example.com'],
      find: async (name: string, realm: string) => {
        asked.push(realm);
        return digestSecret(name, realm, 'secret');
      },
    };
    const complete = expect.objectContaining({ kind: 'complete' });
    // The host it dialled, when that is one of them, else the first.
    expect(await course(bob({ host: 'example.com' }), options)).toEqual(complete);
    expect(await course(bob({ host: 'relay.net' }), { ...options, hosts: ['relay.net'] })).toEqual(complete);
    expect(await course(bob({ realm: 'example.com', host: 'rubble.com' }), options)).toEqual(complete);
    expect(await course(bob({ realm: 'bedrock.com', host: 'rubble.com' }), options)).toEqual(failure);
    expect(asked).toEqual(['example.com', 'rubble.com', 'example.com']);
  });

  it('[B12] proves itself in the data of its success', async () => {
    const session = new FakeSession();
    const peer = FakePeer.connectedTo(saslProfile(server()), session);
    await authenticate(peer, bob());
    expect(session.facts.identity).toEqual({ mechanism: 'DIGEST-MD5', authorization: 'bob' });
    expect(peer.sent).toHaveLength(1);
    expect(peer.aborted).toBeUndefined();
  });

  it('[B13] refuses an unknown name and a wrong password alike', async () => {
    expect(await course(bob({ password: 'wrong' }))).toEqual(failure);
    const unknown = await course(bob({ authentication: 'tom' }));
    // What differs is for those who watch, not for the client.
    const wrong = await course(bob({ password: 'wrong' }));
    expect({ ...unknown, authentication: '' }).toEqual({ ...wrong, authentication: '' });
    // Who knows what a decoy is made of is refused all the same.
    const forged = await respond(
      (response) => response.replace(/response=\w+/, `response=${forge(response)}`),
      { find: async () => undefined },
    );
    expect(forged).toEqual(failure);
  });

  it('acts as the identity that the application allows', async () => {
    const client = () => bob({ authorization: 'al"i\\ce' });
    expect(await course(client(), { authorize: (requested) => requested })).toMatchObject({
      identity: { authorization: 'al"i\\ce' },
    });
    expect(await course(client())).toEqual(failure);
  });

  it.each([
    ['another nonce', (response: string) => response.replace(/,nonce="./, ',nonce="_')],
    ['a nonce count of a second use', (response: string) => response.replace('nc=00000001', 'nc=00000002')],
    ['a security layer', (response: string) => response.replace('qop=auth', 'qop=auth-int')],
    ['another realm', (response: string) => response.replace('realm="example.com"', 'realm="x"')],
    ['no realm', (response: string) => response.replace('realm="example.com",', '')],
    ['another host', (response: string) => response.replace('beep/example.com', 'beep/example.org')],
    [
      'an upper case response',
      (response: string) => response.replace(/response=\w+/, (each) => each.toUpperCase()),
    ],
  ])('refuses %s', async (_name, change) => {
    expect(await respond(change)).toEqual(failure);
  });

  it.each([
    ['nothing', () => ''],
    ['no name', (response: string) => response.replace('username="bob",', '')],
    ['a name twice', (response: string) => `${response},username="bob"`],
    ['an open quote', (response: string) => `${response},x="`],
    ['a directive without a value', (response: string) => `${response},x`],
    [
      'no UTF-8 and a name that needs it',
      (response: string) => response.replace('charset=utf-8,', '').replace('bob', 'böb'),
    ],
    ['too much', (response: string) => `${response},x=${'y'.repeat(4096)}`],
  ])('cannot read %s', async (_name, change) => {
    await expect(respond(change)).rejects.toMatchObject({ code: 'sasl.digest', replyCode: 501 });
  });

  it('reads directives with spaces and empty elements between them', async () => {
    expect(await respond((response) => ` ,${response.replaceAll(',', ' , ,\t')},`)).toMatchObject({
      kind: 'complete',
    });
  });

  it('takes no response before its challenge but an empty one', async () => {
    const exchange = server().start(new FakeSession().facts);
    expect(() => exchange.respond(octets('username="bob"'))).toThrow(MessageError);
    expect(await exchange.respond(octets(''))).toMatchObject({ kind: 'challenge' });
  });
});

describe('digestMd5Client', () => {
  const challenge = 'realm="example.com",nonce="n",qop="auth",charset=utf-8,algorithm=md5-sess';
  const answer = async (changed: string) => bob().respond(octets(changed));

  it.each([
    ['without a nonce', challenge.replace('nonce="n",', '')],
    ['with another algorithm', challenge.replace('md5-sess', 'md5')],
    ['without UTF-8', challenge.replace('charset=utf-8,', '')],
    ['with security layers only', challenge.replace('"auth"', '"auth-int,auth-conf"')],
  ])('ends the exchange on a challenge %s', async (_name, changed) => {
    await expect(answer(changed)).rejects.toMatchObject({ code: 'sasl.digest' });
  });

  it('takes the first realm when none is the host, and chooses no security layer', async () => {
    const response = text(
      await answer(
        `realm="a b",${challenge.replace('example', 'rubble').replace('"auth"', '"auth-conf,auth"')}`,
      ),
    );
    expect(response).toContain('realm="a b"');
    expect(response).toMatch(/qop=auth(,|$)/);
  });

  it.each(['', 'rspauth=00', `rspauth=${'0'.repeat(32)}`])(
    '[B12] does not trust a server that proves "%s"',
    async (proof) => {
      const client = bob();
      await client.respond(octets(challenge));
      await expect((async () => client.finish(octets(proof)))()).rejects.toBeInstanceOf(MessageError);
      await expect((async () => bob().finish(octets(proof)))()).rejects.toBeInstanceOf(MessageError);
    },
  );

  it('takes the proof in a second challenge too, and no third one', async () => {
    const client = bob();
    const outcome = await course(client, {}, (message, step) => {
      if (step === 2) expect(client.respond(message)).toEqual(new Uint8Array(0));
      return step === 2 ? new Uint8Array(0) : message;
    });
    expect(outcome.kind).toBe('complete');
    expect(() => client.respond(octets(challenge))).toThrow(MessageError);
  });

  it('refuses what it cannot carry', () => {
    expect(() => bob({ authentication: '' })).toThrow(UsageError);
    expect(() => bob({ authorization: 'a\0' })).toThrow(UsageError);
    expect(() => bob({ password: '' })).toThrow(UsageError);
  });
});

describe('client and server', () => {
  const name = fc.string({ unit: fc.constantFrom('a', ',', '=', '"', '\\', 'é', '名', ' '), minLength: 1 });

  it('agree for every name and password, and on no other password', async () => {
    await fc.assert(
      fc.asyncProperty(
        name,
        name.filter((each) => each.trim() !== ''),
        async (authentication, password) => {
          const find = async () => digestSecret(authentication, realm, password);
          expect(await course(bob({ authentication, password }), { find })).toMatchObject({
            kind: 'complete',
            identity: { authorization: authentication },
          });
          expect(await course(bob({ authentication, password: `${password}a` }), { find })).toEqual(failure);
        },
      ),
    );
  });

  it('do not agree when any letter of what they prove was changed on its way', async () => {
    const crypto = webCrypto();
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(), async (step, at) => {
        const outcome = course(bob({ crypto }), {}, (message, which) => {
          if (which !== step) return message;
          // What is not part of any proof: the first letters of optional directives, and white space.
          const values = [
            ...text(message).matchAll(/(?:nonce="|username="|response=|rspauth=|uri=")([^",]+)/g),
          ];
          const value = values[at % values.length]!;
          const place = value.index + value[0].length - 1;
          return message.map((octet, index) => (index === place ? octet ^ 1 : octet));
        });
        const seen = await outcome.then(
          ({ kind }) => kind,
          (error: unknown) => error,
        );
        if (seen !== 'failed') expect(seen).toBeInstanceOf(MessageError);
      }),
    );
  });
});
