import type { ApexClient } from '@apex/client';
import { connect } from '@apex/client/tcp';
import { type ApexServer, createServer, MemoryStore, type MeshPeer, type ServerEvent } from '@apex/server';

/** Tells one line of what happens, with the time since the beginning in milliseconds. */
export type Tell = (afterMs: number, who: string, what: string) => void;

const host = '127.0.0.1';
const fredAt = 'fred@example.com';
const wilmaAt = 'wilma@rubble.com';
const slateAt = 'slate@quarry.com';
/** Of a demonstration whose servers nobody else reaches, and which last for seconds. */
const secret = crypto.randomUUID();
const password = crypto.randomUUID();

/**
 * Starts servers of example.com, rubble.com and quarry.com on loopback, each behind ports that the system chooses:
 * wilma subscribes to fred over two of them and they talk; then fred has data traced over all three. example.com and
 * quarry.com know each other through rubble.com only.
 */
export async function converse(tell: Tell): Promise<void> {
  const begun = performance.now();
  const say = (who: string, what: string): void => tell(performance.now() - begun, who, what);
  const servers: ApexServer[] = [];
  const clients: ApexClient[] = [];
  const start = async (endpoint: string, peers: Record<string, MeshPeer>): Promise<ApexServer> => {
    const domain = endpoint.slice(endpoint.indexOf('@') + 1);
    const server = await createServer({
      domain,
      store: new MemoryStore(),
      listen: { host, port: 0 },
      requireTls: false,
      iterations: 4096,
      accessDefaults: [{ actor: '*@*', actions: ['core:data', 'presence:subscribe', 'presence:watch'] }],
      mesh: { listen: { host, port: 0 }, discovery: false, peers },
      onEvent: (event) => relayEvent(event, domain, say),
    });
    servers.push(server);
    await server.administration.addEndpoint(endpoint, password);
    const relays = server.mesh?.address;
    say(domain, `serves ${endpoint} on ${host}:${server.address.port}, relays at ${host}:${relays?.port}`);
    return server;
  };
  const attach = async (endpoint: string, { address }: ApexServer): Promise<ApexClient> => {
    const credentials = { password };
    const client = await connect({ host, port: address.port, endpoint, credentials, requireTls: false });
    clients.push(client);
    return client;
  };
  try {
    // Each is dialled by those that are started behind it, and answers on the same session.
    const rubble = await start(wilmaAt, { 'example.com': { secret }, 'quarry.com': { secret } });
    const placed = { host, port: rubble.mesh?.address?.port, secret, trusted: true };
    const example = await start(fredAt, { 'rubble.com': placed, 'quarry.com': { via: 'rubble.com' } });
    const quarry = await start(slateAt, { 'rubble.com': placed, 'example.com': { via: 'rubble.com' } });
    const fred = await attach(fredAt, example);
    const wilma = await attach(wilmaAt, rubble);
    const slate = await attach(slateAt, quarry);
    // So that rubble.com has sessions with both of them.
    await (await fred.send(wilmaAt, { text: 'hello' }, { status: true })).outcomes();
    await (await slate.send(wilmaAt, { text: 'hello' }, { status: true })).outcomes();

    say(wilmaAt, `subscribes to ${fredAt}`);
    const subscription = await wilma.presence.subscribe(fredAt, { durationSeconds: 60 });
    const { lastUpdate } = subscription.current;
    say(wilmaAt, `has the entry of ${fredAt} of ${lastUpdate}`);
    say(fredAt, 'publishes: at the quarry');
    const publisherInfo = 'http://example.com/at-the-quarry';
    const availableUntil = new Date(Date.now() + 3_600_000).toISOString();
    await fred.presence.publish({
      publisherInfo,
      tuples: [{ destination: `apex:${fredAt}`, availableUntil }],
    });
    await subscription.changedFrom(lastUpdate);
    say(wilmaAt, `is told: ${subscription.current.publisherInfo}`);

    say(fredAt, `sends data to ${slateAt}, and asks every relay on the way what becomes of it`);
    const sent = await fred.send(slateAt, { text: 'yabba dabba doo' }, { status: 'trace' });
    const hops = new Set<string>();
    for await (const { relay, kind, replyCode, afterMs } of sent) {
      hops.add(relay);
      say(`relay ${relay}`, `${kind} (${replyCode}), told after ${afterMs.toFixed(1)} ms`);
      if (hops.size === servers.length) break;
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(servers.map((server) => server.close()));
  }
}

function relayEvent(
  { name, ...about }: ServerEvent,
  domain: string,
  say: (who: string, what: string) => void,
): void {
  if (name === 'mesh.connected') {
    say(domain, `has dialled the relay of ${about['domain']}, proved to be ${about['as']} and bound`);
  } else if (name === 'mesh.bound')
    say(domain, `takes the relay of ${about['domain']} for one, which has bound`);
  else if (name === 'mesh.failed')
    say(domain, `cannot reach a relay of ${about['domain']}: ${about['text']}`);
}
