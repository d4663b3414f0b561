import { createElement, type ReactNode, StrictMode, useEffect } from 'react';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ApexClient, PresenceUpdate } from '../../src/index.ts';
import {
  ApexProvider,
  type Publishing,
  useApex,
  useConnection,
  usePerson,
  usePresence,
  usePublish,
  useWatchers,
  type WatchersState,
} from '../../src/react.ts';
import { BARNEY, FRED, House, WILMA } from '../house.ts';
import { settled } from '../test-clock.ts';
import { Screen } from './screen.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house[Symbol.asyncDispose]());

const update = (mood: string, availableUntil = '2525-01-01T00:00:00Z'): PresenceUpdate => ({
  tuples: [
    {
      destination: 'apex:fred@example.com',
      availableUntil,
      capabilities: [{ baseline: 'urn:x:mood', value: mood }],
    },
  ],
});

/** The components below a provider of the client, on a screen of their own. */
function show(client: ApexClient, ...components: readonly ReactNode[]): Screen {
  const screen = new Screen();
  onTestFinished(() => screen.draw(null));
  redraw(screen, client, ...components);
  return screen;
}

function redraw(screen: Screen, client: ApexClient, ...components: readonly ReactNode[]): void {
  screen.draw(createElement(StrictMode, null, createElement(ApexProvider, { client }, ...components)));
}

/** `mood` of the entry, or what else there is. */
function Mood({ of, retry = () => {} }: { of?: string; retry?: (again: () => void) => void }): string {
  const state = usePresence(of);
  useEffect(() => {
    if (state.kind === 'refused' || state.kind === 'ended') retry(state.retry);
  }, [state, retry]);
  switch (state.kind) {
    case 'loading':
      return '…';
    case 'present':
      return state.entry.tuples[0]?.capabilities[0]?.value ?? 'nothing';
    case 'refused':
      return `${state.error.code} ${state.error.replyCode}`;
    case 'ended':
      return `${state.end.kind} ${'replyCode' in state.end ? state.end.replyCode : ''}`;
  }
}

let watchersState: WatchersState;
function Watchers({ of }: { of?: string }): string {
  const state = useWatchers(of);
  watchersState = state;
  if (state.kind === 'present') return `[${state.subscribers.map(({ subscriber }) => subscriber).join(' ')}]`;
  return state.kind === 'refused' ? `refused ${state.error.replyCode}` : state.kind;
}

let publishing: Publishing;
function Publish({ of }: { of?: string }): string {
  publishing = usePublish(of);
  const { state } = publishing;
  return state.kind === 'refused' ? `refused ${state.error.replyCode}` : state.kind;
}

function Connection(): string {
  const state = useConnection();
  if (state.kind === 'reconnecting') return state.error.code;
  return state.kind === 'over' ? state.end.kind : state.kind;
}

type Entry = Parameters<typeof usePerson>[0];
function Person({ entry }: { entry?: Entry }): string {
  const person = usePerson(entry);
  return person === undefined ? 'nobody' : `${person.isAvailable} ${person.tuples.length}`;
}

const entryUntil = (...until: readonly string[]): Entry => ({
  publisher: FRED,
  publisherInfo: '',
  tuples: until.map((availableUntil) => ({
    kind: 'tuple',
    destination: 'apex:fred@example.com',
    availableUntil,
    tupleInfo: '',
    capabilities: [],
  })),
});

function Endpoint(): string {
  return useApex().endpoint;
}

const mood = (of?: string) => createElement(Mood, of === undefined ? {} : { of });
const watchers = (of?: string) => createElement(Watchers, of === undefined ? {} : { of });

