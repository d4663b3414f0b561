import { domainOf, identityOf, type Operation, parent } from '@apex/protocol';
import { ApexError, refused } from '../errors.ts';
import type { Operations } from '../operations.ts';
import { entryOf, type PresenceEntry, type PresenceUpdate, presenceOf } from './entry.ts';
import { Subscription } from './subscription.ts';
import { overflow, Watch } from './watch.ts';

/** What the presence operations need of their client. */
export interface PresenceContext {
  readonly endpoint: string;
  readonly operations: Operations;
  /** How long the service may take to answer, in milliseconds. */
  readonly replyMs: number;
  /** Resolves when the relay has accepted the data. */
  send(service: string, operation: Operation): Promise<void>;
}

export interface DurationOptions {
  /** How long it lasts at most, in seconds; the service may end it earlier. Default: one day. */
  readonly durationSeconds?: number;
  /** Terminates it when aborted. */
  readonly signal?: AbortSignal;
}

export interface PublishOptions {
  /** Whose entry; default: the endpoint itself, without its subaddress. */
  readonly publisher?: string;
}

/** A new entry, or what makes one out of the entry that it replaces; the latter is called again after a conflict. */
export type PublishChange = PresenceUpdate | ((current: PresenceEntry) => PresenceUpdate);

const DAY_SECONDS = 86_400;
/** How often a publish is tried when others publish at the same time. */
const ATTEMPTS = 5;

/**
 * The presence service as an application uses it (RFC 3343 §4). Every method rejects with ApexError:
 * `client.refused` with the reply code, `client.timeout`, or what ended the client.
 */
export class Presence {
  readonly #context: PresenceContext;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #watches = new Map<string, Watch>();
  /** The last publish of each publisher: the next one waits for it. */
  readonly #publishing = new Map<string, Promise<unknown>>();

  constructor(context: PresenceContext) {
    this.#context = context;
  }

