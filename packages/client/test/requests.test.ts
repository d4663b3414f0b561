import { formatOperation, type Operation } from '@apex/protocol';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { Operations } from '../src/operations.ts';
import { Requests } from '../src/requests.ts';
import { FRED } from './house.ts';
import { ScriptedRelay } from './scripted-relay.ts';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

describe('a request', () => {
  it('fails when its service does not answer in time', async () => {
    const { relay, client } = await ScriptedRelay.attach({ replyMs: 20 });
    const error = await failure(client.presence.fetch(FRED));
    expect(error).toMatchObject({
      code: 'client.timeout',
      message: 'fetch fred@example.com: no answer from apex=presence@example.com within 20 ms',
    });
    await relay.accept('subscribe');
  });

  it('that may have begun something is terminated when it had no answer in time', async () => {
    const { relay, client } = await ScriptedRelay.attach({ replyMs: 20 });
    expect(await failure(client.presence.subscribe(FRED))).toMatchObject({ code: 'client.timeout' });
    const { transID } = await relay.accept('subscribe');
    expect(await relay.accept('terminate')).toMatchObject({ transID });
  });

  it('[3340 §4.4.4.1 step 1] fails when the relay refuses its data, and says what it was for', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const fetching = failure(client.presence.fetch(FRED));
    (await relay.next()).answer.error(537, 'not attached as that');
    expect(await fetching).toMatchObject({
      code: 'client.refused',
      replyCode: 537,
      message: expect.stringMatching(/^fetch fred@example\.com: .*537 not attached as that/),
    });
  });

  it('has its answer also when that overtakes the ok of the relay', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const fetching = client.presence.fetch(FRED);
    const { operation, answer } = await relay.next();
    await relay.entry((operation as { transID: number }).transID, '2026-11-25T11:00:00Z');
    expect((await fetching).publisher).toBe(FRED);
    answer.ok();
  });

  it('[P4] that polls leaves before a subscription that begins after it, and never behind it', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const fetching = client.presence.fetch(FRED);
    const starting = client.presence.subscribe(FRED, { durationSeconds: 60 });
    const poll = await relay.accept('subscribe');
    expect(poll.duration).toBe(0);
    const { duration, transID } = await relay.accept('subscribe');
    expect(duration).toBe(60);
    await relay.entry(poll.transID, '2026-11-25T11:00:00Z');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect((await fetching).lastUpdate).toBe('2026-11-25T11:00:00Z');
    expect((await starting).isOver).toBe(false);
  });

  it('[P4] waits for the subscription that is starting, and polls when that is refused', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = failure(client.presence.subscribe(FRED, { durationSeconds: 60 }));
    const fetching = client.presence.fetch(FRED);
    await relay.reply((await relay.accept('subscribe')).transID, 554);
    expect(await starting).toMatchObject({ replyCode: 554 });
    const { duration, transID } = await relay.accept('subscribe');
    expect(duration).toBe(0);
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect((await fetching).publisher).toBe(FRED);
  });
});

describe('a request that cannot be written', () => {
  it('is an error of the caller, and nothing waits for its answer', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const operations = new Operations();
    const send = (_: string, operation: Operation): Promise<void> => {
      formatOperation(operation);
      return Promise.resolve();
    };
    const asking = new Requests({ operations, clock: systemClock, replyMs: 1000, send }).ask<void>({
      what: 'get access',
      service: 'apex=access@example.com',
      repeats: false,
      operation: (transID) => ({ kind: 'get', owner: 'fred', actor: 'wilma', transID }),
      received: () => {},
    });
    expect(await failure(asking)).toMatchObject({
      code: 'client.usage',
      message: expect.stringMatching(/^get access: /),
    });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a terminate', () => {
  const reference = { publisher: FRED, transID: 7 };

  it('[3343 §4.5 step 1] is done when the service knows the operation no more, and fails when it cannot end it', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const unknown = client.presence.terminate(reference);
    await relay.reply((await relay.accept('terminate')).transID, 550);
    await unknown;
    const failing = failure(client.presence.terminate(reference));
    await relay.reply((await relay.accept('terminate')).transID, 451);
    expect(await failing).toMatchObject({ code: 'client.refused', replyCode: 451 });
  });

  it('fails when nobody confirms it', async () => {
    const { relay, client } = await ScriptedRelay.attach({ replyMs: 20 });
    expect(await failure(client.presence.terminate(reference))).toMatchObject({ code: 'client.timeout' });
    relay.abort();
  });

  it('fails when the session is lost before it is confirmed', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const [accepted, unread] = [reference, { ...reference, transID: 8 }].map((each) =>
      failure(client.presence.terminate(each)),
    );
    await relay.accept('terminate');
    relay.abort();
    expect(await accepted).toMatchObject({ code: 'client.lost' });
    expect(await unread).toMatchObject({ code: 'client.lost' });
  });

  it('ends what is live under its transID, whatever publisher it names', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const { ended } = await starting;
    const terminating = client.presence.terminate({ publisher: 'barney@example.com', transID });
    await relay.reply((await relay.accept('terminate')).transID, 250);
    await terminating;
    expect(await ended).toEqual({ kind: 'closed' });
  });

  it.each([0, -1, 1.5, 2_147_483_648, Number.NaN])('takes no transID of %d', async (transID) => {
    const { client } = await ScriptedRelay.attach();
    const error = await failure(client.presence.terminate({ publisher: FRED, transID }));
    expect(error).toMatchObject({ code: 'client.usage' });
  });
});

