import type { ApexClient, Notification } from '@apex/client';
import { connect } from '@apex/client/tcp';
import { a, type NameServer, nameServer, srv } from '@apex/vitest/name-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const host = '127.0.0.1';
const secret = 'yabba dabba doo';
const fredAt = 'fred@example.com';
const wilmaAt = 'wilma@rubble.com';

interface Running {
  readonly home: Home;
  readonly server: Serving;
}

/** A server of a domain, with this endpoint, whose entries let everybody in; relays of others find it by the DNS. */
async function serverOf(
  dns: NameServer,
  endpoint: string,
  peers: Readonly<Record<string, unknown>>,
  args: readonly string[] = [],
): Promise<Running> {
  const [, domain = ''] = endpoint.split('@');
  const home = new Home({
    domain,
    mesh: { port: 0, resolvers: [dns.address], waitSeconds: 60, peers },
    access: { defaults: [{ actor: '*@*', actions: 'core:data presence:subscribe presence:watch' }] },
  });
  await home.run('endpoint import', `${endpoint},yabba\n`);
  return { home, server: await started(dns, home, domain, args) };
}

async function started(
  dns: NameServer,
  home: Home,
  domain: string,
  args: readonly string[] = [],
): Promise<Serving> {
  const server = await home.serve(['serve', '--config', home.config, ...args]);
  const { mesh } = (await server.logged('serving')) as { readonly mesh?: { readonly port: number } };
  dns.zone.set(`SRV _apex-mesh._tcp.${domain}`, [srv(domain, `relay.${domain}`, mesh?.port ?? 0)]);
  dns.zone.set(`A relay.${domain}`, [a(`relay.${domain}`, host)]);
  return server;
}

async function attach({ port }: Serving, endpoint: string): Promise<ApexClient> {
  const credentials = { password: 'yabba' };
  const client = await connect({ host, port, endpoint, credentials, requireTls: false });
  onTestFinished(() => client.close());
  return client;
}

async function couple(args: readonly string[] = []) {
  const dns = await nameServer();
  const example = await serverOf(dns, fredAt, { 'rubble.com': { secret } }, args);
  const rubble = await serverOf(dns, wilmaAt, { 'example.com': { secret } }, args);
  return { dns, example, rubble };
}

/** Resolves when the watch tells this; what it tells of others may come before. */
async function noticed(
  watch: AsyncIterator<Notification>,
  subscriber: string,
  action: string,
): Promise<void> {
  for (;;) {
    const { value, done } = await watch.next();
    if (done === true) throw new Error(`the watch has ended before it told of ${action} by ${subscriber}`);
    if (value.action === action && 'subscriber' in value && value.subscriber === subscriber) return;
  }
}

const tuple = { destination: 'apex:fred@example.com', availableUntil: '2525-12-31T23:59:59Z' };

describe.each([
  ['one process', []],
  ['workers', ['--workers', '2']],
] as const)('two servers, each of them %s', (_, args) => {
  it('[3340 §4.4.4.1 step 5.2] wilma@rubble.com subscribes to fred@example.com, and fred watches who does', async () => {
    const { example, rubble } = await couple(args);
    const fred = await attach(example.server, fredAt);
    const wilma = await attach(rubble.server, wilmaAt);
    const watch = (await fred.presence.watch(fredAt, { durationSeconds: 3600 }))[Symbol.asyncIterator]();
    const subscription = await wilma.presence.subscribe(fredAt, { durationSeconds: 3600 });
    await noticed(watch, wilmaAt, 'subscribe');
    const before = subscription.current;
    await fred.presence.publish({ publisherInfo: 'http://example.com/away', tuples: [tuple] });
    await subscription.changedFrom(before.lastUpdate);
    expect(subscription.current.publisherInfo).toBe('http://example.com/away');
    await subscription.terminate();
    await noticed(watch, wilmaAt, 'terminate');
    // And the other way round.
    const watched = (await fred.presence.watch(wilmaAt, { durationSeconds: 3600 }))[Symbol.asyncIterator]();
    await wilma.presence.subscribe(wilmaAt, { durationSeconds: 3600 });
    await noticed(watched, wilmaAt, 'subscribe');
    const listed = JSON.parse((await rubble.home.run('admin mesh --json')).stdout) as unknown;
    expect(listed).toEqual({
      domain: 'example.com',
      as: 'rubble.com',
      sessions: 1,
      waiting: 0,
      waitingOctets: 0,
      failures: 0,
    });
    const { stdout } = await rubble.home.run('admin mesh');
    expect(stdout).toMatch(
      /^DOMAIN +AS +SESSIONS +WAITING +OCTETS +FAILURES +LAST FAILURE\nexample\.com +rubble\.com +1 +0 +0 +0 +-\n$/,
    );
    expect(example.server.log().some(({ event }) => event === 'mesh.failed')).toBe(false);
    const logs = JSON.stringify([...example.server.log(), ...rubble.server.log()]);
    expect(logs).not.toContain(secret);
  });
});

