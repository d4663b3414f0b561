import type { Notify } from '@apex/protocol';
import { ApexError } from '../errors.ts';
import { Feed } from './feed.ts';
import type { OperationEnd } from './operation-end.ts';

/** A subscription began or ended (RFC 3343 §4.6). */
export interface Notification {
  readonly subscriber: string;
  readonly action: 'subscribe' | 'terminate';
  /** The requested duration of a subscription, in seconds; 0 for a poll, and for its end. */
  readonly durationSeconds: number;
}

/** Notifications that may wait for a reader. */
const WAITING = 10_000;

/**
 * A watch in progress (RFC 3343 §4.3): an async iterable of notifications, those about present
 * subscriptions first. None is left out: when more than 10,000 wait for their reader, the watch ends
 * and the iteration throws ApexError `client.overflow`. Leaving the iteration early terminates it.
 */
export class Watch implements AsyncIterable<Notification>, AsyncDisposable {
  readonly publisher: string;
  readonly transID: number;
  /** How it ended; never rejects. */
  readonly ended: Promise<OperationEnd>;
  readonly #feed = new Feed<Notification>();
  readonly #terminate: () => Promise<void>;

  /** Use `presence.watch`. */
  constructor(publisher: string, transID: number, terminate: () => Promise<void>) {
    this.publisher = publisher;
    this.transID = transID;
    this.ended = this.#feed.ended;
    this.#terminate = terminate;
  }

  get isOver(): boolean {
    return this.#feed.isOver;
  }

  /** Ends it, unless it is over. Rejects with ApexError when the service cannot be told. */
  terminate(): Promise<void> {
    return this.#terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#terminate();
  }

  [Symbol.asyncIterator](): AsyncIterator<Notification, void, void> {
    return this.#feed.read(this.#terminate);
  }

  /** For `presence`: a notification has come; false when nobody reads. */
  received({ subscriber, action, duration }: Notify): boolean {
    this.#feed.push({ subscriber, action, durationSeconds: duration });
    return this.#feed.waiting <= WAITING;
  }

  /** For `presence`: it is over. */
  end(end: OperationEnd): void {
    this.#feed.end(end);
  }
}

export function overflow(publisher: string): ApexError {
  return new ApexError(
    'client.overflow',
    `watch of ${publisher}: ${WAITING} notifications wait and nobody reads them`,
  );
}
