import { domainOf } from '@apex/protocol';
import { ApexError } from '../errors.ts';
import { unlessAborted } from '../in-time.ts';
import type { Requests } from '../requests.ts';
import { type PresenceEntry, type PresenceUpdate, presenceOf } from './entry.ts';

/** A new entry, or what makes one out of the entry that it replaces; the latter is called again after a conflict. */
export type PublishChange = PresenceUpdate | ((current: PresenceEntry) => PresenceUpdate);

/** Where a publish starts from. */
export interface Entries {
  fetch(subject: string, signal: AbortSignal | undefined): Promise<PresenceEntry>;
  /** Resolves when an entry newer than that of `lastUpdate` is where `fetch` looks; false when it does not come. */
  hasNewer(subject: string, lastUpdate: string): Promise<boolean>;
}

/** How often a publish is tried when others publish at the same time. */
const ATTEMPTS = 5;

/** The publish operations of a client (RFC 3343 §4.4). */
export class Publishing {
  readonly #requests: Requests;
  readonly #entries: Entries;
  /** The last publish of each publisher: the next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(requests: Requests, entries: Entries) {
    this.#requests = requests;
    this.#entries = entries;
  }

  /** One after the other: each needs the lastUpdate that the one before it got. */
  async publish(subject: string, change: PublishChange, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const before = this.#last.get(subject) ?? Promise.resolve();
    const turn = before.then(() => this.#publish(subject, change, signal));
    const settled = turn.catch(() => {});
    this.#last.set(subject, settled);
    void settled.then(() => {
      if (this.#last.get(subject) === settled) this.#last.delete(subject);
    });
    return unlessAborted(turn, signal);
  }

  async #publish(subject: string, change: PublishChange, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const current = await this.#entries.fetch(subject, signal);
      const presence = presenceOf(typeof change === 'function' ? change(current) : change, current);
      const timeStamp = new Date().toISOString();
      const conflict = await this.#requests
        .ask<void>(
          {
            what: `publish ${subject}`,
            service: `apex=presence@${domainOf(subject)}`,
            repeats: false,
            operation: (transID) => ({ kind: 'publish', publisher: subject, transID, timeStamp, presence }),
            received(operation, answer) {
              if (operation.kind === 'reply') answer();
            },
          },
          signal,
        )
        .then(
          () => undefined,
          (error: unknown) => {
            const again = error instanceof ApexError && error.replyCode === 555;
            if (again && typeof change === 'function' && attempt < ATTEMPTS) return error;
            throw error;
          },
        );
      const isNewerThere = await this.#entries.hasNewer(subject, current.lastUpdate);
      if (conflict === undefined) return;
      if (!isNewerThere) throw conflict;
    }
  }
}
