import { requireEndpoint } from '../endpoints.ts';
import { ApexError } from '../errors.ts';
import { Feed } from '../feed.ts';
import type { OperationEnd } from '../operation-end.ts';
import type { PresenceEntry } from './entry.ts';
import type { Subscription } from './subscription.ts';

/** What became of the request to subscribe to one publisher. */
export type SubscribeOutcome =
  | { readonly kind: 'subscribed'; readonly subscription: Subscription }
  | { readonly kind: 'refused'; readonly error: ApexError };

/** What many subscriptions tell. */
export type SubscriptionChange =
  | { readonly kind: 'entry'; readonly publisher: string; readonly entry: PresenceEntry }
  /** There is nothing more from this publisher. */
  | { readonly kind: 'ended'; readonly publisher: string; readonly end: OperationEnd };

/**
 * Subscriptions to many publishers: one async iterable, for one reader, of what any of them tells, the current entries
 * first. A slow reader sees the latest of each publisher only. It ends with the last subscription; leaving it early
 * terminates all.
 */
export class Subscriptions implements AsyncIterable<SubscriptionChange>, AsyncDisposable {
  readonly #outcomes = new Map<string, SubscribeOutcome>();
  readonly #entries = new Map<string, PresenceEntry>();
  /** Of publishers with something new for the reader, what that is. */
  readonly #changes = new Map<string, SubscriptionChange>();
  /** Publishers, each once. */
  readonly #feed = new Feed<string>();
  /** How many are starting or last. */
  #open: number;

  private constructor(count: number) {
    this.#open = count;
  }

  /** Use `presence.subscribeAll`. `subscribe` tells each entry at once. */
  static async begin(
    publishers: Iterable<string>,
    { signal }: { readonly signal?: AbortSignal },
    subscribe: (publisher: string, told: (entry: PresenceEntry) => void) => Promise<Subscription>,
  ): Promise<Subscriptions> {
    const subjects = [...new Set([...publishers].map(requireEndpoint))];
    if (subjects.length === 0)
      throw new ApexError('client.usage', 'no publisher: name at least one endpoint');
    const all = new Subscriptions(subjects.length);
    const outcomes = await Promise.all(
      subjects.map((publisher) =>
        subscribe(publisher, (entry) => all.#told(publisher, entry)).then(
          (subscription) => all.#follow(subscription),
          (error: unknown) => all.#refused(error, signal),
        ),
      ),
    );
    signal?.throwIfAborted();
    subjects.forEach((publisher, index) => void all.#outcomes.set(publisher, outcomes[index]!));
    return all;
  }

  /** By publisher, in its canonical form. */
  get outcomes(): ReadonlyMap<string, SubscribeOutcome> {
    return this.#outcomes;
  }

  /** The newest entry of each publisher whose subscription goes on. */
  get entries(): ReadonlyMap<string, PresenceEntry> {
    return this.#entries;
  }

  /** Ends all. Rejects with ApexError, once all have been tried, when the service does not confirm one of them. */
  async terminate(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#endAll((subscription) => subscription.terminate(options));
  }

  /** As `terminate`, without waiting for a session. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endAll((subscription) => subscription[Symbol.asyncDispose]());
  }

  /** Throws what ended the client. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SubscriptionChange, void, void> {
    for await (const publisher of this.#feed.read(() => this[Symbol.asyncDispose]())) {
      const change = this.#changes.get(publisher);
      this.#changes.delete(publisher);
      if (change !== undefined) yield change;
    }
  }

  async #endAll(end: (subscription: Subscription) => Promise<void>): Promise<void> {
    const subscriptions = [...this.outcomes.values()].flatMap((outcome) =>
      outcome.kind === 'subscribed' ? [outcome.subscription] : [],
    );
    const ends = await Promise.allSettled(subscriptions.map(end));
    for (const ended of ends) if (ended.status === 'rejected') throw ended.reason;
  }

  #told(publisher: string, entry: PresenceEntry): void {
    this.#entries.set(publisher, entry);
    this.#changed({ kind: 'entry', publisher, entry });
  }

  #follow(subscription: Subscription): SubscribeOutcome {
    const { publisher } = subscription;
    void subscription.ended.then((end) => {
      this.#entries.delete(publisher);
      this.#changed({ kind: 'ended', publisher, end });
      this.#closed(end);
    });
    return { kind: 'subscribed', subscription };
  }

  #refused(error: unknown, signal: AbortSignal | undefined): SubscribeOutcome {
    if (signal?.aborted === true || !(error instanceof ApexError)) throw error;
    this.#closed({ kind: 'closed' });
    return { kind: 'refused', error };
  }

  #closed(end: OperationEnd): void {
    this.#open -= 1;
    if (this.#open === 0) this.#feed.end(end.kind === 'lost' ? end : { kind: 'closed' });
  }

  #changed(change: SubscriptionChange): void {
    const isWaiting = this.#changes.has(change.publisher);
    this.#changes.set(change.publisher, change);
    if (!isWaiting) this.#feed.push(change.publisher);
  }
}
