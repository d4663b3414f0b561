import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PresenceUpdate } from '../../src/index.ts';
import { BARNEY, FRED, House, WILMA } from '../house.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house[Symbol.asyncDispose]());

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
const refusal = (replyCode: number) => expect.objectContaining({ code: 'client.refused', replyCode });

const update = (mood: string): PresenceUpdate => ({
  tuples: [
    {
      destination: 'apex:fred@example.com',
      availableUntil: '2030-01-01T00:00:00Z',
      capabilities: [{ baseline: 'urn:x:mood', value: mood }],
    },
  ],
});
const moodOf = (entry: { tuples: readonly { capabilities: readonly { value: string }[] }[] }) =>
  entry.tuples[0]?.capabilities[0]?.value;

describe('a subscription', () => {
  it('[3343 §2.2] [3343 §4.2 step 6.1] gives the entry first, then each change', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    await fred.presence.publish(update('one'));
    const subscription = await wilma.presence.subscribe(FRED, { durationSeconds: 60 });
    expect(moodOf(subscription.current)).toBe('one');
    const seen: unknown[] = [];
    for await (const entry of subscription) {
      expect(entry).toMatchObject({ publisher: FRED, timeStamp: expect.stringMatching(/Z$/) });
      seen.push(moodOf(entry));
      if (seen.length === 3) break;
      await fred.presence.publish(update(seen.length === 1 ? 'two' : 'three'));
    }
    expect(seen).toEqual(['one', 'two', 'three']);
  });

  it('gives the latest entry only to one who reads slowly', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const subscription = await wilma.presence.subscribe(FRED);
    for (const mood of ['one', 'two', 'three']) {
      const before = subscription.current.lastUpdate;
      await fred.presence.publish(update(mood));
      await subscription.changedFrom(before);
    }
    const { value } = await subscription[Symbol.asyncIterator]().next();
    expect(moodOf(value!)).toBe('three');
  });

  it('[3343 §4.2 step 3] is refused with 537 for one who is not allowed, and may be asked for again', async () => {
    const barney = await house.attach(BARNEY);
    const error = await failure(barney.presence.subscribe(FRED));
    expect(error).toEqual(refusal(537));
    expect((error as Error).message).toContain('its owner has to allow this endpoint');
    expect(await failure(barney.presence.subscribe(FRED))).toEqual(refusal(537));
    expect(await failure(barney.presence.subscribe('nobody@example.com'))).toEqual(refusal(550));
  });

  it('ends at the service when its reader leaves, when its block ends, and when it is terminated', async () => {
    const wilma = await house.attach(WILMA);
    for await (const _ of await wilma.presence.subscribe(FRED)) break;
    expect(await house.operations()).toEqual([]);
    {
      await using subscription = await wilma.presence.subscribe(FRED);
      expect(subscription.isOver).toBe(false);
      expect(await house.operations()).toEqual([`subscribe ${WILMA}`]);
    }
    expect(await house.operations()).toEqual([]);
    const subscription = await wilma.presence.subscribe(FRED);
    await subscription.terminate();
    await subscription.terminate();
    expect(await subscription.ended).toEqual({ kind: 'closed' });
    expect(await house.operations()).toEqual([]);
  });

  it('[3343 §4.5] ends by itself when its time is over', async () => {
    const wilma = await house.attach(WILMA);
    const subscription = await wilma.presence.subscribe(FRED, { durationSeconds: 1 });
    for await (const _ of subscription);
    expect(await subscription.ended).toEqual({ kind: 'expired' });
  });

  it('[P4] [P5] is renewed in time when it is to be kept: who watches sees it begin again, and not end', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const watch = await fred.presence.watch(FRED);
    const subscription = await wilma.presence.subscribe(FRED, { durationSeconds: 1, keep: true });
    const seen: unknown[] = [];
    for await (const notification of watch) {
      seen.push(notification);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(seen.map(() => ({ subscriber: WILMA, action: 'subscribe', durationSeconds: 1 })));
    expect(subscription.isOver).toBe(false);
    expect(await house.operations()).toEqual([`subscribe ${WILMA}`]);
  });

  it('[A5] ends with the reason when it is no longer allowed', async () => {
    const wilma = await house.attach(WILMA);
    const subscription = await wilma.presence.subscribe(FRED);
    await house.disallowWilma();
    expect(await subscription.ended).toEqual({
      kind: 'terminated',
      replyCode: 537,
      text: 'no longer allowed',
    });
    await house.allowWilma();
    expect((await wilma.presence.subscribe(FRED)).isOver).toBe(false);
  });

  it('[P4] is one of its publisher: another one, which would end it, is an error of the caller', async () => {
    const wilma = await house.attach(WILMA);
    const subscription = await wilma.presence.subscribe(FRED);
    expect(await failure(wilma.presence.subscribe('FRED@example.com'.toLowerCase()))).toMatchObject({
      code: 'client.usage',
    });
    expect(subscription.isOver).toBe(false);
    // One that is being terminated is in nobody's way.
    const terminating = subscription.terminate();
    const next = await wilma.presence.subscribe(FRED);
    await terminating;
    expect(next.isOver).toBe(false);
  });

  it('ends when its signal is aborted, before it begins too', async () => {
    const wilma = await house.attach(WILMA);
    const abort = new AbortController();
    const subscription = await wilma.presence.subscribe(FRED, { signal: abort.signal });
    abort.abort();
    expect(await subscription.ended).toEqual({ kind: 'closed' });
    const reason = new Error('changed my mind');
    const aborted = wilma.presence.subscribe(FRED, { signal: AbortSignal.abort(reason) });
    expect(await failure(aborted)).toBe(reason);
    const waited = await wilma.presence.subscribe(FRED);
    const change = waited.changedFrom(waited.current.lastUpdate, { signal: AbortSignal.abort(reason) });
    expect(await failure(change)).toBe(reason);
    await waited.terminate();
    const while_ = new AbortController();
    const starting = failure(wilma.presence.subscribe(FRED, { signal: while_.signal }));
    while_.abort(reason);
    expect(await starting).toBe(reason);
    await expect.poll(() => house.operations()).toEqual([]);
  });

  it.each([0, -1, 1.5, 2_147_483_648, Number.NaN])('takes no duration of %d', async (durationSeconds) => {
    const wilma = await house.attach(WILMA);
    expect(await failure(wilma.presence.subscribe(FRED, { durationSeconds }))).toMatchObject({
      code: 'client.usage',
    });
    expect(await failure(wilma.presence.watch(FRED, { durationSeconds }))).toMatchObject({
      code: 'client.usage',
    });
  });
});

