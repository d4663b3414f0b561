import { expect } from 'vitest';
import type { ApexClient, ClientEvent, DialOptions } from '../src/index.ts';
import { FRED } from './house.ts';
import { ScriptedRelay } from './scripted-relay.ts';
import { settled, TestClock } from './test-clock.ts';

/** What it rejects with. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

/** A client that comes back after 500, 1000, … ms of a clock that the test moves. */
export async function start(options: Partial<DialOptions> = {}) {
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

export async function subscribe(
  { relay, client }: { relay: ScriptedRelay; client: ApexClient },
  options = {},
) {
  const starting = client.presence.subscribe(FRED, options);
  const asked = await relay.accept('subscribe');
  await relay.entry(asked.transID, '2026-11-25T11:00:00Z');
  const subscription = await starting;
  return { subscription, asked, transID: asked.transID };
}

export const kinds = (events: readonly ClientEvent[]): readonly string[] => events.map(({ kind }) => kind);
