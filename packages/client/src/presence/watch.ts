import type { Notify } from '@apex/protocol';
import { ApexError } from '../errors.ts';
import type { Feed } from '../feed.ts';
import { LiveOperation } from './live-operation.ts';

/** A subscription began or ended (RFC 3343 §4.6). */
export interface Notification {
  readonly subscriber: string;
  readonly action: 'subscribe' | 'terminate';
  /** The requested duration of a subscription, in seconds; 0 for a poll, and for its end. */
  readonly durationSeconds: number;
}

/**
 * A watch in progress (RFC 3343 §4.3): an async iterable of notifications, those about present
 * subscriptions first. None is left out: when more than 10,000 wait for their reader, the watch ends
 * and the iteration throws ApexError `client.overflow`.
 */
export class Watch extends LiveOperation<Notification> {}

/** Notifications that may wait for a reader. */
const WAITING = 10_000;

export function notificationOf({ subscriber, action, duration }: Notify): Notification {
  return { subscriber, action, durationSeconds: duration };
}

/** Hands a notification on; ends the watch and returns false when too many wait for their reader. */
export function notify(feed: Feed<Notification>, publisher: string, notification: Notification): boolean {
  feed.push(notification);
  if (feed.waiting <= WAITING) return true;
  const error = new ApexError(
    'client.overflow',
    `watch of ${publisher}: ${WAITING} notifications wait and nobody reads them`,
  );
  feed.discardWaiting();
  feed.end({ kind: 'lost', error });
  return false;
}
