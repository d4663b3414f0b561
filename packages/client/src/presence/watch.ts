import type { Notify } from '@apex/protocol';
import { ApexError } from '../errors.ts';
import type { Feed } from '../feed.ts';
import { LiveOperation } from './live-operation.ts';

/** What a watch tells (RFC 3343 §4.6). */
export type Notification =
  /** A subscription began or ended. */
  | {
      readonly action: 'subscribe' | 'terminate';
      readonly subscriber: string;
      /** The requested duration of a subscription, in seconds; 0 for a poll, and for its end. */
      readonly durationSeconds: number;
    }
  /** The watch was renewed: what was told before counts no more, all present subscriptions are told again. */
  | { readonly action: 'restart' };

/**
 * A watch in progress (RFC 3343 §4.3): an async iterable of notifications, those about present
 * subscriptions first. None is left out, but for what happens while the client reconnects: `restart` follows it. When
 * more than 10,000 wait for their reader, the watch ends and the iteration throws ApexError `client.overflow`.
 */
export class Watch extends LiveOperation<Notification> {}

/** Notifications that may wait for a reader. */
const WAITING = 10_000;

export function notificationOf({ subscriber, action, duration }: Notify): Notification {
  return { subscriber, action, durationSeconds: duration };
}

/** Hands a notification on; what is wrong when too many wait for their reader. */
export function notify(
  feed: Feed<Notification>,
  publisher: string,
  notification: Notification,
): ApexError | undefined {
  feed.push(notification);
  if (feed.waiting <= WAITING) return undefined;
  feed.discardWaiting();
  const message = `watch of ${publisher}: ${WAITING} notifications wait and nobody reads them`;
  return new ApexError('client.overflow', message);
}
