import {
  type ApexClient,
  type ClientEvent,
  type ConnectOptions,
  connect,
  type PresenceEntry,
  personOf,
  type TupleUpdate,
} from '../../src/tcp.ts';

type Place = Omit<ConnectOptions, 'endpoint'>;

/** What docs/guides/subscribe.md shows. Ends when fred no longer allows wilma to subscribe. */
export async function follow(place: Place, attached: (client: ApexClient) => void): Promise<void> {
  const client = await connect({ ...place, endpoint: 'wilma/phone@example.com', onEvent: tell });
  attached(client);
  const subscription = await client.presence.subscribe('fred@example.com', { keep: true });
  for await (const entry of subscription) show(entry);
}

function tell(event: ClientEvent): void {
  if (event.kind === 'retrying') console.log(`offline, next attempt in ${event.delayMs} ms`);
  if (event.kind === 'resumed') console.log(`online again, ${event.inProgress} go on`);
}

function show(entry: PresenceEntry, now: number = Date.now()): number | undefined {
  const fred = personOf(entry, now);
  const [mood] = fred.capabilities.get('urn:x:mood') ?? [];
  console.log(fred.publisher, fred.isAvailable ? (mood ?? 'available') : 'away');
  return fred.nextLapseMs; // show it again then
}

export async function publishMood(client: ApexClient): Promise<void> {
  await client.presence.publish((entry) => ({ tuples: withMood(entry.tuples, 'curious') }));
}

function withMood(tuples: PresenceEntry['tuples'], value: string): readonly TupleUpdate[] {
  const capabilities = [{ baseline: 'urn:x:mood', value }];
  return tuples.map((tuple) => ({ ...tuple, availableUntil: '2525-12-31T23:59:59Z', capabilities }));
}

/** As `follow`, of many. */
export async function followAll(client: ApexClient, publishers: readonly string[]): Promise<void> {
  await using friends = await client.presence.subscribeAll(publishers, { keep: true });
  for (const [publisher, outcome] of friends.outcomes) {
    if (outcome.kind === 'refused') console.log(publisher, outcome.error.replyCode);
  }
  for await (const change of friends) {
    if (change.kind === 'entry') show(change.entry);
    else console.log(change.publisher, change.end.kind);
  }
}