describe('a server that is gone', () => {
  it('[3340 §3.1] is found again when it is back, and what is asked of it meanwhile is answered then', async () => {
    const { dns, example, rubble } = await couple();
    const wilma = await attach(rubble.server, wilmaAt);
    await (await wilma.presence.subscribe(fredAt, { durationSeconds: 3600 })).terminate();
    example.server.kill('SIGKILL');
    await example.server.outcome;
    // What is sent before the end of the session is noticed may be lost, and is not sent again.
    const sessions = async (): Promise<unknown> =>
      (JSON.parse((await rubble.home.run('admin mesh --json')).stdout) as { sessions: unknown }).sessions;
    await expect.poll(sessions, { timeout: 30_000 }).toBe(0);
    const asked = wilma.presence.subscribe(fredAt, { durationSeconds: 3600 });
    await rubble.server.logged('mesh.failed');
    await started(dns, example.home, 'example.com');
    expect((await asked).current.publisher).toBe(fredAt);
  });

  it('drains without a loss: what it takes no more waits for it', async () => {
    const { dns, example, rubble } = await couple();
    const wilma = await attach(rubble.server, wilmaAt);
    await (await wilma.presence.subscribe(fredAt, { durationSeconds: 3600 })).terminate();
    expect(await example.server.stop()).toMatchObject({ code: 0, signal: null });
    const asked = wilma.presence.subscribe(fredAt, { durationSeconds: 3600 });
    await started(dns, example.home, 'example.com');
    expect((await asked).current.publisher).toBe(fredAt);
  });
});

describe('three servers', () => {
  it('[3340 §5.1] [C11] trace data from hop to hop, with their times', async () => {
    const dns = await nameServer();
    const trusted = { secret, trusted: true };
    const slateAt = 'slate@quarry.com';
    const example = await serverOf(dns, fredAt, {
      'rubble.com': trusted,
      'quarry.com': { via: 'rubble.com' },
    });
    await serverOf(dns, wilmaAt, { 'example.com': { secret }, 'quarry.com': { secret } });
    const quarry = await serverOf(dns, slateAt, {
      'rubble.com': trusted,
      'example.com': { via: 'rubble.com' },
    });
    const fred = await attach(example.server, fredAt);
    const slate = await attach(quarry.server, slateAt);
    const sent = await fred.send(slateAt, { text: 'yabba' }, { status: 'trace' });
    const relays = new Set<string>();
    for await (const { relay, kind, afterMs } of sent) {
      relays.add(relay);
      expect(kind).toBe(relay === 'quarry.com' ? 'delivered' : 'passed');
      expect(afterMs).toBeGreaterThan(0);
      if (relays.size === 3) break;
    }
    expect(relays).toEqual(new Set(['example.com', 'rubble.com', 'quarry.com']));
    // The name server was asked for those that are dealt with, and for no others.
    expect(dns.asked.some((question) => question.startsWith('SRV _apex-mesh._tcp.rubble.com'))).toBe(true);
    await slate.close();
  });
});
