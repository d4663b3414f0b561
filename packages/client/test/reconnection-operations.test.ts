import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { FRED, WILMA } from './house.ts';
import { failure, kinds, start, subscribe } from './reconnecting.ts';
import { settled } from './test-clock.ts';

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