describe('usePresence', () => {
  it('[3343 §4.2] shows the entry first, then each change', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, mood(FRED));
    await screen.shows('…');
    await screen.shows('nothing');
    await fred.presence.publish(update('curious'));
    await screen.shows('curious');
    await fred.presence.publish(update('content'));
    await screen.shows('content');
  });

  it('shows the own entry when nobody is named', async () => {
    const fred = await house.attach('fred/desk@example.com');
    await fred.presence.publish(update('curious'));
    const screen = show(fred, mood());
    await screen.shows('curious');
  });

  it('makes one subscription for all components, and terminates it after the last one', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const told: string[] = [];
    const watch = await fred.presence.watch(FRED);
    const ended = (async () => {
      for await (const notification of watch) {
        if (notification.action === 'restart' || notification.subscriber !== WILMA) continue;
        told.push(notification.action);
        if (notification.action === 'terminate') break;
      }
    })();
    const subscribe = vi.spyOn(wilma.presence, 'subscribe');
    const screen = show(wilma, mood(FRED), mood('fred@EXAMPLE.com'));
    const other = show(wilma, mood(FRED));
    await screen.shows('nothingnothing');
    await other.shows('nothing');
    redraw(screen, wilma);
    await screen.shows('');
    await fred.presence.publish(update('curious'));
    await other.shows('curious');
    other.draw(null);
    await ended;
    expect(told).toEqual(['subscribe', 'terminate']);
    expect(subscribe).toHaveBeenCalledOnce();
  });

  it('goes on with it when one component takes the place of another', async () => {
    const wilma = await house.attach(WILMA);
    const subscribe = vi.spyOn(wilma.presence, 'subscribe');
    const screen = show(wilma, 'page 1 ', createElement(Mood, { of: FRED, key: '1' }));
    await screen.shows('page 1 nothing');
    redraw(screen, wilma, 'page 2 ', createElement(Mood, { of: FRED, key: '2' }));
    await screen.shows('page 2 nothing');
    expect(subscribe).toHaveBeenCalledOnce();
  });

  it('follows another publisher when the name changes', async () => {
    const fred = await house.attach(FRED);
    const barney = await house.attach(BARNEY);
    await fred.presence.publish(update('curious'));
    await barney.presence.publish(update('hungry'));
    const screen = show(fred, mood(FRED));
    await screen.shows('curious');
    await barney.access.allow(FRED);
    redraw(screen, fred, mood(BARNEY));
    await screen.shows('hungry');
    expect(await house.operations()).toEqual([]);
  });

  it('[3343 §4.2 step 3] shows a refusal with its code, and asks again when it is told to', async () => {
    const fred = await house.attach(FRED);
    const barney = await house.attach(BARNEY);
    const again = Promise.withResolvers<() => void>();
    const screen = show(barney, createElement(Mood, { of: FRED, retry: again.resolve }));
    await screen.shows('client.refused 537');
    await fred.access.allow(BARNEY);
    (await again.promise)();
    await screen.shows('nothing');
  });

  it('shows what is no endpoint as a refusal', async () => {
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, mood('nobody'));
    await screen.shows('client.usage undefined');
  });

  it('[A5] shows that the publisher allows it no longer', async () => {
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, mood(FRED));
    await screen.shows('nothing');
    await house.disallowWilma();
    await screen.shows('terminated 537');
  });

  it('shows that the client is over', async () => {
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, mood(FRED));
    await screen.shows('nothing');
    await wilma.close();
    await screen.shows('closed ');
    const late = show(wilma, mood(BARNEY));
    await late.shows('client.closed undefined');
  });

  it('asks again by itself for what failed because there was no session', async () => {
    const wilma = await house.attach(WILMA, { reconnect: { baseMs: 1 }, replyMs: 50 });
    const start = await house.stop();
    const screen = show(wilma, mood(FRED));
    await screen.shows('client.disconnected undefined');
    await start();
    await screen.shows('nothing');
  });

  it('begins again after an end that came while it was starting', async () => {
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, mood(FRED));
    await screen.shows('…');
    redraw(screen, wilma);
    await screen.shows('');
    redraw(screen, wilma, mood(FRED));
    await screen.shows('nothing');
    redraw(screen, wilma);
    await screen.shows('');
  });
});

describe('useWatchers', () => {
  it('[3343 §4.3] shows who subscribes, and no longer who does not', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const phone = await house.attach('wilma/phone@example.com');
    const screen = show(fred, watchers());
    await screen.shows('[]');
    const page = show(wilma, mood(FRED));
    await screen.shows('[wilma@example.com]');
    await phone.presence.subscribe(FRED);
    await screen.shows('[wilma@example.com wilma/phone@example.com]');
    page.draw(null);
    await screen.shows('[wilma/phone@example.com]');
  });

  it('tells since when each is known', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const screen = show(fred, watchers());
    await screen.shows('[]');
    const before = Date.now();
    await wilma.presence.subscribe(FRED, { durationSeconds: 60 });
    await screen.shows('[wilma@example.com]');
    const { subscribers } = watchersState as Extract<WatchersState, { kind: 'present' }>;
    expect(subscribers).toEqual([
      { subscriber: 'wilma@example.com', durationSeconds: 60, sinceMs: expect.any(Number) },
    ]);
    expect(subscribers[0]!.sinceMs).toBeGreaterThanOrEqual(before);
    expect(subscribers[0]!.sinceMs).toBeLessThanOrEqual(Date.now());
  });

  it('does not show polls', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const phone = await house.attach('wilma/phone@example.com');
    const screen = show(fred, watchers());
    await screen.shows('[]');
    await phone.presence.fetch(FRED);
    await wilma.presence.subscribe(FRED);
    await screen.shows('[wilma@example.com]');
  });

  it('[3343 §4.3 step 3] shows a refusal with its code', async () => {
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, watchers(FRED));
    await screen.shows('refused 537');
  });

  it('begins anew when the client is back', async () => {
    const fred = await house.attach(FRED, { reconnect: { baseMs: 1 } });
    const wilma = await house.attach(WILMA, { reconnect: { baseMs: 1 } });
    await wilma.presence.subscribe(FRED, { keep: true });
    const screen = show(fred, watchers());
    await screen.shows('[wilma@example.com]');
    const start = await house.stop();
    await wilma.close({ keepOperations: true });
    await start();
    const phone = await house.attach('wilma/phone@example.com');
    await phone.presence.subscribe(FRED);
    await screen.shows('[wilma@example.com wilma/phone@example.com]');
  });
});