  /**
   * Subscribes to a publisher; resolves with its current entry at hand. One subscription of a client to
   * a publisher at a time: a second one would silently end the first (RFC 3343 §4.2 step 4).
   */
  async subscribe(publisher: string, options: DurationOptions = {}): Promise<Subscription> {
    const { durationSeconds = DAY_SECONDS, signal } = options;
    const subject = subjectOf(publisher);
    requireDuration(durationSeconds);
    signal?.throwIfAborted();
    this.#requireNone(this.#subscriptions.get(subject), 'subscription', subject);
    const service = serviceOf(subject);
    const what = `subscribe to ${subject}`;
    let subscription: Subscription | undefined;
    const { transID, answered } = this.#begin<PresenceEntry>(service, what, {
      received(operation, settle) {
        if (operation.kind === 'publish') {
          const entry = entryOf(operation.presence, operation.timeStamp);
          if (subscription === undefined) settle(entry);
          else subscription.received(entry);
          return false;
        }
        if (operation.kind === 'terminate') subscription?.end(endOf(operation.code, operation.text));
        return operation.kind === 'terminate';
      },
      settled: (first, transID) => {
        subscription = new Subscription(transID, first, () =>
          this.#terminate(service, transID, subscription!),
        );
        this.#keep(this.#subscriptions, subject, subscription, transID);
      },
      ended: (error) => subscription?.end({ kind: 'lost', error }),
    });
    await this.#ask(service, what, transID, {
      kind: 'subscribe',
      publisher: subject,
      transID,
      duration: durationSeconds,
    });
    await answered;
    return closeOnAbort(subscription!, signal);
  }

  /**
   * The publisher's entry: that of the subscription in progress when there is one (P4: a poll would end
   * it), else a poll.
   */
  async fetch(publisher: string): Promise<PresenceEntry> {
    const subject = subjectOf(publisher);
    const subscription = this.#subscriptions.get(subject);
    // P4
    if (subscription !== undefined) return subscription.current;
    const service = serviceOf(subject);
    const what = `fetch ${subject}`;
    const { transID, answered } = this.#begin<PresenceEntry>(service, what, {
      received(operation, settle) {
        if (operation.kind !== 'publish') return false;
        settle(entryOf(operation.presence, operation.timeStamp));
        return true;
      },
    });
    await this.#ask(service, what, transID, { kind: 'subscribe', publisher: subject, transID, duration: 0 });
    return answered;
  }

  /** Watches who subscribes to a publisher. One watch of a client on a publisher at a time. */
  async watch(publisher: string, options: DurationOptions = {}): Promise<Watch> {
    const { durationSeconds = DAY_SECONDS, signal } = options;
    const subject = subjectOf(publisher);
    requireDuration(durationSeconds);
    signal?.throwIfAborted();
    this.#requireNone(this.#watches.get(subject), 'watch', subject);
    const service = serviceOf(subject);
    const what = `watch ${subject}`;
    let watch: Watch | undefined;
    const { transID, answered } = this.#begin<void>(service, what, {
      received: (operation, settle) => {
        switch (operation.kind) {
          case 'reply':
            settle();
            return false;
          case 'notify':
            if (watch === undefined || watch.received(operation)) return false;
            watch.end({ kind: 'lost', error: overflow(subject) });
            void this.#tell(service, operation.transID);
            return true;
          case 'terminate':
            watch?.end(endOf(operation.code, operation.text));
            return true;
          default:
            return false;
        }
      },
      settled: (_, transID) => {
        watch = new Watch(subject, transID, () => this.#terminate(service, transID, watch!));
        this.#keep(this.#watches, subject, watch, transID);
      },
      ended: (error) => watch?.end({ kind: 'lost', error }),
    });
    await this.#ask(service, what, transID, {
      kind: 'watch',
      publisher: subject,
      transID,
      duration: durationSeconds,
    });
    await answered;
    return closeOnAbort(watch!, signal);
  }

  /**
   * Replaces an entry. The lastUpdate that it needs comes from the subscription in progress when there
   * is one, else from a poll. When another application published meanwhile (555), a function is called
   * again with the newer entry; a plain update is refused with 555.
   */
  async publish(change: PublishChange, options: PublishOptions = {}): Promise<void> {
    const subject = subjectOf(options.publisher ?? parent(this.#context.endpoint));
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

  /** Ends all subscriptions and watches in progress, as far as the service can be told. */
  async terminateAll(): Promise<void> {
    const all = [...this.#subscriptions.values(), ...this.#watches.values()];
    await Promise.allSettled(all.map((operation) => operation.terminate()));
  }

  async #publish(subject: string, change: PublishChange): Promise<void> {
    const what = `publish ${subject}`;
    const service = serviceOf(subject);
    for (let attempt = 1; ; attempt += 1) {
      const current = await this.fetch(subject);
      const presence = presenceOf(typeof change === 'function' ? change(current) : change, current);
      const timeStamp = new Date().toISOString();
      const { transID, answered } = this.#begin<void>(service, what, {
        received(operation, settle) {
          if (operation.kind === 'reply') settle();
          return operation.kind === 'reply';
        },
      });
      await this.#ask(service, what, transID, {
        kind: 'publish',
        publisher: subject,
        transID,
        timeStamp,
        presence,
      });
      const conflict = await answered.then(
        () => undefined,
        (error: unknown) => {
          const again = error instanceof ApexError && error.replyCode === 555;
          if (!again || typeof change !== 'function' || attempt === ATTEMPTS) throw error;
          return error;
        },
      );
      // The subscription in progress brings the newer entry, ours or that of the other application.
      await this.#subscriptions.get(subject)?.changedFrom(current.lastUpdate);
      if (conflict === undefined) return;
    }
  }

  /** Registers an operation and the promise of its first answer. */
  #begin<T>(
    service: string,
    what: string,
    operation: Expectation<T>,
  ): { transID: number; answered: Promise<T> } {
    const { operations, replyMs } = this.#context;
    const answer = Promise.withResolvers<T>();
    // Whoever asks waits for it behind the relay's answer, which may be the one that rejects.
    answer.promise.catch(() => {});
    let waiting = true;
    const settle = (value: T): void => {
      if (!waiting) return;
      waiting = false;
      clearTimeout(timer);
      operation.settled?.(value, transID);
      answer.resolve(value);
    };
    const fail = (error: Error): void => {
      operations.remove(transID);
      if (!waiting) return;
      waiting = false;
      clearTimeout(timer);
      answer.reject(error);
    };
    const transID = operations.add({
      service,
      received: (received) => {
        if (waiting && received.kind === 'reply' && received.code !== 250) {
          return fail(refused(what, received.code, received.text));
        }
        if (operation.received(received, settle)) operations.remove(transID);
      },
      ended: (error) => {
        fail(error);
        operation.ended?.(error);
      },
    });
    const timer = setTimeout(
      () => fail(new ApexError('client.timeout', `${what}: no answer from ${service} within ${replyMs} ms`)),
      replyMs,
    );
    return { transID, answered: answer.promise };
  }

  async #ask(service: string, what: string, transID: number, operation: Operation): Promise<void> {
    try {
      await this.#context.send(service, operation);
    } catch (error) {
      this.#context.operations.remove(transID);
      if (error instanceof ApexError && error.replyCode !== undefined) {
        throw new ApexError(error.code, `${what}: ${error.message}`, {
          cause: error,
          replyCode: error.replyCode,
        });
      }
      throw error;
    }
  }

  #keep<T extends Subscription | Watch>(
    kept: Map<string, T>,
    subject: string,
    operation: T,
    transID: number,
  ): void {
    kept.set(subject, operation);
    void operation.ended.then(() => {
      if (kept.get(subject) === operation) kept.delete(subject);
      if (operation.isOver) this.#context.operations.remove(transID);
    });
  }

  #requireNone(present: Subscription | Watch | undefined, name: string, subject: string): void {
    if (present === undefined) return;
    throw new ApexError(
      'client.usage',
      `this client has a ${name} of ${subject} in progress: terminate it first, or use it`,
    );
  }

  /** Ends a subscription or watch of ours; what comes for it afterwards is dropped. */
  async #terminate(service: string, transID: number, operation: Subscription | Watch): Promise<void> {
    if (operation.isOver) return;
    operation.end({ kind: 'closed' });
    this.#context.operations.remove(transID);
    await this.#tell(service, transID);
  }

  /** Sends terminate; resolves when the service has answered, also when it knows the operation no more. */
  async #tell(service: string, transID: number): Promise<void> {
    const { operations, replyMs, send } = this.#context;
    const answer = Promise.withResolvers<void>();
    const timer = setTimeout(answer.resolve, replyMs);
    const remove = operations.expect(transID, {
      service,
      received: (operation) => {
        if (operation.kind === 'reply') answer.resolve();
      },
      ended: () => answer.resolve(),
    });
    try {
      await send(service, { kind: 'terminate', transID, code: 250, text: '' });
      await answer.promise;
    } finally {
      clearTimeout(timer);
      remove();
    }
  }
}

