import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MessageError, UsageError } from '../../../src/errors.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import { type HashName, type SaslCrypto, webCrypto } from '../../../src/profile/sasl/crypto.ts';
import type { ServerExchange, ServerStep } from '../../../src/profile/sasl/mechanism.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import {
  deriveScramKeys,
  type ScramClientOptions,
  type ScramServerOptions,
  scramClient,
  scramServer,
} from '../../../src/profile/sasl/scram.ts';
import { FakePeer, FakeSession } from './fakes.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const fromBase64 = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

const withNonce = (nonce: string): SaslCrypto => ({ ...webCrypto(), nonce: () => nonce });

interface Known {
  readonly hash?: HashName;
  readonly name?: string;
  readonly password?: string;
}

const salt = Uint8Array.from({ length: 16 }, (_, index) => index);

/** A server that knows one name, `bob` with the password `secret` unless said otherwise. */
async function serverOf(known: Known = {}, options: Partial<ScramServerOptions> = {}) {
  const { hash = 'SHA-256', name = 'bob', password = 'secret' } = known;
  const keys = await deriveScramKeys(hash, password, salt, 4096);
  return scramServer({
    hash,
    iterations: 4096,
    find: async (asked) => (asked === name ? keys : undefined),
    ...options,
  });
}

const bob = (options: Partial<ScramClientOptions> = {}) =>
  scramClient({ hash: 'SHA-256', authentication: 'bob', password: 'secret', ...options });

const begin = async (options?: Partial<ScramServerOptions>): Promise<ServerExchange> =>
  (await serverOf({}, options)).start(new FakeSession().facts);

async function challengeOf(exchange: ServerExchange, message: string | Uint8Array): Promise<Uint8Array> {
  const step = await exchange.respond(typeof message === 'string' ? octets(message) : message);
  if (step.kind !== 'challenge') throw new Error(`not a challenge: ${step.kind}`);
  return step.data;
}

/** The whole exchange; `change` may meddle with each message on its way. */
async function course(
  client: ReturnType<typeof scramClient>,
  server: Awaited<ReturnType<typeof serverOf>>,
  change: (message: Uint8Array, step: number) => Uint8Array = (message) => message,
): Promise<ServerStep> {
  const exchange = server.start(new FakeSession().facts);
  const first = await client.initial();
  const challenge = await challengeOf(exchange, change(first!, 0));
  const outcome = await exchange.respond(change(await client.respond(change(challenge, 1)), 2));
  if (outcome.kind === 'complete') await client.finish(change(outcome.data!, 3));
  return outcome;
}

const failure = expect.objectContaining({
  kind: 'failed',
  error: expect.objectContaining({ replyCode: 535 }),
});

describe('the examples of the RFCs', () => {
  const examples = [
    {
      tag: '5802 §5',
      hash: 'SHA-1' as const,
      clientNonce: 'fyko+d2lbbFgONRv9qkxdawL',
      serverNonce: '3rfcNHYJY1ZVvWVs7j',
      salt: 'QSXCR+Q6sek8bf92',
      final: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      verifier: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    },
    {
      tag: '7677 §3',
      hash: 'SHA-256' as const,
      clientNonce: 'rOprNGfwEbeRWgbNEkqO',
      serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
      salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
      final:
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      verifier: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    },
  ];

  it.each(examples)('[5802 §5] [7677 §3] are what the client computes: $hash', async (example) => {
    const { hash, clientNonce, serverNonce } = example;
    const client = scramClient({
      hash,
      authentication: 'user',
      password: 'pencil',
      crypto: withNonce(clientNonce),
    });
    expect(text((await client.initial())!)).toBe(`n,,n=user,r=${clientNonce}`);
    const challenge = octets(`r=${clientNonce}${serverNonce},s=${example.salt},i=4096`);
    expect(text(await client.respond(challenge))).toBe(example.final);
    await client.finish(octets(example.verifier));
  });

  it.each(examples)('[5802 §5] [7677 §3] are what the server accepts: $hash', async (example) => {
    const { hash, clientNonce, serverNonce } = example;
    const keys = await deriveScramKeys(hash, 'pencil', fromBase64(example.salt), 4096);
    const crypto = withNonce(serverNonce);
    const server = scramServer({ hash, iterations: 4096, find: async () => keys, crypto });
    const exchange = server.start(new FakeSession().facts);
    const challenge = await challengeOf(exchange, `n,,n=user,r=${clientNonce}`);
    expect(text(challenge)).toBe(`r=${clientNonce}${serverNonce},s=${example.salt},i=4096`);
    expect(await exchange.respond(octets(example.final))).toEqual({
      kind: 'complete',
      identity: { authorization: 'user' },
      data: octets(example.verifier),
    });
  });
});