describe('usePublish', () => {
  it('[3343 §4.4] publishes, and tells how it stands', async () => {
    const fred = await house.attach('fred/desk@example.com');
    const screen = show(fred, createElement(Publish));
    await screen.shows('idle');
    const published = publishing.publish(update('curious'));
    await screen.shows('publishing');
    expect(await published).toEqual({ kind: 'published' });
    await screen.shows('published');
    expect((await fred.presence.fetch(FRED)).tuples[0]?.capabilities[0]?.value).toBe('curious');
    const { publish } = publishing;
    expect(await publish(({ tuples }) => ({ tuples: [...tuples, ...tuples] }))).toMatchObject({
      kind: 'published',
    });
    await screen.shows('published');
    expect(publishing.publish).toBe(publish);
  });

  it('tells a refusal without rejecting', async () => {
    const wilma = await house.attach(WILMA);
    const screen = show(wilma, createElement(Publish, { of: FRED }));
    await screen.shows('idle');
    expect(await publishing.publish(update('curious'))).toMatchObject({
      kind: 'refused',
      error: { code: 'client.refused', replyCode: 537 },
    });
    await screen.shows('refused 537');
    expect(await publishing.publish({ tuples: [] })).toMatchObject({
      kind: 'refused',
      error: { code: 'client.usage' },
    });
  });

  it('tells about the last of several, and throws what a merge function throws', async () => {
    const fred = await house.attach(FRED);
    const screen = show(fred, createElement(Publish));
    await screen.shows('idle');
    const fault = new Error('no mood');
    const first = publishing.publish(() => {
      throw fault;
    });
    const second = publishing.publish(update('content'));
    await expect(first).rejects.toBe(fault);
    await screen.shows('publishing');
    await second;
    await screen.shows('published');
  });
});

describe('useConnection', () => {
  it('shows what becomes of the session', async () => {
    const wilma = await house.attach(WILMA, { reconnect: { baseMs: 1 } });
    const screen = show(wilma, createElement(Connection));
    await screen.shows('attached');
    const start = await house.stop();
    await screen.shows('client.lost');
    await start();
    await screen.shows('attached');
    await wilma.close();
    await screen.shows('closed');
    expect(wilma.connection).toEqual({ kind: 'over', end: { kind: 'closed' } });
  });
});

describe('usePerson', () => {
  it('is rendered anew when a tuple lapses, of which no message tells', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 25) });
    onTestFinished(() => void vi.useRealTimers());
    const screen = new Screen();
    screen.draw(createElement(Person));
    await screen.shows('nobody');
    screen.draw(
      createElement(Person, { entry: entryUntil('2026-11-25T00:00:10Z', '2026-12-25T00:00:00.5Z') }),
    );
    await screen.shows('true 2');
    vi.advanceTimersByTime(9_999);
    await screen.shows('true 2');
    vi.advanceTimersByTime(1);
    await screen.shows('true 1');
    vi.advanceTimersByTime(30 * 86_400_000 - 10_000);
    expect(screen.text).toBe('true 1');
    vi.advanceTimersByTime(500);
    await screen.shows('false 0');
    expect(vi.getTimerCount()).toBe(0);
    screen.draw(createElement(Person, { entry: entryUntil('2027-01-25T00:00:00Z') }));
    await screen.shows('true 1');
    screen.draw(null);
    await settled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a hook without a provider says what to do', async () => {
  const screen = new Screen();
  screen.draw(createElement(Endpoint));
  expect(await screen.error()).toMatchObject({
    code: 'client.usage',
    message: 'no ApexProvider above this component: put one around the page',
  });
});
