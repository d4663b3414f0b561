import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatManagement, parseManagement } from '../../../src/management/elements.ts';
import { decodeBase64 } from '../../../src/message/base64.ts';
import { beepXmlBody } from '../../../src/message/mime.ts';
import { anonymousClient, anonymousServer } from '../../../src/profile/sasl/anonymous.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import { parseOutcome } from '../../../src/profile/sasl/blob.ts';
import { type SaslCrypto, webCrypto } from '../../../src/profile/sasl/crypto.ts';
import { digestMd5Client, digestMd5Server } from '../../../src/profile/sasl/digest-md5.ts';
import { digestSecret } from '../../../src/profile/sasl/digest-messages.ts';
import { externalClient, externalServer } from '../../../src/profile/sasl/external.ts';
import type { ClientMechanism, ServerMechanism } from '../../../src/profile/sasl/mechanism.ts';
import { plainClient, plainServer } from '../../../src/profile/sasl/plain.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import { deriveScramKeys, scramClient, scramServer } from '../../../src/profile/sasl/scram.ts';
import { FakePeer, FakeSession, startOn } from './fakes.ts';

/** Recorded octets of another implementation: both its roles, one file for each direction. */
interface Recorded {
  readonly keyword: string;
  readonly channel: number;
  readonly payload: Uint8Array;
}

function recording(name: string, direction: 'c2s' | 's2c'): readonly Recorded[] {
  const octets = readFileSync(new URL(`../../fixtures/vortex/${name}.${direction}.bin`, import.meta.url));
  const frames: Recorded[] = [];
  for (let at = 0; at < octets.length; ) {
    const lineEnd = octets.indexOf('\r\n', at);
    const [keyword, channel, , , , size] = octets.toString('latin1', at, lineEnd).split(' ');
    if (keyword === 'SEQ') {
      at = lineEnd + 2;
      continue;
    }
    const payload = octets.subarray(lineEnd + 2, lineEnd + 2 + Number(size));
    frames.push({ keyword: keyword!, channel: Number(channel), payload });
    at = lineEnd + 2 + payload.length + 'END\r\n'.length;
  }
  return frames;
}

const names = [
  'sasl-anonymous',
  'sasl-plain',
  'sasl-plain-authzid',
  'sasl-plain-bad',
  'sasl-scram-sha-1',
  'sasl-scram-sha-256',
  'sasl-external',
  'sasl-cram-md5',
  'sasl-digest-md5',
  'sasl-digest-md5-bad',
];

/** The profile element with the SASL start, or its reply. */
function initialization(name: string, direction: 'c2s' | 's2c'): { uri: string; initialization: string } {
  for (const { channel, payload } of recording(name, direction)) {
    if (channel !== 0) continue;
    const element = parseManagement(beepXmlBody(payload));
    const profile = element.kind === 'start' ? element.profiles[0]! : element;
    if (profile.kind === 'profile' && profile.initialization !== undefined) {
      return { uri: profile.uri, initialization: profile.initialization };
    }
  }
  throw new Error(`no initialization in ${name}`);
}