describe('a subscription', () => {
  it('loses nothing that comes right behind the first entry', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    void relay.entry(transID, '2026-11-25T11:00:00Z');
    void relay.entry(transID, '2026-11-25T11:00:01Z');
    void relay.say({ kind: 'terminate', transID, code: 550, text: 'fred@example.com was removed' });
    const subscription = await starting;
    const seen: string[] = [];
    for await (const { lastUpdate } of subscription) seen.push(lastUpdate);
    expect(seen.at(-1)).toBe('2026-11-25T11:00:01Z');
    expect(await subscription.ended).toMatchObject({ kind: 'terminated', replyCode: 550 });
  });

  it('drops what comes behind its end', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const subscription = await starting;
    const terminating = subscription.terminate();
    await relay.accept('terminate');
    await relay.entry(transID, '2026-11-25T11:00:01Z'); // was on its way
    await relay.reply(transID, 250);
    await terminating;
    expect(subscription.current.lastUpdate).toBe('2026-11-25T11:00:00Z');
  });

  it('throws in its reader when the session is lost', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const reading = failure(
      (async () => {
        for await (const _ of await starting) relay.abort();
      })(),
    );
    expect(await reading).toMatchObject({ code: 'client.lost' });
    await client.close();
  });

  it('is refused at once when the service ends it before it has begun', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = failure(client.presence.subscribe(FRED));
    const { transID } = await relay.accept('subscribe');
    await relay.say({ kind: 'terminate', transID, code: 537, text: '' });
    expect(await starting).toMatchObject({ code: 'client.refused', replyCode: 537 });
  });

  it('that is aborted while it starts rejects at once, and is terminated when it has begun', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const abort = new AbortController();
    const reason = new Error('changed my mind');
    const starting = failure(client.presence.subscribe(FRED, { signal: abort.signal }));
    const { transID } = await relay.accept('subscribe');
    abort.abort(reason);
    expect(await starting).toBe(reason);
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect(await relay.accept('terminate')).toMatchObject({ transID });
  });

  it('leaves none of several readers waiting', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const subscription = await starting;
    const reading = [0, 1].map(async () => {
      for await (const _ of subscription);
    });
    await relay.say({ kind: 'terminate', transID, code: 250, text: '' });
    await Promise.all(reading);
    expect(await subscription.ended).toEqual({ kind: 'expired' });
  });

  it('that could not be terminated says so', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const terminating = failure((await starting).terminate());
    (await relay.next()).answer.error(451, 'not now');
    expect(await terminating).toMatchObject({ code: 'client.refused', replyCode: 451 });
  });
});