describe('scramServer', () => {
  const nonce = 'abcdefgh';
  const first = `n,,n=bob,r=${nonce}`;

  it('[4422 §5] gives an empty challenge when there is no initial response', async () => {
    const exchange = await begin();
    expect(await exchange.respond(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) });
    expect(text(await challengeOf(exchange, first))).toMatch(/^r=abcdefgh/);
  });

  it('[5802 §5.1] gives each exchange another nonce behind that of the client', async () => {
    const nonces = await Promise.all(
      Array.from({ length: 20 }, async () => text(await challengeOf(await begin(), first)).split(',')[0]),
    );
    expect(new Set(nonces).size).toBe(20);
    for (const each of nonces) expect(each).toMatch(/^r=abcdefgh[!-+--~]{24}$/);
  });

  it('[B13] takes an unknown name through the same course, with a salt that stays, and refuses it alike', async () => {
    const server = await serverOf();
    const outcomes = new Map<string, unknown>();
    const parts = async (name: string): Promise<string> => {
      const exchange = server.start(new FakeSession().facts);
      const challenge = text(await challengeOf(exchange, `n,,n=${name},r=${nonce}`));
      const [full, salted, iterations] = challenge.split(',');
      const proof = Buffer.alloc(32).toString('base64');
      const outcome = await exchange.respond(octets(`c=biws,${full},p=${proof}`));
      // Who is meant is for those who watch, not for the client.
      expect(outcome).toMatchObject({ authentication: name });
      outcomes.set(name, { ...outcome, authentication: '' });
      expect(iterations).toBe('i=4096');
      expect(fromBase64(salted!.slice(2))).toHaveLength(16);
      return salted!;
    };
    expect(await parts('tom')).toBe(await parts('tom'));
    expect(await parts('tom')).not.toBe(await parts('tim'));
    await parts('bob');
    expect(outcomes.get('bob')).toEqual(failure);
    expect(outcomes.get('tom')).toEqual(outcomes.get('bob'));
  });

  it('[B13] refuses an unknown name whatever its proof', async () => {
    // The stored key of a decoy is no secret to this test: even who could prove it is refused.
    const keys = await deriveScramKeys('SHA-256', 'secret', salt, 4096);
    const crypto: SaslCrypto = {
      ...webCrypto(),
      hash: async (name, data) => (data.length === 32 ? keys.storedKey : webCrypto().hash(name, data)),
    };
    const step = await course(bob({ authentication: 'tom' }), await serverOf({}, { crypto }));
    expect(step).toEqual(failure);
  });

  it('lets the application say who may act as whom', async () => {
    const authorize = (requested: string | undefined, who: string) => `${who} as ${requested}`;
    const server = await serverOf({}, { authorize });
    expect(await course(bob({ authorization: 'a,b=c' }), server)).toMatchObject({
      identity: { authorization: 'bob as a,b=c' },
    });
    expect(await course(bob(), server)).toMatchObject({ identity: { authorization: 'bob as undefined' } });
    expect(await course(bob({ authorization: 'alice' }), await serverOf())).toMatchObject({
      kind: 'failed',
      error: { replyCode: 535, text: 'not authorized to act as the requested identity' },
    });
  });

  it('[5802 §6] takes a client that could bind channels, and refuses one that insists', async () => {
    expect(text(await challengeOf(await begin(), `y,,n=bob,r=${nonce}`))).toMatch(/^r=/);
    expect(await (await begin()).respond(octets(`p=tls-unique,,n=bob,r=${nonce}`))).toEqual(failure);
  });

  it('[5802 §5.1] skips extensions that need not be understood', async () => {
    expect(text(await challengeOf(await begin(), `${first},x=1,y=a=b`))).toMatch(/^r=/);
  });

  it.each([
    ['nothing', ''],
    ['no gs2-header', `n=bob,r=${nonce}`],
    ['an unknown flag', `x,,n=bob,r=${nonce}`],
    ['a binding without a name', `p=,,n=bob,r=${nonce}`],
    ['an empty authorization identity', `n,a=,n=bob,r=${nonce}`],
    ['something else for it', `n,b=x,n=bob,r=${nonce}`],
    ['a mandatory extension', `n,,m=x,n=bob,r=${nonce}`],
    ['no name', `n,,r=${nonce}`],
    ['an empty name', `n,,n=,r=${nonce}`],
    ['a name with a bare =', `n,,n=b=ob,r=${nonce}`],
    ['a name with a lower case escape', `n,,n=b=2cob,r=${nonce}`],
    ['a name that is too long', `n,,n=${'b'.repeat(1025)},r=${nonce}`],
    ['a message that is too long', `n,,n=bob,r=${'n'.repeat(8192)}`],
    ['an empty nonce', 'n,,n=bob,r='],
    ['a nonce with a space', 'n,,n=bob,r=a b'],
    ['a nonce with a letter beyond ASCII', 'n,,n=bob,r=ä'],
    ['an extension without a name', `n,,n=bob,r=${nonce},=1`],
    ['an extension without a value', `n,,n=bob,r=${nonce},x=`],
    ['a comma at the end', `n,,n=bob,r=${nonce},`],
    ['NUL', `n,,n=b\0ob,r=${nonce}`],
    ['what is not UTF-8', Uint8Array.of(0x6e, 0x2c, 0x2c, 0x6e, 0x3d, 0xff)],
  ])('[5802 §7] refuses a first message with %s, without showing it', async (_name, message) => {
    const exchange = await begin();
    const error = await (async () =>
      exchange.respond(typeof message === 'string' ? octets(message) : message))().catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(MessageError);
    expect(error).toMatchObject({ code: 'sasl.scram', replyCode: 501 });
    expect((error as Error).message).not.toContain('bob');
  });

  const proof = `p=${Buffer.alloc(32).toString('base64')}`;
  it.each([
    ['the nonce of the client alone', `c=biws,r=${nonce},${proof}`],
    ['another nonce', `c=biws,r=FULLx,${proof}`],
    ['another gs2-header', `c=eSws,r=FULL,${proof}`],
    ['channel binding data', `c=biwsYWJj,r=FULL,${proof}`],
    ['a proof of another length', 'c=biws,r=FULL,p=AAAA'],
    ['a wrong proof', `c=biws,r=FULL,${proof}`],
  ])('[5802 §5.1] refuses a final message with %s', async (_name, message) => {
    const exchange = await begin();
    const full = text(await challengeOf(exchange, first))
      .split(',')[0]!
      .slice(2);
    expect(await exchange.respond(octets(message.replace('FULL', full)))).toEqual(failure);
  });

  it.each([
    ['nothing', ''],
    ['no proof', 'c=biws,r=FULL'],
    ['a proof that is not last', `c=biws,r=FULL,${proof},x=1`],
    ['a proof that is not base64', 'c=biws,r=FULL,p=*'],
    ['attributes in another order', `r=FULL,c=biws,${proof}`],
    ['a mandatory extension', `m=1,c=biws,r=FULL,${proof}`],
  ])('[5802 §7] cannot read a final message with %s', async (_name, message) => {
    const exchange = await begin();
    const full = text(await challengeOf(exchange, first))
      .split(',')[0]!
      .slice(2);
    await expect(exchange.respond(octets(message.replace('FULL', full)))).rejects.toBeInstanceOf(
      MessageError,
    );
  });
});

