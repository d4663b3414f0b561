import { domainOf, MAX_TRANSID, parent } from '@apex/protocol';
import { requireEndpoint } from '../endpoints.ts';
import { ApexError } from '../errors.ts';
import { Feed } from '../feed.ts';
import type { OperationEnd } from '../operation-end.ts';
import { type RequestContext, Requests } from '../requests.ts';
import { entryOf, type PresenceEntry, type PresenceUpdate, presenceOf } from './entry.ts';
import type { LiveOperation } from './live-operation.ts';
import { EntryFeed, Subscription } from './subscription.ts';
import { type Notification, notificationOf, notify, Watch } from './watch.ts';

/** What the presence operations need of their client. */
export interface PresenceContext extends RequestContext {
  readonly endpoint: string;
}

export interface DurationOptions {
  /** How long it lasts at most, in seconds; the service may end it earlier. Default: one day. */
  readonly durationSeconds?: number;
  /** Terminates it when aborted; before it has begun, the call rejects with the reason as well. */
  readonly signal?: AbortSignal;
}

export interface PublishOptions {
  /** Whose entry; default: the endpoint itself, without its subaddress. */
  readonly publisher?: string;
}

/** A new entry, or what makes one out of the entry that it replaces; the latter is called again after a conflict. */
export type PublishChange = PresenceUpdate | ((current: PresenceEntry) => PresenceUpdate);

/** An operation at the service: a subscription, a watch, or one that an earlier client left there. */
export interface OperationReference {
  readonly publisher: string;
  readonly transID: number;
}

const DAY_SECONDS = 86_400;
/** RFC 3343 §4.2: the duration is a number of seconds up to 2^31 - 1. */
const MAX_DURATION_SECONDS = 2_147_483_647;
/** How often a publish is tried when others publish at the same time. */
const ATTEMPTS = 5;

/** A subscription or watch of this client, from its request on. */
interface Kept<T> {
  readonly starting: Promise<T>;
  live: T | undefined;
}

/**
 * The presence service as an application uses it (RFC 3343 §4). Every method rejects with ApexError:
 * `client.refused` with the reply code, `client.timeout`, `client.usage`, or what ended the client.
 */
export class Presence {
  readonly #endpoint: string;
  readonly #replyMs: number;
  readonly #requests: Requests;
  readonly #subscriptions = new Map<string, Kept<Subscription>>();
  readonly #watches = new Map<string, Kept<Watch>>();
  /** The last publish of each publisher: the next one waits for it. */
  readonly #publishing = new Map<string, Promise<unknown>>();

  constructor(context: PresenceContext) {
    this.#endpoint = context.endpoint;
    this.#replyMs = context.replyMs;
    this.#requests = new Requests(context);
  }