/** What an operation does with what comes for it. */
interface Expectation<T> {
  /** Returns true when the operation is over. `settle` is the answer that its caller waits for. */
  received(operation: Operation, settle: (value: T) => void): boolean;
  /** The answer has come, before anything else does. */
  settled?(value: T, transID: number): void;
  ended?(error: Error): void;
}

function endOf(replyCode: number, text: string): Parameters<Subscription['end']>[0] {
  return replyCode === 250 ? { kind: 'expired' } : { kind: 'terminated', replyCode, text };
}

function closeOnAbort<T extends Subscription | Watch>(operation: T, signal: AbortSignal | undefined): T {
  if (signal === undefined) return operation;
  const terminate = (): void => void operation.terminate().catch(() => {});
  signal.addEventListener('abort', terminate, { once: true });
  void operation.ended.then(() => signal.removeEventListener('abort', terminate));
  if (signal.aborted) terminate();
  return operation;
}

function subjectOf(publisher: string): string {
  const subject = identityOf(publisher);
  if (subject === undefined) {
    throw new ApexError('client.usage', `not an endpoint, such as fred@example.com: "${publisher}"`);
  }
  return subject;
}

function serviceOf(subject: string): string {
  return `apex=presence@${domainOf(subject)}`;
}

function requireDuration(durationSeconds: number): void {
  if (!Number.isInteger(durationSeconds) || durationSeconds < 1 || durationSeconds > 2_147_483_647) {
    throw new ApexError(
      'client.usage',
      `durationSeconds: ${durationSeconds} is not a whole number of seconds from 1`,
    );
  }
}
