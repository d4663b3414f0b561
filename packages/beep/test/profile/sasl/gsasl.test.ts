import { describe, expect, it } from 'vitest';
import { digestMd5Client, digestMd5Server } from '../../../src/profile/sasl/digest-md5.ts';
import { digestSecret } from '../../../src/profile/sasl/digest-messages.ts';
import { externalServer } from '../../../src/profile/sasl/external.ts';
import type { ClientMechanism, ServerMechanism, ServerStep } from '../../../src/profile/sasl/mechanism.ts';
import { plainServer } from '../../../src/profile/sasl/plain.ts';
import { saslprep } from '../../../src/profile/sasl/saslprep.ts';
import { deriveScramKeys, scramClient, scramServer } from '../../../src/profile/sasl/scram.ts';
import { FakeSession } from './fakes.ts';
import { Gsasl, hasGsasl } from './gsasl.ts';

const passwords = ['secret', 'a,b=c "d\\', 'r\u00e9sum\u00e9', '名 前'];
const salt = Uint8Array.from({ length: 16 }, (_, index) => index);

const servers: readonly (readonly [string, (password: string) => Promise<ServerMechanism>])[] = [
  ...(['SHA-1', 'SHA-256'] as const).map(
    (hash) =>
      [
        `SCRAM-${hash}`,
        async (password: string) => {
          const keys = await deriveScramKeys(hash, saslprep(password, 'stored'), salt, 4096);
          const find = async (name: string) => (name === 'bob' ? keys : undefined);
          return scramServer({ hash, find, iterations: 4096 });
        },
      ] as const,
  ),
  [
    'DIGEST-MD5',
    async (password) =>
      digestMd5Server({
        realms: ['example.com'],
        find: async (name) => digestSecret(name, 'example.com', saslprep(password, 'stored')),
      }),
  ],
];

const clients: readonly (readonly [string, (password: string) => ClientMechanism])[] = [
  ...(['SHA-1', 'SHA-256'] as const).map(
    (hash) =>
      [
        `SCRAM-${hash}`,
        (password: string) => scramClient({ hash, authentication: 'bob', password }),
      ] as const,
  ),
  ['DIGEST-MD5', (password) => digestMd5Client({ authentication: 'bob', password, host: 'example.com' })],
];

/** Lets its client authenticate to our server. */
async function serve(mechanism: ServerMechanism, gsasl: Gsasl): Promise<ServerStep> {
  const exchange = mechanism.start(new FakeSession({ remoteAddress: 'bob:1' }).facts);
  for (;;) {
    const message = await gsasl.read();
    const step = await exchange.respond(message);
    if (step.kind === 'failed') return step;
    if (step.kind === 'challenge' || step.data !== undefined) gsasl.write(step.data!);
    if (step.kind === 'complete') return step;
  }
}

/** Authenticates our client to its server. */
async function authenticate(mechanism: ClientMechanism, gsasl: Gsasl): Promise<void> {
  const first = await gsasl.read();
  const initial = await mechanism.initial();
  gsasl.write(initial ?? (await mechanism.respond(first)));
  if (initial !== undefined) gsasl.write(await mechanism.respond(await gsasl.read()));
  await mechanism.finish(await gsasl.read());
}

describe.skipIf(!hasGsasl)('with another implementation', () => {
  for (const [name, create] of servers) {
    it.each(passwords)(`our server and its client agree: ${name}, password %s`, async (password) => {
      await using gsasl = new Gsasl('client', name, password);
      expect(await serve(await create(password), gsasl)).toMatchObject({
        kind: 'complete',
        identity: { authorization: 'bob' },
      });
      expect(await gsasl.end()).toBe(true);
    });

    it(`[B13] our server refuses its client with a wrong password: ${name}`, async () => {
      await using gsasl = new Gsasl('client', name, 'wrong');
      expect(await serve(await create('secret'), gsasl)).toMatchObject({ kind: 'failed' });
    });
  }

  for (const [name, create] of clients) {
    it.each(passwords)(`our client and its server agree: ${name}, password %s`, async (password) => {
      await using gsasl = new Gsasl('server', name, password);
      await authenticate(create(password), gsasl);
      expect(await gsasl.end()).toBe(true);
    });

    it(`its server refuses our client with a wrong password: ${name}`, async () => {
      await using gsasl = new Gsasl('server', name, 'secret');
      await expect(authenticate(create('wrong'), gsasl)).rejects.toThrow('gsasl has ended');
      expect(await gsasl.end()).toBe(false);
    });
  }

  it('our server takes its authorization identity: PLAIN', async () => {
    await using gsasl = new Gsasl('client', 'PLAIN', 'secret', ['--authorization-id', 'alice']);
    const verifier = {
      verify: async (who: string, password: string) => `${who} ${password}` === 'bob secret',
    };
    const authorize = (requested: string | undefined) => requested;
    expect(await serve(plainServer({ verifier, authorize }), gsasl)).toMatchObject({
      identity: { authorization: 'alice' },
    });
  });

  it('[3080 §4.1.3 rule 6] our server takes its authorization identity: EXTERNAL', async () => {
    await using gsasl = new Gsasl('client', 'EXTERNAL', 'secret', ['--authorization-id', 'bob']);
    expect(await serve(externalServer({ identify: () => 'bob' }), gsasl)).toMatchObject({
      identity: { authorization: 'bob' },
    });
  });
});