  /**
   * Subscribes to a publisher; resolves with its current entry at hand. One subscription of a client to
   * a publisher at a time: a second one would silently end the first (RFC 3343 §4.2 step 4).
   */
  async subscribe(publisher: string, options: DurationOptions = {}): Promise<Subscription> {
    const subject = requireEndpoint(publisher);
    return this.#start(this.#subscriptions, 'subscription', subject, options, (seconds) =>
      this.#subscribe(subject, seconds),
    );
  }

  /** Watches who subscribes to a publisher. One watch of a client on a publisher at a time. */
  async watch(publisher: string, options: DurationOptions = {}): Promise<Watch> {
    const subject = requireEndpoint(publisher);
    return this.#start(this.#watches, 'watch', subject, options, (seconds) => this.#watch(subject, seconds));
  }

  /**
   * The publisher's entry: that of the subscription in progress when there is one (P4: a poll would end
   * it), else a poll.
   */
  async fetch(publisher: string): Promise<PresenceEntry> {
    const subject = requireEndpoint(publisher);
    // P4. No await between the last look and the poll: it would end a subscription that began meanwhile.
    for (;;) {
      const kept = inProgress(this.#subscriptions, subject);
      if (kept === undefined) break;
      const subscription = await kept.starting.catch(() => undefined);
      if (subscription?.isOver === false) return subscription.current;
    }
    return this.#requests.ask<PresenceEntry>({
      what: `fetch ${subject}`,
      service: serviceOf(subject),
      lasts: false,
      operation: (transID) => ({ kind: 'subscribe', publisher: subject, transID, duration: 0 }),
      received(operation, answer) {
        if (operation.kind !== 'publish') return false;
        answer(entryOf(operation.presence, operation.timeStamp));
        return true;
      },
    });
  }

  /**
   * Replaces an entry (RFC 3343 §2.1, §2.2 rule 1). The lastUpdate that it needs comes from the subscription in progress when there
   * is one, else from a poll. When another application published meanwhile (555), a function is called
   * again with the newer entry; a plain update is refused with 555.
   */
  async publish(change: PublishChange, options: PublishOptions = {}): Promise<void> {
    const subject = requireEndpoint(options.publisher ?? parent(this.#endpoint));
    // One after the other: each needs the lastUpdate that the one before it got.
    const before = this.#publishing.get(subject) ?? Promise.resolve();
    const turn = before.then(() => this.#publish(subject, change));
    const settled = turn.catch(() => {});
    this.#publishing.set(subject, settled);
    void settled.then(() => {
      if (this.#publishing.get(subject) === settled) this.#publishing.delete(subject);
    });
    return turn;
  }

  /**
   * Ends an operation of this endpoint at the service, also one that an earlier client left in progress
   * (RFC 3343 §4.5). Resolves as well when the service knows it no more; rejects when the service does
   * not confirm that it is over.
   */
  async terminate({ publisher, transID }: OperationReference): Promise<void> {
    const service = serviceOf(requireEndpoint(publisher));
    if (!isWholeNumber(transID, MAX_TRANSID)) {
      throw new ApexError(
        'client.usage',
        `transID: ${transID} is not a whole number from 1 to ${MAX_TRANSID}`,
      );
    }
    const live = this.#all().find((kept) => kept.live?.transID === transID)?.live;
    return live === undefined ? this.#requests.terminate(service, transID) : live.terminate();
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

  /** Keeps an operation that begins, so that there is one of its kind for a publisher, until it is over. */
  async #start<T extends LiveOperation<unknown>>(
    operations: Map<string, Kept<T>>,
    name: string,
    subject: string,
    { durationSeconds = DAY_SECONDS, signal }: DurationOptions,
    begin: (durationSeconds: number) => Promise<T>,
  ): Promise<T> {
    requireDuration(durationSeconds);
    signal?.throwIfAborted();
    if (inProgress(operations, subject) !== undefined) {
      throw new ApexError(
        'client.usage',
        `this client has a ${name} of ${subject} in progress: terminate it first, or use it`,
      );
    }
    const starting = begin(durationSeconds);
    const kept: Kept<T> = { starting, live: undefined };
    operations.set(subject, kept);
    const forget = (): void => {
      if (operations.get(subject) === kept) operations.delete(subject);
    };
    starting.then((live) => {
      kept.live = live;
      void live.ended.then(forget);
    }, forget);
    return signal === undefined ? starting : abortable(starting, signal);
  }

  async #subscribe(subject: string, durationSeconds: number): Promise<Subscription> {
    const service = serviceOf(subject);
    let feed: EntryFeed | undefined;
    let subscription: Subscription | undefined;
    await this.#requests.ask<PresenceEntry>({
      what: `subscribe to ${subject}`,
      service,
      lasts: true,
      operation: (transID) => ({
        kind: 'subscribe',
        publisher: subject,
        transID,
        duration: durationSeconds,
      }),
      received(operation, answer) {
        if (operation.kind === 'publish') {
          const entry = entryOf(operation.presence, operation.timeStamp);
          if (feed === undefined) answer(entry);
          else feed.push(entry);
        } else if (operation.kind === 'terminate') {
          feed?.end(endOf(operation.code, operation.text));
        }
        return operation.kind === 'terminate';
      },
      answered: (first, transID) => {
        const entries = new EntryFeed(first);
        feed = entries;
        subscription = new Subscription(subject, transID, entries, () =>
          this.#terminate(service, transID, entries),
        );
      },
      ended: (error) => feed?.end({ kind: 'lost', error }),
    });
    return subscription!;
  }

  async #watch(subject: string, durationSeconds: number): Promise<Watch> {
    const service = serviceOf(subject);
    const feed = new Feed<Notification>();
    let watch: Watch | undefined;
    await this.#requests.ask<void>({
      what: `watch ${subject}`,
      service,
      lasts: true,
      operation: (transID) => ({ kind: 'watch', publisher: subject, transID, duration: durationSeconds }),
      received: (operation, answer) => {
        switch (operation.kind) {
          case 'reply':
            answer();
            return false;
          case 'notify':
            if (notify(feed, subject, notificationOf(operation))) return false;
            void this.#requests.terminate(service, operation.transID).catch(() => {});
            return true;
          case 'terminate':
            feed.end(endOf(operation.code, operation.text));
            return true;
          default:
            return false;
        }
      },
      answered: (_, transID) => {
        watch = new Watch(subject, transID, feed, () => this.#terminate(service, transID, feed));
      },
      ended: (error) => feed.end({ kind: 'lost', error }),
    });
    return watch!;
  }

  async #publish(subject: string, change: PublishChange): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const current = await this.fetch(subject);
      const presence = presenceOf(typeof change === 'function' ? change(current) : change, current);
      const timeStamp = new Date().toISOString();
      const conflict = await this.#requests
        .ask<void>({
          what: `publish ${subject}`,
          service: serviceOf(subject),
          lasts: false,
          operation: (transID) => ({ kind: 'publish', publisher: subject, transID, timeStamp, presence }),
          received(operation, answer) {
            if (operation.kind === 'reply') answer();
            return operation.kind === 'reply';
          },
        })
        .then(
          () => undefined,
          (error: unknown) => {
            const again = error instanceof ApexError && error.replyCode === 555;
            if (again && typeof change === 'function' && attempt < ATTEMPTS) return error;
            throw error;
          },
        );
      const isNewerThere = await this.#hasNewer(subject, current.lastUpdate);
      if (conflict === undefined) return;
      if (!isNewerThere) throw conflict;
    }
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
    const timer = setTimeout(() => late.resolve(false), this.#replyMs);
    const change = subscription.changedFrom(lastUpdate).then(() => true);
    return Promise.race([change, late.promise]).finally(() => clearTimeout(timer));
  }

  /** Ends a subscription or watch of ours; what comes for it afterwards is dropped. */
  async #terminate(
    service: string,
    transID: number,
    feed: Pick<Feed<unknown>, 'isOver' | 'end'>,
  ): Promise<void> {
    if (feed.isOver) return;
    feed.end({ kind: 'closed' });
    await this.#requests.terminate(service, transID);
  }
}

function inProgress<T extends LiveOperation<unknown>>(
  operations: ReadonlyMap<string, Kept<T>>,
  subject: string,
): Kept<T> | undefined {
  const kept = operations.get(subject);
  return kept?.live?.isOver === true ? undefined : kept;
}

function endOf(replyCode: number, text: string): OperationEnd {
  return replyCode === 250 ? { kind: 'expired' } : { kind: 'terminated', replyCode, text };
}

/** What is starting, which the signal ends at any time: it rejects at once, whatever the service does. */
function abortable<T extends LiveOperation<unknown>>(starting: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason);
      // As far as the service can be told; without a beginning there is nothing to terminate.
      starting.then((live) => live.terminate()).catch(() => {});
    };
    const forget = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    starting.then(
      (live) => {
        void live.ended.then(forget);
        resolve(live);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
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
