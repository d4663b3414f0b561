import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Listeners } from '../src/events.ts';
import { type ApexClient, type ClientEvent, connectWith, type DialOptions } from '../src/index.ts';
import { FRED, WILMA } from './house.ts';
import { ScriptedRelay } from './scripted-relay.ts';
import { settled, TestClock } from './test-clock.ts';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

/** A client that comes back after 500, 1000, … ms of a clock that the test moves. */
async function start(options: Partial<DialOptions> = {}) {
  const clock = new TestClock();
  const events: ClientEvent[] = [];
  const { relay, client } = await ScriptedRelay.connect({
    clock,
    random: () => 0.5,
    reconnect: { baseMs: 1000, capMs: 30_000, probeMs: 0 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  const lose = async (): Promise<void> => {
    relay.abort();
    await settled();
  };
  const comeBack = async (ms = 500): Promise<void> => {
    await clock.advance(ms);
    await settled();
  };
  return { clock, events, relay, client, lose, comeBack };
}

async function subscribe({ relay, client }: { relay: ScriptedRelay; client: ApexClient }, options = {}) {
  const starting = client.presence.subscribe(FRED, options);
  const asked = await relay.accept('subscribe');
  await relay.entry(asked.transID, '2026-11-25T11:00:00Z');
  const subscription = await starting;
  return { subscription, asked, transID: asked.transID };
}

const kinds = (events: readonly ClientEvent[]): readonly string[] => events.map(({ kind }) => kind);

describe('a client whose session ends', () => {
  it('[C16] [3342 §1] attaches again, over what is left of itself, after a wait that grows', async () => {
    const { clock, events, relay, client, lose, comeBack } = await start();
    expect(relay.overrides).toEqual([false]);
    await lose();
    expect(client.state).toBe('reconnecting');
    expect(events).toMatchObject([
      { kind: 'interrupted', error: { code: 'client.lost' } },
      { kind: 'retrying', attempt: 1, delayMs: 500 },
    ]);
    relay.refusesWith = 421;
    await comeBack(499);
    expect(relay.connections).toBe(1);
    await clock.advance(1);
    await vi.waitUntil(() => events.length === 3);
    expect(events.at(-1)).toMatchObject({
      kind: 'retrying',
      attempt: 2,
      delayMs: 1000,
      error: { replyCode: 421 },
    });
    await comeBack(1000);
    await vi.waitUntil(() => client.state === 'attached');
    expect(relay.overrides).toEqual([false, true, true]);
    await settled();
    expect(events.at(-1)).toEqual({ kind: 'resumed', attempts: 2, awayMs: 1500, inProgress: 0, ended: [] });
    await client.close();
    expect(kinds(events).at(-1)).toBe('closed');
    expect(client.state).toBe('over');
  });

  it('waits longer and longer for a server that takes it and does not keep it, and no longer after one that did', async () => {
    const { clock, events, client, lose, comeBack } = await start();
    const delays = (): number[] =>
      events.flatMap((event) => (event.kind === 'retrying' ? [event.delayMs] : []));
    for (const delayMs of [500, 1000, 2000]) {
      await lose();
      expect(delays().at(-1)).toBe(delayMs);
      await comeBack(delayMs);
      await vi.waitUntil(() => client.state === 'attached');
    }
    await clock.advance(30_000);
    await lose();
    expect(delays().at(-1)).toBe(500);
    await client.close();
  });

  it('is lost with the code of the refusal when it is refused for good', async () => {
    const { events, relay, client, lose, comeBack } = await start();
    const { subscription } = await subscribe({ relay, client });
    await lose();
    relay.refusesWith = 537;
    await comeBack();
    expect(await client.ended).toMatchObject({ kind: 'lost', replyCode: 537 });
    expect(events.at(-1)).toMatchObject({ kind: 'lost', replyCode: 537 });
    expect(await subscription.ended).toMatchObject({ kind: 'lost', error: { code: 'client.lost' } });
    expect(await failure(client.presence.fetch(FRED))).toMatchObject({ code: 'client.lost', replyCode: 537 });
  });

  it('[C16] stops when it was replaced, and attaches no more', async () => {
    const { clock, events, relay, client } = await start();
    await relay.terminate(556, 'overridden');
    expect(await client.ended).toEqual({ kind: 'replaced' });
    expect(events).toEqual([{ kind: 'replaced' }]);
    await clock.advance(3_600_000);
    expect(relay.connections).toBe(1);
  });

  it.each([
    [451, 'attached'],
    [550, 'over'],
  ] as const)('after a terminate of the relay with %d is %s', async (code, state) => {
    const { relay, client, comeBack } = await start();
    await relay.terminate(code, 'because');
    await settled();
    await comeBack();
    await vi.waitUntil(() => client.state === state);
    if (state === 'over') expect(await client.ended).toMatchObject({ kind: 'detached', replyCode: code });
    await client.close();
  });

  it('stops trying when it is closed, and when its signal is aborted', async () => {
    const abort = new AbortController();
    for (const stop of [(client: ApexClient) => client.close(), () => abort.abort()]) {
      const { clock, relay, client, lose } = await start({ signal: abort.signal });
      await lose();
      await stop(client);
      expect(await client.ended).toEqual({ kind: 'closed' });
      await settled();
      expect(clock.timers).toBe(0);
      await clock.advance(3_600_000);
      expect(relay.connections).toBe(1);
    }
  });

  it('is asked for its credentials each time', async () => {
    const credentials = vi.fn(async () => ({ password: 'x' }));
    const { client, lose, comeBack } = await start({ credentials });
    await lose();
    await comeBack();
    await vi.waitUntil(() => client.state === 'attached');
    expect(credentials).toHaveBeenCalledTimes(2);
    await client.close();
  });

  it('is over at once when it is not to reconnect', async () => {
    const { relay, client, lose } = await start({ reconnect: false });
    await lose();
    expect(await client.ended).toMatchObject({ kind: 'lost' });
    expect(relay.connections).toBe(1);
  });

  it('tells listeners until they have enough', async () => {
    const { client, lose } = await start();
    const told: string[] = [];
    const stop = client.listen(({ kind }) => told.push(kind));
    const stopping = client.listen(({ kind }) => {
      told.push(`last ${kind}`);
      stopping();
    });
    await lose();
    expect(told).toEqual(['interrupted', 'last interrupted', 'retrying']);
    stop();
    await client.close();
    expect(told).toHaveLength(3);
  });

  it('goes on when a listener throws, which the application sees as an error that nobody has caught', () => {
    const later = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
    onTestFinished(() => later.mockRestore());
    const listeners = new Listeners();
    const told: string[] = [];
    listeners.add(() => {
      throw new Error('the listener fails');
    });
    listeners.add(({ kind }) => told.push(kind));
    listeners.tell({ kind: 'closed' });
    expect(told).toEqual(['closed']);
    expect(later.mock.calls[0]![0]).toThrow('the listener fails');
  });
});

describe('a first connection', () => {
  const options = (): DialOptions & { readonly events: ClientEvent[] } => {
    const events: ClientEvent[] = [];
    return {
      endpoint: WILMA,
      credentials: { password: 'x' },
      clock: new TestClock(),
      random: () => 0.5,
      onEvent: (event) => events.push(event),
      events,
    };
  };
  const nobody = vi.fn(async () => {
    throw new Error('nobody listens');
  });

  it('that fails rejects, unless it is to be tried for again', async () => {
    nobody.mockClear();
    expect(await failure(connectWith(nobody, options()))).toMatchObject({ message: 'nobody listens' });
    expect(nobody).toHaveBeenCalledTimes(1);

    const abort = new AbortController();
    const { events, ...trying } = { ...options(), signal: abort.signal, reconnect: { fromStart: true } };
    const connecting = failure(connectWith(nobody, trying));
    for (const delayMs of [250, 500, 1000]) {
      await vi.waitUntil(() => (events.at(-1) as { delayMs?: number } | undefined)?.delayMs === delayMs);
      await (trying.clock as TestClock).advance(delayMs);
    }
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await connecting).toBe(reason);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('that is refused for good rejects in any case', async () => {
    const relay = ScriptedRelay.connect({ endpoint: 'nobody', reconnect: { fromStart: true } });
    expect(await failure(relay)).toMatchObject({ code: 'client.usage' });
  });
});

describe('a call', () => {
  it('[3343 §4.4] that publishes is not repeated: it fails, and whether it was carried out is not known', async () => {
    const { relay, client, lose, comeBack } = await start();
    const tuples = [{ destination: 'apex:fred@example.com', availableUntil: '2030-01-01T00:00:00Z' }];
    const publishing = failure(client.presence.publish({ tuples }, { publisher: FRED }));
    const setting = failure(client.access.set(FRED, ['core:data'], { lastUpdate: '2026-11-25T11:00:00Z' }));
    await relay.accept('set');
    const poll = await relay.accept('subscribe').catch(() => relay.accept('subscribe'));
    await relay.entry(poll.transID, '2026-11-25T11:00:00Z');
    await relay.accept('publish');
    const sending = failure(client.send(FRED, { text: 'hello' }));
    await relay.nextData();
    await lose();
    for (const call of [publishing, setting, sending]) {
      expect(await call).toMatchObject({ code: 'client.lost' });
    }
    await comeBack();
    await vi.waitUntil(() => client.state === 'attached');
    await settled();
    expect(relay.asked).toBe(0);
    await client.close();
  });

  it('that reads is asked again on the next session, under its transID', async () => {
    const { relay, client, lose, comeBack } = await start();
    const fetching = client.presence.fetch(FRED);
    const { transID } = await relay.accept('subscribe');
    await lose();
    await comeBack();
    expect(await relay.accept('subscribe')).toMatchObject({ transID, duration: 0 });
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect((await fetching).publisher).toBe(FRED);
    await client.close();
  });

  it('that is made while there is no session waits for one', async () => {
    const { relay, client, lose, comeBack } = await start();
    await lose();
    const querying = client.access.query(FRED, ['core:data']);
    const sending = client.send(FRED, { text: 'hello' });
    const terminating = client.presence.terminate({ publisher: FRED, transID: 7 });
    await settled();
    expect(relay.others).toBe(0);
    await comeBack();
    const { transID } = await relay.accept('query');
    await relay.say({ kind: 'deny', transID }, 'apex=access@example.com');
    expect(await querying).toBe(false);
    expect(await relay.accept('terminate')).toMatchObject({ transID: 7 });
    await relay.reply(7, 250);
    await terminating;
    await sending;
    expect(relay.others).toBe(1);
    await client.close();
  });

  it('that waits gives up after replyMs, not having been sent, and at once when its signal is aborted', async () => {
    const { clock, relay, client, lose } = await start({ replyMs: 400 });
    await lose();
    const abort = new AbortController();
    const reason = new Error('changed my mind');
    const tuples = [{ destination: 'apex:fred@example.com', availableUntil: '2030-01-01T00:00:00Z' }];
    const calls = (options: { signal?: AbortSignal }): readonly Promise<unknown>[] =>
      [
        client.send(FRED, { text: 'hello' }, options),
        client.presence.fetch(FRED, options),
        client.presence.publish({ tuples }, options),
        client.presence.subscribe('a@example.com', options),
        client.presence.watch('b@example.com', options),
        client.presence.subscribeAll(['c@example.com'], options).then(({ outcomes }) => {
          const [outcome] = outcomes.values();
          throw outcome?.kind === 'refused' ? outcome.error : outcome;
        }),
        client.presence.terminate({ publisher: FRED, transID: 7 }, options),
        client.access.query(FRED, ['core:data'], options),
        client.access.get(FRED, options),
        client.access.allow(FRED, options),
      ].map(failure);
    const aborted = calls({ signal: abort.signal });
    abort.abort(reason);
    for (const call of aborted) expect(await call).toBe(reason);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const waiting = calls({});
      await settled();
      await clock.advance(400);
      await vi.advanceTimersByTimeAsync(400);
      for (const call of waiting) expect(await call).toMatchObject({ code: 'client.disconnected' });
    } finally {
      vi.useRealTimers();
    }
    expect(relay.asked).toBe(0);
    await client.close();
  });

  it('is one too many when 10,000 wait', async () => {
    const { client, lose } = await start();
    await lose();
    const calls = Array.from({ length: 10_000 }, () => failure(client.access.query(FRED, ['core:data'])));
    expect(await failure(client.access.query(FRED, ['core:data']))).toMatchObject({
      code: 'client.overflow',
    });
    await client.close();
    expect(new Set((await Promise.all(calls)).map((error) => (error as { code: string }).code))).toEqual(
      new Set(['client.closed']),
    );
  });
});

describe('a subscription', () => {
  it('[P9] is asked for again under its transID, with what remains of its time; a known entry is not given again', async () => {
    const { clock, events, relay, client, lose, comeBack } = await start();
    const { subscription, transID } = await subscribe({ relay, client }, { durationSeconds: 100 });
    const reader = subscription[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ lastUpdate: '2026-11-25T11:00:00Z' });
    await clock.advance(39_500);
    await lose();
    await comeBack();
    const again = await relay.accept('subscribe');
    expect(again).toMatchObject({ publisher: FRED, transID, duration: 60 });
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    await vi.waitUntil(() => kinds(events).includes('resumed'));
    expect(events.at(-1)).toMatchObject({ kind: 'resumed', inProgress: 1, ended: [] });
    await relay.entry(transID, '2026-11-25T11:00:01Z');
    expect((await reader.next()).value).toMatchObject({ lastUpdate: '2026-11-25T11:00:01Z' });
    await client.close({ keepOperations: true });
  });

  it('whose time is over while there is no session ends then, and is not asked for again', async () => {
    const reconnect = { baseMs: 30_000, capMs: 30_000, probeMs: 0 };
    const { clock, relay, client, lose, comeBack } = await start({ reconnect });
    const { subscription } = await subscribe({ relay, client }, { durationSeconds: 10 });
    await lose();
    await clock.advance(10_000);
    expect(await subscription.ended).toEqual({ kind: 'expired' });
    await comeBack(5000);
    await vi.waitUntil(() => client.state === 'attached');
    await settled();
    expect(relay.asked).toBe(0);
    await client.close();
  });

  it('[A5] that is refused then ends, and the event tells so', async () => {
    const { events, relay, client, lose, comeBack } = await start();
    const { subscription, transID } = await subscribe({ relay, client });
    await lose();
    await comeBack();
    await relay.reply((await relay.accept('subscribe')).transID, 537, 'no longer allowed');
    const end = { kind: 'terminated', replyCode: 537, text: 'no longer allowed' };
    expect(await subscription.ended).toEqual(end);
    await vi.waitUntil(() => kinds(events).includes('resumed'));
    expect(events.at(-1)).toMatchObject({ inProgress: 0, ended: [{ publisher: FRED, transID, end }] });
    await client.close();
  });

  it('that is refused for now is asked for again a while later', async () => {
    const { clock, events, relay, client, lose, comeBack } = await start();
    const { subscription, transID } = await subscribe({ relay, client });
    await lose();
    await comeBack();
    for (const delayMs of [500, 1000, 2000]) {
      await relay.accept('subscribe');
      await relay.reply(transID, 451);
      await settled();
      expect(events.at(-1)).toMatchObject({ kind: 'resumed', inProgress: 1 });
      await clock.advance(delayMs - 1);
      expect(relay.asked).toBe(0);
      await clock.advance(1);
    }
    await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:01Z');
    await settled();
    expect(subscription.current.lastUpdate).toBe('2026-11-25T11:00:01Z');
    expect(subscription.isOver).toBe(false);
    await client.close({ keepOperations: true });
  });

  it('that is starting is asked for again too, and is lost to nobody', async () => {
    const { relay, client, lose, comeBack } = await start();
    const starting = client.presence.subscribe(FRED, { durationSeconds: 60 });
    const { transID } = await relay.accept('subscribe');
    await lose();
    await comeBack();
    expect(await relay.accept('subscribe')).toMatchObject({ transID, duration: 60 });
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect((await starting).transID).toBe(transID);
    await client.close({ keepOperations: true });
  });

  it('gives its present entry to fetch once there is a session again, not the one of before', async () => {
    const { relay, client, lose, comeBack } = await start();
    const { transID } = await subscribe({ relay, client });
    await lose();
    const fetching = client.presence.fetch(FRED);
    await comeBack();
    await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:01Z');
    expect((await fetching).lastUpdate).toBe('2026-11-25T11:00:01Z');
    await client.close({ keepOperations: true });
  });

  it('whose reader leaves keeps nobody waiting; it is ended at the service on the next session', async () => {
    const { relay, client, lose, comeBack } = await start();
    const { subscription, transID } = await subscribe({ relay, client });
    await lose();
    for await (const _ of subscription) break;
    expect(await subscription.ended).toEqual({ kind: 'closed' });
    await comeBack();
    expect(await relay.accept('terminate')).toMatchObject({ transID });
    await relay.reply(transID, 250);
    await settled();
    expect(relay.asked).toBe(0);
    await client.close();
  });

  it('whose terminate was lost is terminated on the next session', async () => {
    const { relay, client, lose, comeBack } = await start();
    const { subscription, transID } = await subscribe({ relay, client });
    const terminating = subscription.terminate();
    await relay.accept('terminate');
    await lose();
    await comeBack();
    await relay.accept('terminate');
    await relay.reply(transID, 550);
    await terminating;
    await client.close();
  });

  it('does not take the end of what it replaces for its own', async () => {
    const { relay, client, lose, comeBack } = await start();
    const { subscription, transID } = await subscribe({ relay, client });
    await lose();
    await comeBack();
    await relay.accept('subscribe');
    await relay.say({ kind: 'terminate', transID, code: 250, text: '' });
    await relay.entry(transID, '2026-11-25T11:00:01Z');
    await settled();
    expect(subscription.isOver).toBe(false);
    await client.close({ keepOperations: true });
  });
});

describe('a subscription that is kept', () => {
  it('is renewed before its time is over, again and again', async () => {
    const { clock, relay, client } = await start();
    const { subscription, transID } = await subscribe(
      { relay, client },
      { durationSeconds: 100, keep: true },
    );
    for (let renewal = 0; renewal < 3; renewal += 1) {
      await clock.advance(79_999);
      expect(relay.asked).toBe(0);
      await clock.advance(1);
      expect(await relay.accept('subscribe')).toMatchObject({ transID, duration: 100 });
      await relay.entry(transID, '2026-11-25T11:00:00Z');
      await settled();
    }
    expect(subscription.isOver).toBe(false);
    const terminating = subscription.terminate();
    await relay.accept('terminate');
    await relay.reply(transID, 250);
    await terminating;
    expect(clock.timers).toBe(0);
    await client.close();
  });

  it('[P7] begins again when the service ends it at its own limit, but not more than once a second', async () => {
    const { clock, relay, client } = await start();
    const { subscription, transID } = await subscribe({ relay, client }, { keep: true });
    await clock.advance(600);
    await relay.say({ kind: 'terminate', transID, code: 250, text: '' });
    await clock.advance(399);
    expect(relay.asked).toBe(0);
    await clock.advance(1);
    expect(await relay.accept('subscribe')).toMatchObject({ transID, duration: 86_400 });
    await relay.entry(transID, '2026-11-25T11:00:01Z');
    await settled();
    expect(subscription.current.lastUpdate).toBe('2026-11-25T11:00:01Z');
    await relay.say({ kind: 'terminate', transID, code: 537, text: 'no longer allowed' });
    expect(await subscription.ended).toMatchObject({ kind: 'terminated', replyCode: 537 });
    await client.close();
  });

  it('is asked for again when nobody answers', async () => {
    const { clock, relay, client } = await start({ replyMs: 1000 });
    const { subscription } = await subscribe({ relay, client }, { durationSeconds: 100, keep: true });
    await clock.advance(80_000);
    await relay.accept('subscribe');
    await clock.advance(1500);
    await relay.accept('subscribe');
    expect(subscription.isOver).toBe(false);
    await client.close({ keepOperations: true });
  });

  it('can be terminated while it is being renewed', async () => {
    const { clock, relay, client } = await start();
    const starting = client.presence.watch(FRED, { durationSeconds: 100, keep: true });
    const { transID } = await relay.accept('watch');
    await relay.reply(transID, 250);
    const watch = await starting;
    await clock.advance(80_000);
    await relay.accept('watch');
    const terminating = failure(watch.terminate());
    await relay.reply(transID, 250);
    await relay.accept('terminate');
    await relay.reply(transID, 451);
    expect(await terminating).toMatchObject({ replyCode: 451 });
    await client.close();
  });
});

describe('a watch', () => {
  it('begins again with the next session, and its reader is told so', async () => {
    const { relay, client, lose, comeBack } = await start();
    const starting = client.presence.watch(FRED);
    const { transID } = await relay.accept('watch');
    await relay.reply(transID, 250);
    const watch = await starting;
    const notify = (subscriber: string) =>
      relay.say({ kind: 'notify', subscriber, transID, duration: 60, action: 'subscribe' });
    await notify('a@example.com');
    await lose();
    await comeBack();
    expect(await relay.accept('watch')).toMatchObject({ transID });
    await relay.reply(transID, 250);
    await notify('b@example.com');
    const seen: unknown[] = [];
    for await (const notification of watch) {
      seen.push(notification.action === 'restart' ? 'restart' : notification.subscriber);
      if (seen.length < 3) continue;
      void relay.accept('terminate').then(() => relay.reply(transID, 250));
      break;
    }
    await client.close();
    expect(seen).toEqual(['a@example.com', 'restart', 'b@example.com']);
  });
});

describe('readers', () => {
  it('of incoming data go on; those of changes of access entries, of which some may be missing, do not', async () => {
    const { relay, client, lose, comeBack } = await start();
    const incoming = client.incoming[Symbol.asyncIterator]();
    const next = incoming.next();
    const change = failure(client.access.changes()[Symbol.asyncIterator]().next());
    await lose();
    expect(await change).toMatchObject({ code: 'client.lost' });
    await comeBack();
    await vi.waitUntil(() => client.state === 'attached');
    expect(await relay.send(WILMA, '<hello />')).toBeUndefined();
    expect((await next).value).toMatchObject({ originator: FRED });
    await client.close();
  });

  it('end when their signal is aborted, and leave no listener behind', async () => {
    const { relay, client } = await start();
    const abort = new AbortController();
    const { signal } = abort;
    await relay.send(WILMA, '<one />');
    for await (const _ of client.incoming.read({ signal })) break;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    const reading = (async () => {
      for await (const _ of client.incoming.read({ signal })) expect.unreachable();
      for await (const _ of client.access.changes({ signal })) expect.unreachable();
    })();
    const changes = client.access.changes({ signal })[Symbol.asyncIterator]().next();
    abort.abort();
    await reading;
    expect(await changes).toMatchObject({ done: true });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await client.close();
  });
});

describe('a server that says nothing', () => {
  it('is made to, and counts as lost when it does not answer', async () => {
    const { clock, relay, client } = await start({ reconnect: { probeMs: 60_000, baseMs: 1000 } });
    await clock.advance(59_000);
    await relay.send(WILMA, '<hello />');
    relay.isSilent = true;
    // What it sent counts.
    await clock.advance(58_000);
    expect(client.state).toBe('attached');
    relay.isSilent = false;
    await clock.advance(120_000);
    expect(client.state).toBe('attached');
    relay.isSilent = true;
    await clock.advance(62_000);
    await vi.waitUntil(() => client.state === 'reconnecting');
    relay.isSilent = false;
    await clock.advance(1000);
    await vi.waitUntil(() => client.state === 'attached');
    await client.close();
    expect(clock.timers).toBe(0);
  });
});

describe('after many cycles', () => {
  it('no listener, no timer and no operation is left behind', async () => {
    const abort = new AbortController();
    const { clock, relay, client, lose, comeBack } = await start({ signal: abort.signal });
    const { transID } = await subscribe({ relay, client }, { keep: true, signal: abort.signal });
    await settled();
    const count = (): readonly number[] => [getEventListeners(abort.signal, 'abort').length, clock.timers];
    const before = count();
    for (let cycle = 0; cycle < 50; cycle += 1) {
      await clock.advance(30_000);
      await lose();
      const fetching = client.access.query(FRED, ['core:data'], { signal: abort.signal });
      const waiting = client.presence.subscribe('barney@example.com', { signal: abort.signal });
      await comeBack();
      await relay.accept('subscribe');
      await relay.entry(transID, '2026-11-25T11:00:00Z');
      const query = await relay.accept('query');
      await relay.say({ kind: 'allow', transID: query.transID }, 'apex=access@example.com');
      await fetching;
      const other = await relay.accept('subscribe');
      await relay.entry(other.transID, '2026-11-25T11:00:00Z');
      const terminating = (await waiting).terminate({ signal: abort.signal });
      await relay.accept('terminate');
      await relay.reply(other.transID, 250);
      await terminating;
      await settled();
      expect(count()).toEqual(before);
    }
    await client.close({ keepOperations: true });
    await settled();
    expect(count()).toEqual([0, 0]);
  }, 30_000);
});
