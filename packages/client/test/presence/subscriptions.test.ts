import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApexClient, SubscriptionChange } from '../../src/index.ts';
import { FRED, House, WILMA } from '../house.ts';
import { ScriptedRelay } from '../scripted-relay.ts';

let house: House;
let wilma: ApexClient;
beforeEach(async () => {
  house = await House.open();
  wilma = await house.attach(WILMA);
});
afterEach(() => house[Symbol.asyncDispose]());

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

/** Endpoints that wilma may subscribe to. */
async function friends(count: number): Promise<readonly string[]> {
  const all = Array.from({ length: count }, (_, index) => `p${index}@example.com`);
  const { administration } = house.server;
  await Promise.all(
    all.map(async (endpoint) => {
      await house.add(endpoint);
      await administration.setAccess(endpoint, WILMA, ['presence:subscribe']);
    }),
  );
  return all;
}

const publish = (client: ApexClient, info: string) =>
  client.presence.publish(({ tuples }) => ({ publisherInfo: `http://example.com/${info}`, tuples }));

const short = (change: SubscriptionChange): string =>
  change.kind === 'entry'
    ? `${change.publisher} ${change.entry.publisherInfo}`
    : `${change.publisher} ${change.end.kind}`;

describe('subscribing to many', () => {
  it('gives each its outcome, and one reader what any of them tells', async () => {
    const all = await friends(200);
    await using subscriptions = await wilma.presence.subscribeAll(
      [FRED, ...all, 'barney@example.com', 'nobody@example.com', FRED],
      { durationSeconds: 60 },
    );
    const { outcomes, entries } = subscriptions;
    expect([...outcomes.keys()]).toEqual([FRED, ...all, 'barney@example.com', 'nobody@example.com']);
    expect(outcomes.get('barney@example.com')).toMatchObject({ kind: 'refused', error: { replyCode: 537 } });
    expect(outcomes.get('nobody@example.com')).toMatchObject({ kind: 'refused', error: { replyCode: 550 } });
    expect([...entries.keys()]).toEqual([FRED, ...all]);

    const fred = await house.attach(FRED);
    const seen = new Set<string>();
    for await (const change of subscriptions) {
      seen.add(short(change));
      if (seen.size === 201) await publish(fred, 'new');
      if (seen.size === 202) await house.disallowWilma();
      if (seen.size === 203) break;
    }
    expect([...seen].slice(0, 201)).toEqual([FRED, ...all].map((publisher) => `${publisher} `));
    expect([...seen].slice(201)).toEqual([`${FRED} http://example.com/new`, `${FRED} terminated`]);
    expect(entries.has(FRED)).toBe(false);
    expect(await house.operations()).toEqual([]);
    const { operations } = await house.server.administration.showPresence(all[7]!);
    expect(operations).toEqual([]);
  });

  it('shows a slow reader the latest of each', async () => {
    const fred = await house.attach(FRED);
    await using subscriptions = await wilma.presence.subscribeAll([FRED, WILMA]);
    const one = subscriptions.outcomes.get(FRED)!;
    if (one.kind !== 'subscribed') throw one.error;
    for (const info of ['one', 'two', 'three']) {
      const { lastUpdate } = subscriptions.entries.get(FRED)!;
      await publish(fred, info);
      await one.subscription.changedFrom(lastUpdate);
    }
    const reader = subscriptions[Symbol.asyncIterator]();
    expect(short((await reader.next()).value as SubscriptionChange)).toBe(`${FRED} http://example.com/three`);
    expect(short((await reader.next()).value as SubscriptionChange)).toBe(`${WILMA} `);
    expect(subscriptions.entries.get(FRED)?.publisherInfo).toBe('http://example.com/three');
  });

  it('ends with the last of them, with its signal, and when it is terminated', async () => {
    const abort = new AbortController();
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const all = await friends(50);
    const subscriptions = await wilma.presence.subscribeAll(all, { signal: abort.signal });
    abort.abort();
    const seen: string[] = [];
    for await (const change of subscriptions) if (change.kind === 'ended') seen.push(change.publisher);
    expect(seen).toEqual(all);
    expect(subscriptions.entries.size).toBe(0);

    const again = await wilma.presence.subscribeAll(all);
    await again.terminate();
    for await (const { kind } of again) expect(kind).toBe('ended');
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it('is over at once when all are refused', async () => {
    const subscriptions = await wilma.presence.subscribeAll(['nobody@example.com', 'barney@example.com']);
    for await (const _ of subscriptions) expect.unreachable();
    expect(subscriptions.entries.size).toBe(0);
  });

  it('is an error of the caller without a publisher, and as a second subscription refused for that one', async () => {
    expect(await failure(wilma.presence.subscribeAll([]))).toMatchObject({ code: 'client.usage' });
    expect(await failure(wilma.presence.subscribeAll([FRED, 'fred']))).toMatchObject({
      code: 'client.usage',
    });
    await using _ = await wilma.presence.subscribe(FRED);
    const { outcomes } = await wilma.presence.subscribeAll([FRED]);
    expect(outcomes.get(FRED)).toMatchObject({ kind: 'refused', error: { code: 'client.usage' } });
  });

  it('rejects when it is aborted before it has begun, and leaves nothing behind', async () => {
    const reason = new Error('changed my mind');
    const abort = new AbortController();
    const starting = failure(wilma.presence.subscribeAll([FRED, WILMA], { signal: abort.signal }));
    abort.abort(reason);
    expect(await starting).toBe(reason);
    await expect.poll(() => house.operations()).toEqual([]);
  });

  it('throws in its reader when the client is lost', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribeAll([FRED]);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const reading = (async () => {
      for await (const change of await starting) if (change.kind === 'entry') relay.abort();
    })();
    expect(await failure(reading)).toMatchObject({ code: 'client.lost' });
  });

  it('asks for so many at a time only', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const publishers = Array.from({ length: 40 }, (_, index) => `p${index}@example.com`);
    const starting = client.presence.subscribeAll(publishers);
    const asked = [];
    for (let count = 0; count < 32; count += 1) asked.push(await relay.accept('subscribe'));
    expect(relay.asked).toBe(0);
    for (const { transID } of asked) await relay.reply(transID, 554);
    for (let count = 0; count < 8; count += 1)
      await relay.reply((await relay.accept('subscribe')).transID, 554);
    const { outcomes } = await starting;
    expect([...outcomes.values()].every(({ kind }) => kind === 'refused')).toBe(true);
    await client.close();
  });
});
