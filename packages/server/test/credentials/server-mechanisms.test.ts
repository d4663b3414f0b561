import {
  authenticate,
  type ClientMechanism,
  digestMd5Client,
  drive,
  type PeerCertificate,
  plainClient,
  type ServerStep,
  type SessionFacts,
  scramClient,
} from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ApexServer, createServer, type ServerOptions } from '../../src/create-server.ts';
import type { MechanismName } from '../../src/credentials/mechanism-names.ts';
import { serverMechanisms } from '../../src/credentials/server-mechanisms.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { Stage } from '../edge/stage.ts';

const FRED = 'fred@example.com';
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

async function start(options: Partial<ServerOptions> = {}): Promise<ApexServer> {
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false,
    iterations: 4096,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

/** What comes of an authentication: a reply code, or `ok`. */
async function outcome(port: number, mechanism: ClientMechanism): Promise<unknown> {
  const peer = drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
  onTestFinished(() => peer.abort(new Error('the test is over')));
  return authenticate(peer, mechanism).then(
    () => 'ok',
    (error: { replyCode?: number }) => error.replyCode ?? error,
  );
}

const clients: Readonly<Record<string, (authentication: string, password: string) => ClientMechanism>> = {
  'SCRAM-SHA-256': (authentication, password) => scramClient({ hash: 'SHA-256', authentication, password }),
  'SCRAM-SHA-1': (authentication, password) => scramClient({ hash: 'SHA-1', authentication, password }),
  'DIGEST-MD5': (authentication, password) =>
    digestMd5Client({ authentication, password, host: 'example.com' }),
  PLAIN: (authentication, password) => plainClient({ authentication, password, requireSecured: false }),
};
const names = Object.keys(clients) as MechanismName[];

describe('the mechanisms of a server', () => {
  it('[3340 §11] [B12] [B13] let those in who know the password, and refuse all others alike', async () => {
    const server = await start({ mechanisms: names });
    await server.administration.addEndpoint(FRED, 'yabba dabba');
    for (const name of names) {
      const attempt = (who: string, password: string) =>
        outcome(server.address.port, clients[name]!(who, password));
      expect([name, await attempt(FRED, 'yabba dabba')]).toEqual([name, 'ok']);
      expect([name, await attempt(FRED, 'yabba')]).toEqual([name, 535]);
      expect([name, await attempt('tom@example.com', 'yabba dabba')]).toEqual([name, 535]);
    }
    expect(
      await outcome(server.address.port, clients['SCRAM-SHA-256']!('fred@EXAMPLE.com', 'yabba dabba')),
    ).toBe('ok');
  });

  it('[B12] keep nothing for weaker mechanisms before these are switched on and the password is set again', async () => {
    const store = new MemoryStore();
    const before = await start({ store });
    await before.administration.addEndpoint(FRED, 'yabba');
    expect(await store.findCredentials(FRED, 'SCRAM-SHA-1')).toBeUndefined();
    expect(await store.findCredentials(FRED, 'DIGEST-MD5')).toBeUndefined();
    await before.close();

    const after = await start({ store, mechanisms: names });
    const tried = async () =>
      Object.fromEntries(
        await Promise.all(
          names.map(async (name) => [name, await outcome(after.address.port, clients[name]!(FRED, 'yabba'))]),
        ),
      );
    expect(await tried()).toEqual({
      'SCRAM-SHA-256': 'ok',
      'SCRAM-SHA-1': 535,
      'DIGEST-MD5': 535,
      PLAIN: 'ok',
    });
    await after.administration.setPassword(FRED, 'yabba');
    expect(new Set(Object.values(await tried()))).toEqual(new Set(['ok']));
  });

  it('forget an old password everywhere, those that are off included', async () => {
    const store = new MemoryStore();
    const weak = await start({ store, mechanisms: names });
    await weak.administration.addEndpoint(FRED, 'yabba');
    await weak.close();
    const strong = await start({ store });
    await strong.administration.setPassword(FRED, 'dabba');
    expect(await store.findCredentials(FRED, 'SCRAM-SHA-1')).toBeUndefined();
    expect(await store.findCredentials(FRED, 'DIGEST-MD5')).toBeUndefined();
  });

  it('[B13] give an unknown name the same salt at every edge', async () => {
    const stage = await Stage.start(2, { mechanisms: names });
    const salts = new Set<string>();
    for (const { port } of stage.edges) {
      const spy = (who: string): ClientMechanism => {
        const mechanism = clients['SCRAM-SHA-256']!(who, 'yabba');
        return {
          ...mechanism,
          respond(challenge) {
            if (who !== FRED) salts.add(/s=([^,]+)/.exec(new TextDecoder().decode(challenge))![1]!);
            return mechanism.respond(challenge);
          },
        };
      };
      expect(await outcome(port, spy('tom@example.com'))).toBe(535);
      expect(await outcome(port, spy(FRED))).toBe('ok');
      expect(await outcome(port, clients['DIGEST-MD5']!(FRED, 'yabba'))).toBe('ok');
    }
    expect(salts.size).toBe(1);
  });

  it('answer 454 when the credentials cannot be looked up, through an edge as well', async () => {
    const store = new MemoryStore();
    const stage = await Stage.start(1, { store });
    store.findCredentials = async () => {
      throw new Error('the disk is gone');
    };
    expect(await outcome(stage.edges[0]!.port, clients['SCRAM-SHA-256']!(FRED, 'yabba'))).toBe(454);
    expect(stage.events).toContainEqual({
      level: 'error',
      name: 'sasl.failed',
      text: 'Error: the disk is gone',
    });
  });

  it('without what they need are refused at the start', async () => {
    await expect(start({ mechanisms: ['OAUTHBEARER'] })).rejects.toMatchObject({ code: 'server.mechanism' });
    await expect(Stage.start(1, { mechanisms: ['OAUTHBEARER'] })).rejects.toMatchObject({
      code: 'server.mechanism',
    });
  });
});

describe('EXTERNAL', () => {
  const certificate = (...mailAddresses: string[]): PeerCertificate => ({
    commonName: '',
    dnsNames: [],
    mailAddresses,
    fingerprint: '',
  });
  const [external] = serverMechanisms({
    mechanisms: ['EXTERNAL'],
    domains: ['example.com'],
    requireTls: true,
    desk: {
      verifier: { verify: async () => false },
      findCredentials: async () => undefined,
      admit: async () => {},
      outcome: () => {},
    },
    iterations: 4096,
    decoySecret: new Uint8Array(32),
    verifyToken: undefined,
  });
  const respond = async (shown: PeerCertificate | undefined, requested = ''): Promise<ServerStep> => {
    const facts: SessionFacts = {
      role: 'listener',
      secured: true,
      remoteAddress: 'test:1',
      localize: [],
      ...(shown && { certificate: shown }),
    };
    return external!.start(facts).respond(octets(requested));
  };

  it('[3080 §4.1.3 rule 6] is the endpoint of the domain that the certificate names', async () => {
    const fred = { kind: 'complete', identity: { authorization: FRED } };
    expect(await respond(certificate('fred@EXAMPLE.com', 'fred@home.example'))).toEqual(fred);
    expect(await respond(certificate(FRED), FRED)).toEqual(fred);
    expect(await respond(certificate(FRED), 'fred/appl=wb@example.com')).toMatchObject({
      identity: { authorization: 'fred/appl=wb@example.com' },
    });
  });

  it.each([
    ['no certificate', undefined, ''],
    ['a certificate without an endpoint', certificate(), ''],
    ['one of another domain', certificate('fred@example.org'), ''],
    ['one that names two endpoints', certificate(FRED, 'wilma@example.com'), ''],
    ['another identity', certificate(FRED), 'wilma@example.com'],
    ['an identity of another domain', certificate(FRED), 'fred@example.org'],
  ])('[3080 §4.1.3 rule 5] [3080 §4.1.3 rule 6] refuses %s', async (_name, shown, requested) => {
    expect(await respond(shown, requested)).toMatchObject({ kind: 'failed', error: { replyCode: 535 } });
  });
});