describe('scramClient', () => {
  const crypto = withNonce('abcdefgh');
  const challenge = (changes: { r?: string; i?: string; s?: string } = {}) =>
    octets(`r=${changes.r ?? 'abcdefghXYZ'},s=${changes.s ?? 'QSXCR+Q6sek8bf92'},i=${changes.i ?? '4096'}`);

  it('[5802 §5.1] escapes commas and equals signs of both identities', async () => {
    const client = bob({ authorization: 'a,b', authentication: 'c=d', crypto });
    expect(text((await client.initial())!)).toBe('n,a=a=2Cb,n=c=3Dd,r=abcdefgh');
  });

  it.each([
    ['does not continue the nonce', { r: 'abcdefgXYZ' }, 'sasl.scram'],
    ['adds nothing to the nonce', { r: 'abcdefgh' }, 'sasl.scram'],
    ['asks for too few iterations', { i: '4095' }, 'sasl.iterations'],
    ['asks for more iterations than there may be', { i: '1000001' }, 'sasl.iterations'],
    ['asks for iterations without end', { i: '99999999999' }, 'sasl.scram'],
    ['gives no number of iterations', { i: '4096x' }, 'sasl.scram'],
    ['gives iterations that begin with 0', { i: '04096' }, 'sasl.scram'],
    ['gives no salt', { s: '' }, 'sasl.scram'],
    ['gives a salt that is not base64', { s: '*' }, 'base64'],
    ['demands an extension', { i: '4096', r: 'abcdefghXYZ,m=1' }, 'sasl.scram'],
  ])('[5802 §5.1] ends the exchange when the server %s', async (_name, changes, code) => {
    const costly = vi.fn(webCrypto().pbkdf2);
    const client = bob({ crypto: { ...crypto, pbkdf2: costly } });
    await client.initial();
    await expect((async () => client.respond(challenge(changes)))()).rejects.toMatchObject({ code });
    expect(costly).not.toHaveBeenCalled();
  });

  it('[5802 §5.1] lets the application say how many iterations there may be', async () => {
    const client = bob({ crypto, maxIterations: 5000 });
    await client.initial();
    await expect((async () => client.respond(challenge({ i: '5001' })))()).rejects.toMatchObject({
      code: 'sasl.iterations',
    });
    expect(text(await client.respond(challenge({ i: '5000' })))).toMatch(/^c=biws,r=abcdefghXYZ,p=/);
  });

  it('[5802 §5.1] refuses a mandatory extension before the nonce', async () => {
    const message = octets('m=1,r=abcdefghXYZ,s=QSXCR+Q6sek8bf92,i=4096');
    const client = bob({ crypto });
    await client.initial();
    await expect((async () => client.respond(message))()).rejects.toMatchObject({ code: 'sasl.scram' });
  });

  it('answers one challenge only', async () => {
    const client = bob({ crypto });
    await client.initial();
    await client.respond(challenge());
    await expect((async () => client.respond(challenge()))()).rejects.toMatchObject({
      code: 'sasl.challenge',
    });
  });

  it.each([
    ['proves nothing', '', 'sasl.scram'],
    ['proves something else', `v=${Buffer.alloc(32).toString('base64')}`, 'sasl.server'],
    ['proves too little', 'v=AAAA', 'sasl.server'],
    ['says that it failed', 'e=other-error', 'sasl.scram'],
  ])('[B12] does not trust a server that reports success and %s', async (_name, data, code) => {
    const client = bob({ crypto });
    await client.initial();
    await client.respond(challenge());
    await expect((async () => client.finish(octets(data)))()).rejects.toMatchObject({ code });
  });

  it('[B12] does not trust a server that reports success before the challenge', async () => {
    await expect((async () => bob({ crypto }).finish(octets('v=AAAA')))()).rejects.toMatchObject({
      code: 'sasl.server',
    });
  });

  it('refuses identities and passwords that SCRAM cannot carry, without showing them', () => {
    for (const wrong of ['', 'a\0b', '\ud800']) {
      expect(() => bob({ authentication: wrong })).toThrow(UsageError);
      expect(() => bob({ authorization: wrong })).toThrow(UsageError);
      expect(() => bob({ password: wrong })).toThrow(/^(?!.*secret)/);
    }
  });

  describe('in a page without cryptography', () => {
    afterEach(() => vi.unstubAllGlobals());

    it('says why', () => {
      vi.stubGlobal('crypto', { getRandomValues: () => undefined });
      expect(() => bob().initial()).toThrow(expect.objectContaining({ code: 'sasl.crypto' }));
    });
  });
});

