import { Feed } from '../feed.ts';
import type { PresenceEntry } from './entry.ts';
import { LiveOperation } from './live-operation.ts';

/**
 * A subscription in progress (RFC 3343 §4.2): an async iterable of the publisher's entry, the current
 * one first. A slow reader sees the latest entry only: entries that came meanwhile are skipped.
 */
export class Subscription extends LiveOperation<PresenceEntry> {
  readonly #entries: EntryFeed;

  /** Use `presence.subscribe`. */
  constructor(publisher: string, transID: number, entries: EntryFeed, terminate: () => Promise<void>) {
    super(publisher, transID, entries, terminate);
    this.#entries = entries;
  }

  /** The newest entry. */
  get current(): PresenceEntry {
    return this.#entries.current;
  }

  /** Resolves when the newest entry is another one than that of `lastUpdate`, or when it is over. */
  changedFrom(lastUpdate: string): Promise<void> {
    return this.#entries.changedFrom(lastUpdate);
  }
}

/** Only the newest entry waits for its reader. */
export class EntryFeed extends Feed<PresenceEntry> {
  current: PresenceEntry;

  constructor(first: PresenceEntry) {
    super();
    this.current = first;
    super.push(first);
  }

  override push(entry: PresenceEntry): void {
    if (this.isOver) return;
    this.current = entry;
    this.discardWaiting();
    super.push(entry);
  }

  async changedFrom(lastUpdate: string): Promise<void> {
    while (!this.isOver && this.current.lastUpdate === lastUpdate) await this.change;
  }
}
