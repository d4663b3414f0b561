import { systemClock } from '../clock.ts';
import type { Notification } from '../presence/watch.ts';
import type { LiveState } from './live-state.ts';
import { sharedByClient } from './shared-operations.ts';
import { useShared } from './use-shared.ts';

/** Somebody who subscribes to a publisher. */
export interface Subscriber {
  readonly subscriber: string;
  /** The requested duration of the subscription, in seconds. */
  readonly durationSeconds: number;
  /** When the watch told of it, in milliseconds since the epoch: it may be older, when it was there before. */
  readonly sinceMs: number;
}

/** Who subscribes to a publisher, as a watch tells it. */
export type WatchersState = LiveState<{ readonly subscribers: readonly Subscriber[] }>;

interface Held {
  readonly subscribers: readonly Subscriber[];
}

const NOBODY: Held = { subscribers: [] };

const watches = sharedByClient({
  async begin(client, publisher, options) {
    return { operation: await client.presence.watch(publisher, options), held: NOBODY };
  },
  next: afterNotification,
});

/**
 * Who subscribes to a publisher, watched while a component shows it (RFC 3343 §4.3), those who came first in front;
 * default: the endpoint of the client without its subaddress. Polls are not shown. Components that name the same
 * publisher share one watch.
 */
export function useWatchers(publisher?: string): WatchersState {
  return useShared(watches, publisher);
}

function afterNotification(held: Held, notification: Notification): Held {
  if (notification.action === 'restart') return NOBODY;
  const { action, subscriber, durationSeconds } = notification;
  if (action === 'subscribe' && durationSeconds === 0) return held;
  const others = held.subscribers.filter((other) => other.subscriber !== subscriber);
  if (action === 'subscribe')
    return { subscribers: [...others, { subscriber, durationSeconds, sinceMs: systemClock.now() }] };
  return others.length === held.subscribers.length ? held : { subscribers: others };
}