describe('client and server', () => {
  it('[B12] agree over a session, and the proof of the server travels with its success', async () => {
    const session = new FakeSession();
    const peer = FakePeer.connectedTo(saslProfile(await serverOf()), session);
    await authenticate(peer, bob());
    expect(session.facts.identity).toEqual({ mechanism: 'SCRAM-SHA-256', authorization: 'bob' });
    expect(peer.aborted).toBeUndefined();
    expect(peer.sent).toHaveLength(1);
  });

  it('[B12] end the session when the server does not know the password that it accepts', async () => {
    const peer = FakePeer.connectedTo(
      saslProfile({
        name: 'SCRAM-SHA-256',
        requireSecured: false,
        start: () => {
          let nonce = '';
          return {
            respond: (response) => {
              if (nonce !== '') return { kind: 'complete', identity: { authorization: 'bob' } };
              nonce = /r=(.*)/.exec(text(response!))![1]!;
              return { kind: 'challenge', data: octets(`r=${nonce}x,s=QSXCR+Q6sek8bf92,i=4096`) };
            },
          };
        },
      }),
      new FakeSession(),
    );
    await expect(authenticate(peer, bob())).rejects.toMatchObject({ code: 'sasl.scram' });
    expect(peer.aborted).toMatchObject({ code: 'sasl.scram' });
  });

  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((each) => !each.includes('\0')),
    fc.string({ unit: fc.constantFrom(',', '=', '=2C', '=3D', 'n=', 'é'), minLength: 1, maxLength: 20 }),
  );
  const password = fc.string({
    unit: fc.constantFrom('a', ',', '=', ' ', 'ß', '😀', '名', "'"),
    minLength: 1,
  });

  it.each(['SHA-1', 'SHA-256'] as const)(
    '[5802 §5.1] agree for every name and password, and on no other password: %s',
    async (hash) => {
      await fc.assert(
        fc.asyncProperty(name, name, password, async (authentication, authorization, secret) => {
          const server = await serverOf(
            { hash, name: authentication, password: secret },
            { authorize: (requested) => requested },
          );
          const as = (tried: string) => scramClient({ hash, authentication, authorization, password: tried });
          expect(await course(as(secret), server)).toMatchObject({
            kind: 'complete',
            identity: { authorization },
          });
          expect(await course(as(`${secret}a`), server)).toEqual(failure);
        }),
        { numRuns: 30 },
      );
    },
  );

  it('[5802 §5.1] do not agree when any octet of any message was changed on its way', async () => {
    const server = await serverOf({ name: 'b,o=b' }, { authorize: (requested) => requested });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (step, at, difference) => {
          const client = bob({ authentication: 'b,o=b', authorization: 'alice' });
          const meddled = course(client, server, (message, which) =>
            which === step
              ? message.map((octet, index) => (index === at % message.length ? octet ^ difference : octet))
              : message,
          );
          const outcome = await meddled.then(
            ({ kind }) => kind,
            (error: unknown) => error,
          );
          if (outcome !== 'failed') expect(outcome).toBeInstanceOf(MessageError);
        },
      ),
      { numRuns: 200 },
    );
  });
});