describe('recordings of another implementation', () => {
  it.each(names)(
    'have channel zero elements that are read, and written so that they read the same: %s',
    (name) => {
      for (const direction of ['c2s', 's2c'] as const) {
        const onZero = recording(name, direction).filter(({ channel }) => channel === 0);
        expect(onZero.length).toBeGreaterThan(1);
        for (const { payload } of onZero) {
          const element = parseManagement(beepXmlBody(payload));
          expect(parseManagement(formatManagement(element))).toEqual(element);
        }
      }
    },
  );

  it.each(['sasl-scram-sha-1', 'sasl-scram-sha-256', 'sasl-cram-md5', 'sasl-digest-md5'])(
    'have blobs without Content-Type on SASL channels, which are read: %s',
    (name) => {
      for (const direction of ['c2s', 's2c'] as const) {
        const blobs = recording(name, direction).filter(({ channel }) => channel !== 0);
        expect(blobs.length).toBeGreaterThan(0);
        for (const { payload } of blobs)
          expect(parseOutcome(beepXmlBody(payload)).data).toBeInstanceOf(Uint8Array);
      }
    },
  );

  it('have a failure in RPY, which is read as one', () => {
    const [reply] = recording('sasl-digest-md5-bad', 's2c').filter(({ channel }) => channel === 3);
    expect(reply!.keyword).toBe('RPY');
    expect(() => parseOutcome(beepXmlBody(reply!.payload))).toThrow(
      expect.objectContaining({ replyCode: 535 }),
    );
  });

  const verifier = {
    verify: async (who: string, password: string) => who === 'bob' && password === 'secret',
  };
  const authorize = (requested: string | undefined, who: string) => requested ?? who;
  const exchanges: readonly (readonly [string, ServerMechanism, ClientMechanism])[] = [
    ['sasl-plain', plainServer({ verifier }), plainClient({ authentication: 'bob', password: 'secret' })],
    [
      'sasl-plain-authzid',
      plainServer({ verifier, authorize }),
      plainClient({ authorization: 'alice', authentication: 'bob', password: 'secret' }),
    ],
    ['sasl-anonymous', anonymousServer(), anonymousClient('fred@example.com')],
    ['sasl-external', externalServer({ identify: () => 'bob' }), externalClient('bob')],
  ];

  it.each(exchanges)(
    'start as our client starts, and our server answers as theirs: %s',
    async (name, server, client) => {
      const theirs = initialization(name, 'c2s');
      const answer = initialization(name, 's2c');
      const profile = saslProfile(server);
      expect(profile.uri).toBe(theirs.uri);
      expect(await startOn(profile, new FakeSession(), theirs.initialization)).toMatchObject({
        kind: 'accepted',
        initializationReply: answer.initialization,
      });

      const peer = new FakePeer();
      peer.answerStart = async () => ({ initializationReply: answer.initialization });
      await authenticate(peer, client);
      expect(peer.starts[0]!.profiles).toEqual([theirs]);
    },
  );

  /** The data of the blobs of one direction, those in profile elements first. */
  const blobs = (name: string, direction: 'c2s' | 's2c'): readonly string[] => {
    const onChannel = recording(name, direction).filter(({ channel }) => channel !== 0);
    const [start] =
      name.startsWith('sasl-scram') || direction === 's2c' ? [initialization(name, direction)] : [];
    return [
      ...(start === undefined ? [] : [parseOutcome(start.initialization)]),
      ...onChannel.map(({ payload }) => parseOutcome(beepXmlBody(payload))),
    ].map(({ data }) => new TextDecoder().decode(data));
  };
  const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
  const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);
  const withNonce = (nonce: string): SaslCrypto => ({ ...webCrypto(), nonce: () => nonce });

  it.each([
    ['sasl-scram-sha-1', 'SHA-1'],
    ['sasl-scram-sha-256', 'SHA-256'],
  ] as const)('are what our client and our server say with the same nonces: %s', async (name, hash) => {
    const [clientFirst, clientFinal] = blobs(name, 'c2s') as [string, string];
    const [serverFirst, serverFinal] = blobs(name, 's2c') as [string, string];
    const [, clientNonce] = /r=(.*)$/.exec(clientFirst)!;
    const [, nonce, salt, iterations] = /^r=(.*),s=(.*),i=(.*)$/.exec(serverFirst)!;

    const client = scramClient({
      hash,
      authentication: 'bob',
      password: 'secret',
      crypto: withNonce(clientNonce!),
    });
    expect(text(await client.initial())).toBe(clientFirst);
    expect(text(await client.respond(octets(serverFirst)))).toBe(clientFinal);
    await client.finish(octets(serverFinal));

    const keys = await deriveScramKeys(hash, 'secret', decodeBase64(salt!), Number(iterations));
    const crypto = withNonce(nonce!.slice(clientNonce!.length));
    const server = scramServer({ hash, iterations: 4096, find: async () => keys, crypto });
    const exchange = server.start(new FakeSession().facts);
    expect(await exchange.respond(octets(clientFirst))).toEqual({
      kind: 'challenge',
      data: octets(serverFirst),
    });
    expect(await exchange.respond(octets(clientFinal))).toMatchObject({
      kind: 'complete',
      identity: { authorization: 'bob' },
      data: octets(serverFinal),
    });
  });

  it('are what our client and our server say with the same nonces: sasl-digest-md5', async () => {
    const [response] = blobs('sasl-digest-md5', 'c2s') as [string];
    const [challenge, proof] = blobs('sasl-digest-md5', 's2c') as [string, string];
    const value = (of: string, key: string) => new RegExp(`(?:^|, )${key}="([^"]*)"`).exec(of)![1]!;
    const inOrder = (directives: string) => directives.split(/, */).sort();

    const client = digestMd5Client({
      authentication: 'bob',
      password: 'secret',
      host: '127.0.0.1',
      crypto: withNonce(value(response, 'cnonce')),
    });
    expect(inOrder(text(await client.respond(octets(challenge))))).toEqual(inOrder(response));
    await client.finish(octets(proof));

    const server = digestMd5Server({
      realms: ['example.com'],
      hosts: ['127.0.0.1'],
      find: async (name) => digestSecret(name, 'example.com', 'secret'),
      crypto: withNonce(value(challenge, 'nonce')),
    });
    const exchange = server.start(new FakeSession().facts);
    const ours = await exchange.respond(undefined);
    expect(ours.kind === 'challenge' && inOrder(text(ours.data))).toEqual(inOrder(challenge));
    expect(await exchange.respond(octets(response))).toMatchObject({
      kind: 'complete',
      identity: { authorization: 'bob' },
      data: octets(proof),
    });
  });

  it('have wrong credentials, which our server refuses too', async () => {
    const theirs = initialization('sasl-plain-bad', 'c2s');
    expect(
      await startOn(saslProfile(plainServer({ verifier })), new FakeSession(), theirs.initialization),
    ).toMatchObject({
      initializationReply: "<error code='535'>authentication failed</error>",
    });
  });
});
