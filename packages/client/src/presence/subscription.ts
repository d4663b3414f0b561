import type { PresenceEntry } from './entry.ts';
import { Feed } from './feed.ts';
import type { OperationEnd } from './operation-end.ts';

/**
 * A subscription in progress (RFC 3343 §4.2): an async iterable of the publisher's entry, the current
 * one first. A slow reader sees the latest entry only: entries that came meanwhile are skipped. The
 * iteration ends with the subscription, and throws when the client is lost; leaving it early
 * terminates the subscription.
 */
export class Subscription implements AsyncIterable<PresenceEntry>, AsyncDisposable {
  readonly publisher: string;
  readonly transID: number;
  /** How it ended; never rejects. */
  readonly ended: Promise<OperationEnd>;
  readonly #feed = new Feed<PresenceEntry>();
  readonly #terminate: () => Promise<void>;
  #current: PresenceEntry;
  #changes: (() => void)[] = [];

  /** Use `presence.subscribe`. */
  constructor(transID: number, first: PresenceEntry, terminate: () => Promise<void>) {
    this.publisher = first.publisher;
    this.transID = transID;
    this.ended = this.#feed.ended;
    this.#terminate = terminate;
    this.#current = first;
    this.#feed.push(first);
  }

  /** The newest entry. */
  get current(): PresenceEntry {
    return this.#current;
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

  [Symbol.asyncIterator](): AsyncIterator<PresenceEntry, void, void> {
    return this.#feed.read(this.#terminate);
  }

  /** For `presence`: an entry has come. */
  received(entry: PresenceEntry): void {
    this.#current = entry;
    this.#feed.replace(entry);
    this.#changed();
  }

  /** For `presence`: it is over. */
  end(end: OperationEnd): void {
    this.#feed.end(end);
    this.#changed();
  }

  /** Resolves when there is an entry other than the one of `lastUpdate`, or when it is over. */
  async changedFrom(lastUpdate: string): Promise<void> {
    while (!this.isOver && this.#current.lastUpdate === lastUpdate) {
      await new Promise<void>((resolve) => {
        this.#changes.push(resolve);
      });
    }
  }

  #changed(): void {
    for (const resolve of this.#changes.splice(0)) resolve();
  }
}
