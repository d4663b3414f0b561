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
  /** By publisher, in its canonical form. */
  readonly outcomes: ReadonlyMap<string, SubscribeOutcome>;
  readonly #entries = new Map<string, PresenceEntry>();
  /** Of publishers with something new for the reader, what that is. */
  readonly #changes = new Map<string, SubscriptionChange>();
  /** Publishers, each once. */
  readonly #feed = new Feed<string>();
  #open = 0;

  private constructor(outcomes: ReadonlyMap<string, SubscribeOutcome>) {
    this.outcomes = outcomes;
    for (const outcome of outcomes.values()) {
      if (outcome.kind === 'subscribed') this.#follow(outcome.subscription);
    }
    if (this.#open === 0) this.#feed.end({ kind: 'closed' });
  }

  /** Use `presence.subscribeAll`. */
  static async begin(
    publishers: Iterable<string>,
    { signal }: { readonly signal?: AbortSignal },
    subscribe: (publisher: string) => Promise<Subscription>,
  ): Promise<Subscriptions> {
    const subjects = [...new Set([...publishers].map(requireEndpoint))];
    if (subjects.length === 0)
      throw new ApexError('client.usage', 'no publisher: name at least one endpoint');
    const outcomes = await Promise.all(
      subjects.map((subject) => subscribe(subject).then(subscribed, refusedUnless(signal))),
    );
    signal?.throwIfAborted();
    return new Subscriptions(new Map(subjects.map((subject, index) => [subject, outcomes[index]!])));
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

  #follow(subscription: Subscription): void {
    const { publisher } = subscription;
    this.#open += 1;
    this.#entries.set(publisher, subscription.current);
    const read = async (): Promise<void> => {
      try {
        for await (const entry of subscription) {
          this.#entries.set(publisher, entry);
          this.#changed({ kind: 'entry', publisher, entry });
        }
      } catch (error) {
        // Told by its end as well.
        if (!(error instanceof ApexError)) throw error;
      }
      const end = await subscription.ended;
      this.#entries.delete(publisher);
      this.#changed({ kind: 'ended', publisher, end });
      this.#open -= 1;
      if (this.#open === 0) this.#feed.end(end.kind === 'lost' ? end : { kind: 'closed' });
    };
    void read();
  }

  #changed(change: SubscriptionChange): void {
    const isWaiting = this.#changes.has(change.publisher);
    this.#changes.set(change.publisher, change);
    if (!isWaiting) this.#feed.push(change.publisher);
  }
}

function subscribed(subscription: Subscription): SubscribeOutcome {
  return { kind: 'subscribed', subscription };
}

function refusedUnless(signal: AbortSignal | undefined): (error: unknown) => SubscribeOutcome {
  return (error) => {
    if (signal?.aborted === true) throw error;
    if (error instanceof ApexError) return { kind: 'refused', error };
    throw error;
  };
}
