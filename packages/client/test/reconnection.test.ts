import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Listeners } from '../src/events.ts';
import { type ApexClient, type ClientEvent, connectWith, type DialOptions } from '../src/index.ts';
import { FRED, WILMA } from './house.ts';
import { failure, kinds, start, subscribe } from './reconnecting.ts';
import { ScriptedRelay } from './scripted-relay.ts';
import { settled, TestClock } from './test-clock.ts';

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
