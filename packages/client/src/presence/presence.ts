import { domainOf, MAX_TRANSID, type Operation, parent } from '@apex/protocol';
import { requireEndpoint } from '../endpoints.ts';
import { ApexError } from '../errors.ts';
import { Feed } from '../feed.ts';
import { inTime, unlessAborted } from '../in-time.ts';
import type { OperationEnd } from '../operation-end.ts';
import { disconnected, Requests } from '../requests.ts';
import { entryOf, type PresenceEntry } from './entry.ts';
import { InProgress, type InProgressContext, type Wanted } from './in-progress.ts';
import type { LiveOperation } from './live-operation.ts';
import { type PublishChange, Publishing } from './publishing.ts';
import { EntryFeed, Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { Turns } from './turns.ts';
import { type Notification, notificationOf, notify, Watch } from './watch.ts';

/** What the presence operations need of their client. */
export interface PresenceContext extends InProgressContext {
  readonly endpoint: string;
}

/** For how long a call waits. */
export interface WaitOptions {
  /** Stops the waiting: the call rejects with its reason at once. What was sent before may be carried out. */
  readonly signal?: AbortSignal;
}

/** How long a subscription or watch lasts. */
export interface DurationOptions {
  /** How long it lasts at most, in seconds; the service may end it earlier (P7). Default: one day. */
  readonly durationSeconds?: number;
  /**
   * Renews it before its time is over, and when the service ends it at a limit of its own, for as long as it is not
   * terminated; default false. `durationSeconds` is then how long it may outlive a client that is gone.
   */
  readonly keep?: boolean;
  /** Terminates it when aborted; before it has begun, the call rejects with the reason as well. */
  readonly signal?: AbortSignal;
}

/** Whose entry is published. */
export interface PublishOptions extends WaitOptions {
  /** Whose entry; default: the endpoint itself, without its subaddress. */
  readonly publisher?: string;
}

/** An operation at the service: a subscription, a watch, or one that an earlier client left there. */
export interface OperationReference {
  readonly publisher: string;
  readonly transID: number;
}

const DAY_SECONDS = 86_400;
/** RFC 3343 §4.2: the duration is a number of seconds up to 2^31 - 1. */
const MAX_DURATION_SECONDS = 2_147_483_647;
/** Subscribes and watches that may wait for their answer at a time. */
const MOST_ASKING = 32;

/** A subscription or watch of this client, from its request on. */
interface Kept<T> {
  readonly operation: InProgress;
  readonly starting: Promise<T>;
  live: T | undefined;
}

/** What was in progress when a session ended, after the next one began. */
export interface Resumption {
  /** How many go on. */
  readonly inProgress: number;
  /** Those that do not: their time was over, or the service refused them. */
  readonly ended: readonly (OperationReference & { readonly end: OperationEnd })[];
}

/**
 * The presence service as an application uses it (RFC 3343 §4). Every method rejects with ApexError:
 * `client.refused` with the reply code, `client.timeout`, `client.usage`, or what ended the client.
 */
export class Presence {
  readonly #context: PresenceContext;
  readonly #requests: Requests;
  readonly #publishing: Publishing;
  readonly #turns = new Turns(MOST_ASKING);
  readonly #subscriptions = new Map<string, Kept<Subscription>>();
  readonly #watches = new Map<string, Kept<Watch>>();

  constructor(context: PresenceContext) {
    this.#context = context;
    this.#requests = new Requests(context);
    this.#publishing = new Publishing(this.#requests, {
      fetch: (subject, signal) => this.#fetch(subject, signal),
      hasNewer: (subject, lastUpdate) => this.#hasNewer(subject, lastUpdate),
    });
  }

  /**
   * Subscribes to a publisher; resolves with its current entry at hand. One subscription of a client to
   * a publisher at a time: a second one would silently end the first (RFC 3343 §4.2 step 4).
   */
  async subscribe(publisher: string, options: DurationOptions = {}): Promise<Subscription> {
    return this.#subscribeTo(publisher, options);
  }

  /**
   * Subscribes to many publishers at once, each named once. Resolves when every one has its outcome, which may be a
   * refusal: `outcomes` tells. Rejects when nothing can be subscribed to at all: with `client.usage`, or as aborted.
   */
  subscribeAll(publishers: Iterable<string>, options: DurationOptions = {}): Promise<Subscriptions> {
    return Subscriptions.begin(publishers, options, (publisher, told) =>
      this.#subscribeTo(publisher, options, told),
    );
  }

  /** Watches who subscribes to a publisher. One watch of a client on a publisher at a time. */
  async watch(publisher: string, options: DurationOptions = {}): Promise<Watch> {
    const subject = requireEndpoint(publisher);
    return this.#start(this.#watches, 'watch', subject, options, (wanted) => this.#watch(wanted));
  }

  /**
   * The publisher's entry: that of the subscription in progress when there is one (P4: a poll would end
   * it), else a poll. While the client reconnects it waits for the present entry.
   */
  async fetch(publisher: string, { signal }: WaitOptions = {}): Promise<PresenceEntry> {
    return this.#fetch(requireEndpoint(publisher), signal);
  }

  /**
   * Replaces an entry (RFC 3343 §2.1, §2.2 rule 1). The lastUpdate that it needs comes from the subscription in progress when there
   * is one, else from a poll. When another application published meanwhile (555), a function is called
   * again with the newer entry; a plain update is refused with 555. Never repeated when the session ends: rejects with
   * `client.lost` then, and whether it was carried out is not known.
   */
  async publish(change: PublishChange, { publisher, signal }: PublishOptions = {}): Promise<void> {
    const subject = requireEndpoint(publisher ?? parent(this.#context.endpoint));
    return this.#publishing.publish(subject, change, signal);
  }

  /**
   * Ends an operation of this endpoint at the service, also one that an earlier client left in progress
   * (RFC 3343 §4.5). Resolves as well when the service knows it no more; rejects when the service does
   * not confirm that it is over.
   */
  async terminate({ publisher, transID }: OperationReference, { signal }: WaitOptions = {}): Promise<void> {
    const service = serviceOf(requireEndpoint(publisher));
    if (!isWholeNumber(transID, MAX_TRANSID)) {
      throw new ApexError(
        'client.usage',
        `transID: ${transID} is not a whole number from 1 to ${MAX_TRANSID}`,
      );
    }
    const live = this.#all().find((kept) => kept.live?.transID === transID)?.live;
    const options = signal === undefined ? {} : { signal };
    return live === undefined ? this.#requests.terminate(service, transID, options) : live.terminate(options);
  }

  /** Ends all subscriptions and watches of this client, as far as the service can be told. */
  async terminateAll(): Promise<void> {
    await Promise.allSettled(this.#all().map(async ({ starting }) => (await starting).terminate()));
    // Those that the application has begun to terminate.
    await this.#requests.terminated();
  }

  #all(): readonly Kept<LiveOperation<unknown>>[] {
    return [...this.#subscriptions.values(), ...this.#watches.values()];
  }

  /**
   * There is another session: takes up on it what was in progress. Resolves when all has been asked for; undefined when
   * that session ended before.
   */
  async resume(): Promise<Resumption | undefined> {
    const { operations } = this.#context;
    const before = this.#all().filter(({ live }) => live?.isOver === false);
    const session = operations.resume();
    await Promise.all(before.map(({ operation }) => operation.resumed));
    if (!operations.isIn(session)) return undefined;
    const over = before.flatMap(({ live }) => (live?.isOver === true ? [live] : []));
    const ended = over.map(async ({ publisher, transID, ended }) => ({
      publisher,
      transID,
      end: await ended,
    }));
    return { inProgress: before.length - over.length, ended: await Promise.all(ended) };
  }

  /** Keeps an operation that begins, so that there is one of its kind for a publisher, until it is over. */
  async #start<T extends LiveOperation<unknown>>(
    operations: Map<string, Kept<T>>,
    name: string,
    subject: string,
    { durationSeconds = DAY_SECONDS, keep = false, signal }: DurationOptions,
    begin: (wanted: Duration) => Pick<Kept<T>, 'operation' | 'starting'>,
  ): Promise<T> {
    requireDuration(durationSeconds);
    signal?.throwIfAborted();
    if (inProgress(operations, subject) !== undefined) {
      throw new ApexError(
        'client.usage',
        `this client has a ${name} of ${subject} in progress: terminate it first, or use it`,
      );
    }
    const kept: Kept<T> = {
      ...begin({ subject, service: serviceOf(subject), durationSeconds, keep }),
      live: undefined,
    };
    const { operation, starting } = kept;
    operations.set(subject, kept);
    const cancel = (): void => operation.cancel(signal?.reason);
    signal?.addEventListener('abort', cancel);
    const forget = (): void => {
      signal?.removeEventListener('abort', cancel);
      if (operations.get(subject) === kept) operations.delete(subject);
    };
    starting.then((live) => {
      kept.live = live;
      void live.ended.then(forget);
    }, forget);
    return starting;
  }

  async #subscribeTo(publisher: string, options: DurationOptions, told?: Told): Promise<Subscription> {
    const subject = requireEndpoint(publisher);
    return this.#start(this.#subscriptions, 'subscription', subject, options, (duration) =>
      this.#subscribe(duration, told),
    );
  }

  #subscribe(duration: Duration, told: Told | undefined): Pick<Kept<Subscription>, 'operation' | 'starting'> {
    const entries = new EntryFeed(told);
    const received = (operation: Operation): void => {
      if (operation.kind === 'publish') entries.push(entryOf(operation.presence, operation.timeStamp));
    };
    const operation = this.#begin({ ...duration, kind: 'subscribe', received }, entries);
    const starting = operation.started.then(() => new Subscription(duration.subject, entries, operation));
    return { operation, starting };
  }

  #watch(duration: Duration): Pick<Kept<Watch>, 'operation' | 'starting'> {
    const { subject } = duration;
    const feed = new Feed<Notification>();
    const tell = (notification: Notification): void => {
      const overflow = notify(feed, subject, notification);
      if (overflow !== undefined) operation.abandon(overflow);
    };
    const operation = this.#begin(
      {
        ...duration,
        kind: 'watch',
        received(received) {
          if (received.kind === 'notify') tell(notificationOf(received));
        },
        restarted: () => tell({ action: 'restart' }),
      },
      feed,
    );
    return { operation, starting: operation.started.then(() => new Watch(subject, feed, operation)) };
  }

  #begin(wanted: Wanted, feed: Pick<Feed<unknown>, 'isOver' | 'end'>): InProgress {
    return new InProgress(this.#context, this.#requests, this.#turns, wanted, feed);
  }

  async #fetch(subject: string, signal: AbortSignal | undefined): Promise<PresenceEntry> {
    signal?.throwIfAborted();
    // P4. No await between the last look and the poll: it would end a subscription that began meanwhile.
    for (;;) {
      const kept = inProgress(this.#subscriptions, subject);
      if (kept === undefined) break;
      const subscription = await unlessAborted(
        kept.starting.catch(() => undefined),
        signal,
      );
      if (subscription === undefined) continue;
      const { replyMs } = this.#context;
      await inTime(kept.operation.fresh, replyMs, () => disconnected(`fetch ${subject}`, replyMs), signal);
      if (!subscription.isOver) return subscription.current;
    }
    return this.#requests.ask<PresenceEntry>(
      {
        what: `fetch ${subject}`,
        service: serviceOf(subject),
        repeats: true,
        operation: (transID) => ({ kind: 'subscribe', publisher: subject, transID, duration: 0 }),
        received(operation, answer) {
          if (operation.kind === 'publish') answer(entryOf(operation.presence, operation.timeStamp));
        },
      },
      signal,
    );
  }

  /**
   * Waits until the subscription in progress has brought the newer entry, ours or that of the other
   * application, from which the next publish starts. False when it does not come in time.
   */
  async #hasNewer(subject: string, lastUpdate: string): Promise<boolean> {
    const kept = inProgress(this.#subscriptions, subject);
    const subscription = await kept?.starting.catch(() => undefined);
    if (subscription === undefined) return true;
    const late = Promise.withResolvers<false>();
    const stop = this.#context.clock.after(this.#context.replyMs, () => late.resolve(false));
    const change = subscription.changedFrom(lastUpdate).then(() => true);
    return Promise.race([change, late.promise]).finally(stop);
  }
}

type Told = (entry: PresenceEntry) => void;

/** What a subscription and a watch have in common. */
type Duration = Pick<Wanted, 'subject' | 'service' | 'durationSeconds' | 'keep'>;

/** The one that is starting or lasts. */
function inProgress<T extends LiveOperation<unknown>>(
  operations: ReadonlyMap<string, Kept<T>>,
  subject: string,
): Kept<T> | undefined {
  const kept = operations.get(subject);
  return kept?.live?.isOver === true ? undefined : kept;
}

function serviceOf(subject: string): string {
  return `apex=presence@${domainOf(subject)}`;
}

function requireDuration(durationSeconds: number): void {
  if (isWholeNumber(durationSeconds, MAX_DURATION_SECONDS)) return;
  throw new ApexError(
    'client.usage',
    `durationSeconds: ${durationSeconds} is not a whole number of seconds from 1 to ${MAX_DURATION_SECONDS}`,
  );
}

function isWholeNumber(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}
