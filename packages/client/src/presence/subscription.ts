import { Feed } from '../feed.ts';
import { unlessAborted } from '../in-time.ts';
import type { PresenceEntry } from './entry.ts';
import type { InProgress } from './in-progress.ts';
import { LiveOperation } from './live-operation.ts';

/**
 * A subscription in progress (RFC 3343 §4.2): an async iterable of the publisher's entry, the current
 * one first. A slow reader sees the latest entry only: entries that came meanwhile are skipped. An entry that comes
 * again, because the subscription was renewed, is not given again.
 */
export class Subscription extends LiveOperation<PresenceEntry> {
  readonly #entries: EntryFeed;

  /** Use `presence.subscribe`. */
  constructor(publisher: string, entries: EntryFeed, operation: Pick<InProgress, 'transID' | 'terminate'>) {
    super(publisher, entries, operation);
    this.#entries = entries;
  }

  /** The newest entry. While the client reconnects it is the last one that came. */
  get current(): PresenceEntry {
    // It began with one.
    return this.#entries.current as PresenceEntry;
  }

  /** Resolves when the newest entry is another one than that of `lastUpdate`, or when it is over. Rejects as aborted. */
  changedFrom(lastUpdate: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return unlessAborted(this.#entries.changedFrom(lastUpdate), signal);
  }
}

/** Only the newest entry waits for its reader. */
export class EntryFeed extends Feed<PresenceEntry> {
  /** Undefined before the first one. */
  current: PresenceEntry | undefined;
  readonly #told: ((entry: PresenceEntry) => void) | undefined;

  /** `told` is called with what a reader would be given, at once. */
  constructor(told?: (entry: PresenceEntry) => void) {
    super();
    this.#told = told;
  }

  override push(entry: PresenceEntry): void {
    if (this.isOver) return;
    const isKnown = entry.lastUpdate === this.current?.lastUpdate;
    this.current = entry;
    if (isKnown) return;
    this.discardWaiting();
    super.push(entry);
    this.#told?.(entry);
  }

  async changedFrom(lastUpdate: string): Promise<void> {
    while (!this.isOver && this.current?.lastUpdate === lastUpdate) await this.change;
  }
}