describe('a fetch', () => {
  it('[3343 §2.2] polls, and leaves nothing in progress', async () => {
    const wilma = await house.attach(WILMA);
    expect(await wilma.presence.fetch(FRED)).toMatchObject({ publisher: FRED });
    expect(await house.operations()).toEqual([]);
    expect(await failure(wilma.presence.fetch('fred'))).toMatchObject({ code: 'client.usage' });
  });

  it('[P4] takes the entry of the subscription in progress, which it leaves in progress', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const starting = wilma.presence.subscribe(FRED);
    const entry = await wilma.presence.fetch(FRED);
    const subscription = await starting;
    expect(entry).toBe(subscription.current);
    await fred.presence.publish(update('new'));
    await subscription.changedFrom(entry.lastUpdate);
    expect(moodOf(await wilma.presence.fetch(FRED))).toBe('new');
    expect(await house.operations()).toEqual([`subscribe ${WILMA}`]);
  });
});

describe('a publish', () => {
  it('[3343 §2.1] [3343 §2.2 rule 1] replaces the entry, with the lastUpdate that a poll gave', async () => {
    const fred = await house.attach('fred/desk@example.com');
    await fred.presence.publish(update('one'));
    await fred.presence.publish(update('two'));
    expect(moodOf(await fred.presence.fetch(FRED))).toBe('two');
    expect(await failure(fred.presence.publish(update('x'), { publisher: WILMA }))).toEqual(refusal(537));
  });

  it('[P4] takes lastUpdate from the subscription in progress, and never polls beside it', async () => {
    const fred = await house.attach(FRED);
    const subscription = await fred.presence.subscribe(FRED);
    for (const mood of ['one', 'two', 'three']) {
      await fred.presence.publish(update(mood));
      expect(moodOf(subscription.current)).toBe(mood);
    }
    expect(subscription.isOver).toBe(false);
  });

  it('waits for the one before it', async () => {
    const fred = await house.attach(FRED);
    const moods = Array.from({ length: 20 }, (_, index) => `mood ${index}`);
    await Promise.all(moods.map((mood) => fred.presence.publish(update(mood))));
    expect(moodOf(await fred.presence.fetch(FRED))).toBe('mood 19');
  });

  it('[3343 §4.4 step 5] merges again when another application was faster; an update alone is refused with 555', async () => {
    const desk = await house.attach('fred/desk@example.com');
    const phone = await house.attach('fred/phone@example.com');
    const add = (mood: string) => (current: { tuples: PresenceUpdate['tuples'] }) => ({
      tuples: [...current.tuples, ...update(mood).tuples],
    });
    await Promise.all(
      [desk, phone].flatMap(({ presence }, at) => [0, 1].map((n) => presence.publish(add(`${at} ${n}`)))),
    );
    const { tuples } = await desk.presence.fetch(FRED);
    expect(
      tuples
        .slice(1)
        .map(({ capabilities }) => capabilities[0]?.value)
        .sort(),
    ).toEqual(['0 0', '0 1', '1 0', '1 1']);
  });

  it('is an error of the caller for an update that is none, and goes nowhere', async () => {
    const fred = await house.attach(FRED);
    const [tuple] = update('x').tuples;
    for (const [tuples, what] of [
      [[], 'presence: element tuple is missing'],
      [[{ ...tuple!, destination: 'not a URI' }], 'tuples.0: tuple: attribute destination is not a URI'],
      [
        [tuple!, { ...tuple!, availableUntil: '2026-02-30T00:00:00Z' }],
        'tuples.1: tuple: attribute availableUntil is not a timestamp',
      ],
      [
        [tuple!, { ...tuple!, destination: 5 as never }],
        'tuples.1: tuple: attribute destination is not a URI',
      ],
      [
        [tuple!, { ...tuple!, capabilities: [{ baseline: 'urn:x', value: 5 as never }] }],
        'tuples.1.capabilities.0.value is not a string',
      ],
      [
        [{ ...tuple!, capabilities: [{ baseline: 'urn:x', value: '\u0000' }] }],
        'tuples.0: XML cannot carry U+0000',
      ],
    ] as const) {
      expect(await failure(fred.presence.publish({ tuples }))).toMatchObject({
        code: 'client.usage',
        message: `publish ${FRED}: ${what}`,
      });
    }
    // The next one is not held up.
    await fred.presence.publish(update('one'));
    const error = new Error('the merge failed');
    const failing = fred.presence.publish(() => {
      throw error;
    });
    expect(await failure(failing)).toBe(error);
  });
});

