import type { Access as AccessElement } from '@apex/protocol';
import { ApexError } from '../errors.ts';
import type { Feed } from '../feed.ts';

/** An access entry as a service has it (RFC 3341 §3). */
export interface AccessEntry {
  readonly owner: string;
  /** An endpoint or a wildcard. */
  readonly actor: string;
  /** Undefined: it was removed. */
  readonly actions: readonly string[] | undefined;
  /** RFC 3339; the token of the next change. */
  readonly lastUpdate: string | undefined;
}

export function entryOf({ owner, actor, actions, lastUpdate }: AccessElement): AccessEntry {
  return { owner, actor, actions, lastUpdate };
}

/** Entries that may wait for a reader. */
const WAITING = 10_000;

/**
 * Changes of access entries as they are told: an async iterable for one reader. None is left out: when more than
 * 10,000 wait for their reader, it ends and the iteration throws ApexError `client.overflow`.
 */
export class AccessChanges implements AsyncIterable<AccessEntry>, Disposable {
  readonly #feed: Feed<AccessEntry>;
  readonly #left: () => void;

  constructor(feed: Feed<AccessEntry>, left: () => void) {
    this.#feed = feed;
    this.#left = left;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#left();
    this.#feed.end({ kind: 'closed' });
  }

  [Symbol.asyncIterator](): AsyncIterator<AccessEntry, void, void> {
    return this.#feed.read(async () => this[Symbol.dispose]());
  }

  static push(feed: Feed<AccessEntry>, entry: AccessEntry): void {
    feed.push(entry);
    if (feed.waiting <= WAITING) return;
    feed.discardWaiting();
    const message = `access changes: ${WAITING} wait and nobody reads them`;
    feed.end({ kind: 'lost', error: new ApexError('client.overflow', message) });
  }
}
