import { type ApexServer, createServer, MemoryStore, type ServerOptions } from '@apex/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ApexClient, type ConnectOptions, connect } from '../src/tcp.ts';

const FRED = 'fred@example.com';
const BETTY = 'betty@rubble.com';
const password = 'yabba dabba doo';

async function start(options: Partial<ServerOptions> = {}): Promise<ApexServer> {
  const server = await createServer({
    domain: ['example.com', 'Rubble.com'],
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false,
    iterations: 4096,
    mechanisms: ['SCRAM-SHA-256', 'DIGEST-MD5'],
    ...options,
  });
  onTestFinished(() => server.close());
  for (const endpoint of [FRED, BETTY]) await server.administration.addEndpoint(endpoint, password);
  return server;
}

async function attach(
  { address }: ApexServer,
  endpoint: string,
  options: Partial<ConnectOptions> = {},
): Promise<ApexClient> {
  const client = await connect({
    ...address,
    endpoint,
    credentials: { password },
    requireTls: false,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

describe('a server of two domains', () => {
  it('[3340 §2.2] [3343 §4.4] lets endpoints of both attach, and they see each other', async () => {
    const server = await start();
    const fred = await attach(server, FRED);
    const betty = await attach(server, BETTY);
    await fred.access.set(BETTY, ['core:data', 'presence:subscribe']);
    const watch = await fred.presence.watch(FRED, { durationSeconds: 60 });
    const subscription = await betty.presence.subscribe(FRED, { durationSeconds: 60 });
    const before = subscription.current.lastUpdate;
    for await (const notification of watch) {
      expect(notification).toMatchObject({ subscriber: BETTY });
      break;
    }
    await fred.presence.publish({
      tuples: [{ destination: 'mailto:fred@example.com', availableUntil: '2525-01-01T00:00:00Z' }],
    });
    await subscription.changedFrom(before);
    expect(subscription.current.tuples).toMatchObject([{ destination: 'mailto:fred@example.com' }]);
  });

  it('[C4] [3340 §6.2] tells by the report service of the recipient what became of data', async () => {
    const server = await start();
    const fred = await attach(server, FRED);
    await attach(server, BETTY);
    const refused = await (await fred.send(BETTY, { text: 'hello' }, { status: true })).outcomes();
    expect(refused.get(BETTY)).toMatchObject({ relay: 'rubble.com', kind: 'failed', replyCode: 537 });
    await server.administration.setAccess(BETTY, FRED, ['core:data']);
    const delivered = await (await fred.send(BETTY, { text: 'hello' }, { status: 'trace' })).outcomes();
    expect(delivered.get(BETTY)).toMatchObject({ relay: 'rubble.com', kind: 'delivered' });
  });

  it('[B12] takes the endpoints of each by every mechanism', async () => {
    const server = await start();
    for (const endpoint of [FRED, BETTY]) {
      for (const mechanism of ['SCRAM-SHA-256', 'DIGEST-MD5'] as const) {
        const client = await attach(server, endpoint, { mechanisms: [mechanism] });
        expect(client.endpoint).toBe(endpoint);
        await client.close();
      }
    }
  });

  it('[3343 §4.2] answers each about endpoints of the other', async () => {
    const server = await start({ accessDefaults: [{ actor: '*@*', actions: ['presence:subscribe'] }] });
    const betty = await attach(server, BETTY);
    const { publisher } = await betty.presence.fetch(FRED);
    expect(publisher).toBe(FRED);
    const nobody = betty.presence.fetch('nobody@example.com');
    await expect(nobody).rejects.toMatchObject({ code: 'client.refused', replyCode: 550 });
  });

  it('[C8] gives new endpoints the entries of their domain', async () => {
    const server = await start({
      accessDefaults: (domain) => [{ actor: `*@${domain}`, actions: ['core:data'] }],
    });
    const actors = async (owner: string) =>
      (await server.administration.listAccess(owner)).map(({ actor }) => actor);
    expect(await actors(FRED)).toContain('*@example.com');
    expect(await actors(BETTY)).toContain('*@rubble.com');
    expect(await actors(BETTY)).not.toContain('*@example.com');
  });

  it('provisions nobody in a third one', async () => {
    const server = await start();
    await expect(server.administration.addEndpoint('fred@bedrock.com', password)).rejects.toMatchObject({
      code: 'endpoint.domain',
      message: 'fred@bedrock.com is not in the domains example.com, rubble.com',
    });
  });
});