describe('a watch', () => {
  it('[3343 §2.3] [3343 §4.6] tells who subscribes, those before it first, and who no longer does', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const first = await wilma.presence.subscribe(FRED, { durationSeconds: 60 });
    const watch = await fred.presence.watch(FRED, { durationSeconds: 60 });
    const seen: unknown[] = [];
    for await (const notification of watch) {
      seen.push(notification);
      if (seen.length === 1) await first.terminate();
      if (seen.length === 2) await wilma.presence.fetch(FRED);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([
      { subscriber: WILMA, action: 'subscribe', durationSeconds: 60 },
      { subscriber: WILMA, action: 'terminate', durationSeconds: 0 },
      { subscriber: WILMA, action: 'subscribe', durationSeconds: 0 },
    ]);
    expect(await house.operations()).toEqual([]);
  });

  it('[3343 §4.3 step 3] is refused with 537 for one who is not allowed', async () => {
    const wilma = await house.attach(WILMA);
    expect(await failure(wilma.presence.watch(FRED))).toEqual(refusal(537));
  });

  it('[3343 §4.3 step 6.3] ends by itself when its time is over', async () => {
    const fred = await house.attach(FRED);
    const watch = await fred.presence.watch(FRED, { durationSeconds: 1 });
    for await (const _ of watch);
    expect(await watch.ended).toEqual({ kind: 'expired' });
  });
});

describe('what outlives a client', () => {
  it('[P8] [P9] is kept on demand, and can be terminated by a later one; else it ends with the client', async () => {
    const first = await house.attach(WILMA);
    await first.presence.subscribe(FRED);
    await first.close();
    expect(await house.operations()).toEqual([]);

    const second = await house.attach(WILMA);
    const { transID, publisher } = await second.presence.subscribe(FRED);
    await second.close({ keepOperations: true });
    expect(await house.operations()).toEqual([`subscribe ${WILMA}`]);

    const third = await house.attach(WILMA);
    await third.presence.terminate({ publisher, transID });
    expect(await house.operations()).toEqual([]);
    // Known no more: nothing left to do.
    await third.presence.terminate({ publisher, transID });
  });

  it('is terminated by reference also while it is live', async () => {
    const wilma = await house.attach(WILMA);
    const subscription = await wilma.presence.subscribe(FRED);
    await wilma.presence.terminate(subscription);
    expect(await subscription.ended).toEqual({ kind: 'closed' });
    expect(await house.operations()).toEqual([]);
  });
});