describe('a publish', () => {
  const tuples = [{ destination: 'apex:fred@example.com', availableUntil: '2030-01-01T00:00:00Z' }];

  it('[3343 §4.4 step 5] of an update alone is refused with 555; a function is called with the newer entry', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const conflict = async (lastUpdate: string): Promise<void> => {
      await relay.entry((await relay.accept('subscribe')).transID, lastUpdate);
      const publish = await relay.accept('publish');
      expect(publish.presence.lastUpdate).toBe(lastUpdate);
      await relay.reply(publish.transID, 555);
    };
    const plain = failure(client.presence.publish({ tuples }, { publisher: FRED }));
    await conflict('2026-11-25T11:00:00Z');
    expect(await plain).toMatchObject({ code: 'client.refused', replyCode: 555 });

    const seen: string[] = [];
    const merging = client.presence.publish(
      ({ lastUpdate }) => {
        seen.push(lastUpdate);
        return { tuples };
      },
      { publisher: FRED },
    );
    await conflict('2026-11-25T11:00:01Z');
    await relay.entry((await relay.accept('subscribe')).transID, '2026-11-25T11:00:02Z');
    await relay.reply((await relay.accept('publish')).transID, 250);
    await merging;
    expect(seen).toEqual(['2026-11-25T11:00:01Z', '2026-11-25T11:00:02Z']);
  });

  it('[P4] starts from the entry of the one before it, also with a subscription that began in between', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const publish = () => client.presence.publish({ tuples }, { publisher: FRED });
    const publishing = Promise.all([publish(), publish()]);
    const poll = await relay.accept('subscribe');
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(poll.transID, '2026-11-25T11:00:00Z');
    const first = await relay.accept('publish');
    expect(first.presence.lastUpdate).toBe('2026-11-25T11:00:00Z');
    await relay.reply(first.transID, 250);
    // Decided before the publish, and late.
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    await relay.entry(transID, '2026-11-25T11:00:01Z');
    const second = await relay.accept('publish');
    expect(second.presence.lastUpdate).toBe('2026-11-25T11:00:01Z');
    await relay.entry(transID, '2026-11-25T11:00:02Z');
    await relay.reply(second.transID, 250);
    await publishing;
    expect((await starting).current.lastUpdate).toBe('2026-11-25T11:00:02Z');
  });

  it('does not wait for ever for what its subscription should bring', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    await starting;

    const publishing = client.presence.publish({ tuples }, { publisher: FRED });
    await relay.reply((await relay.accept('publish')).transID, 250);
    await vi.advanceTimersByTimeAsync(30_000);
    await publishing;

    const merging = failure(client.presence.publish(() => ({ tuples }), { publisher: FRED }));
    await relay.reply((await relay.accept('publish')).transID, 555);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await merging).toMatchObject({ code: 'client.refused', replyCode: 555 });
  });

  it('[3343 §4.4 step 5] gives up with 555 when others are faster again and again', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const publishing = failure(client.presence.publish(() => ({ tuples }), { publisher: FRED }));
    for (let second = 0; second < 5; second += 1) {
      await relay.entry((await relay.accept('subscribe')).transID, `2026-11-25T11:00:0${second}Z`);
      await relay.reply((await relay.accept('publish')).transID, 555);
    }
    expect(await publishing).toMatchObject({ code: 'client.refused', replyCode: 555 });
  });
});

describe('a watch', () => {
  it('[3343 §4.3 step 6.2] has the notifications that come before its reader', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.watch(FRED);
    const { transID } = await relay.accept('watch');
    const notify = (subscriber: string) =>
      relay.say({ kind: 'notify', subscriber, transID, duration: 60, action: 'subscribe' });
    void relay.reply(transID, 250);
    void notify('a@example.com');
    void notify('b@example.com');
    const seen: string[] = [];
    const watch = await starting;
    for await (const notification of watch) {
      if (notification.action !== 'restart') seen.push(notification.subscriber);
      if (seen.length === 2) void relay.say({ kind: 'terminate', transID, code: 250, text: '' });
    }
    expect(seen).toEqual(['a@example.com', 'b@example.com']);
  });

  it('ends, also at the service, when nobody reads what comes', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.watch(FRED);
    const { transID } = await relay.accept('watch');
    await relay.reply(transID, 250);
    const watch = await starting;
    const notify = {
      kind: 'notify',
      subscriber: 'a@example.com',
      transID,
      duration: 60,
      action: 'subscribe',
    } as const;
    for (let count = 0; count < 10_001; count += 1) void relay.say(notify);
    expect(await watch.ended).toMatchObject({ kind: 'lost', error: { code: 'client.overflow' } });
    expect(await relay.accept('terminate')).toMatchObject({ transID });
    await relay.reply(transID, 250);
    const reading = failure(watch[Symbol.asyncIterator]().next());
    expect(await reading).toMatchObject({ code: 'client.overflow' });
  });
});
