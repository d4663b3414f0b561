import type { Operation } from '@apex/protocol';
import type { Backoff, Random } from '../backoff.ts';
import { ApexError, isLost, isTransient, refused, withContext } from '../errors.ts';
import type { Feed } from '../feed.ts';
import type { OperationEnd } from '../operation-end.ts';
import {
  disconnected,
  noAnswer,
  type RequestContext,
  type Requests,
  type TerminateOptions,
} from '../requests.ts';
import type { Turns } from './turns.ts';

/**
 * An in-progress subscribe or watch operation (RFC 3343 §4.2, §4.3), from its request to its end. The service is asked
 * for it once to begin it; again under the same transID on each further session, with what remains of its duration
 * (P9), which replaces what the service may still have (P4); and again before its time is over when it is to be kept.
 * Between the two nothing is lost: a subscription is answered with the present entry.
 */
export interface Wanted {
  readonly kind: 'subscribe' | 'watch';
  readonly subject: string;
  readonly service: string;
  readonly durationSeconds: number;
  readonly keep: boolean;
  /** Takes what comes for it while it lasts. */
  received(operation: Operation): void;
  /** It was answered again, on the same session or another one. */
  restarted?(): void;
}

export interface InProgressContext extends RequestContext {
  readonly backoff: Backoff;
  readonly random: Random;
}

/** When it is asked for again, as a part of its duration: not all at the same time. */
const RENEW_FROM = 0.7;
const RENEW_TO = 0.9;
/** One that the service ends is asked for again so many milliseconds after it began, at the earliest. */
const RENEW_LEAST_MS = 1000;

export class InProgress {
  readonly transID: number;
  /** Settles with its beginning. Rejects with ApexError; the operation is over then. */
  readonly started: Promise<void>;
  readonly #context: InProgressContext;
  readonly #wanted: Wanted;
  readonly #turns: Turns;
  readonly #requests: Requests;
  readonly #feed: Pick<Feed<unknown>, 'isOver' | 'end'>;
  readonly #what: string;
  readonly #start = Promise.withResolvers<void>();
  #isStarted = false;
  /** While the service is asked; the promise is for those who wait until it is no more. */
  #asking: { readonly stop: () => void; readonly stopped: PromiseWithResolvers<void> } | undefined;
  /** On the present session, and not answered. */
  #isSent = false;
  #wasSent = false;
  #stopTimer: () => void;
  #askedAt = 0;
  #deadline = 0;
  /** How often it was asked for in vain. */
  #failures = 0;
  #resumed: PromiseWithResolvers<void> | undefined;
  #fresh: PromiseWithResolvers<void> | undefined;

  /** @throws ApexError when the client takes nothing more */
  constructor(
    context: InProgressContext,
    requests: Requests,
    turns: Turns,
    wanted: Wanted,
    feed: Pick<Feed<unknown>, 'isOver' | 'end'>,
  ) {
    const { operations, clock, replyMs } = context;
    this.#context = context;
    this.#requests = requests;
    this.#turns = turns;
    this.#wanted = wanted;
    this.#feed = feed;
    this.#what = `${wanted.kind === 'watch' ? 'watch' : 'subscribe to'} ${wanted.subject}`;
    this.started = this.#start.promise;
    this.transID = operations.add({
      service: wanted.service,
      received: (operation) => this.#received(operation),
      interrupted: () => this.#interrupted(),
      resumed: () => this.#resume(),
      ended: (error) => this.#end({ kind: 'lost', error }),
    });
    this.#stopTimer = clock.after(replyMs, () => this.#late());
    if (operations.isAttached) this.#ask();
  }

  /** Resolves when the service has been asked once on the present session, whatever came of it, or need not be. */
  get resumed(): Promise<void> {
    return this.#resumed?.promise ?? Promise.resolve();
  }

  /** Resolves when what came last belongs to the present session, or it is over. */
  get fresh(): Promise<void> {
    return this.#fresh?.promise ?? Promise.resolve();
  }

  /** Ends it here and at the service. With `isLeaving` nobody waits for another session. Rejects with ApexError. */
  async terminate(options: TerminateOptions = {}): Promise<void> {
    if (this.#feed.isOver) return;
    this.#feed.end({ kind: 'closed' });
    this.#settled();
    // Its answer would be taken for the one to terminate.
    if (this.#isSent) await this.#asking?.stopped.promise;
    this.#stopAsking();
    this.#stopTimer();
    await this.#requests.terminate(this.#wanted.service, this.transID, options);
  }

  /** Ends it because nobody reads it any more, whether it has begun or not. */
  cancel(reason: unknown): void {
    if (this.#isStarted) void this.terminate({ isLeaving: true }).catch(() => {});
    else this.abandon(reason as Error);
  }

  /** Ends it because of something that only this side knows; the service is told as far as it can be. */
  abandon(error: Error): void {
    this.#fail(error);
    // Nobody would read what the service has begun, or may have.
    if (this.#wasSent) void this.#requests.terminate(this.#wanted.service, this.transID).catch(() => {});
  }

  #ask(): void {
    this.#stopAsking();
    // Before it has begun, that is the time until which it has to.
    if (this.#isStarted) this.#stopTimer();
    const stopped = Promise.withResolvers<void>();
    const leave = this.#turns.take(() => this.#send());
    this.#asking = {
      stopped,
      stop: () => {
        leave();
        stopped.resolve();
      },
    };
  }

  #send(): void {
    const { clock, replyMs, send } = this.#context;
    const { kind, subject, service, durationSeconds } = this.#wanted;
    this.#isSent = true;
    this.#wasSent = true;
    this.#askedAt = clock.now();
    if (this.#isStarted) this.#stopTimer = clock.after(replyMs, () => this.#askLater());
    else this.#deadline = this.#askedAt + durationSeconds * 1000;
    const operation = { kind, publisher: subject, transID: this.transID, duration: this.#remainingSeconds() };
    send(service, operation).catch((error: unknown) => {
      // The end of the session is told by itself.
      if (!isLost(error)) this.#refused(withContext(this.#what, error));
    });
  }

  #received(operation: Operation): void {
    if (operation.kind === 'terminate') return this.#terminated(operation.code, operation.text);
    if (operation.kind === 'reply' && operation.code !== 250) {
      return this.#refused(refused(this.#what, operation.code, operation.text), operation.text);
    }
    const isAnswer = this.#isSent && operation.kind === (this.#wanted.kind === 'watch' ? 'reply' : 'publish');
    if (isAnswer) this.#answered();
    if (!this.#feed.isOver) this.#wanted.received(operation);
  }

  #answered(): void {
    this.#stopAsking();
    if (this.#feed.isOver) return;
    this.#stopTimer();
    this.#failures = 0;
    if (this.#isStarted) this.#wanted.restarted?.();
    this.#isStarted = true;
    this.#start.resolve();
    this.#settled();
    const { keep, durationSeconds } = this.#wanted;
    if (keep) {
      const part = RENEW_FROM + (RENEW_TO - RENEW_FROM) * this.#context.random();
      this.#askIn(durationSeconds * 1000 * part);
    }
  }

  #terminated(replyCode: number, text: string): void {
    if (this.#isSent) {
      // What was before it has ended: the answer is still to come.
      if (this.#isStarted) return;
      return this.#refused(refused(this.#what, replyCode, text));
    }
    if (replyCode !== 250) return this.#end({ kind: 'terminated', replyCode, text });
    // P7: the time that the service gives is over
    if (!this.#wanted.keep) return this.#end({ kind: 'expired' });
    this.#stopTimer();
    this.#askIn(Math.max(0, this.#askedAt + RENEW_LEAST_MS - this.#context.clock.now()));
  }

  #refused(error: Error, text = error.message): void {
    if (!this.#isStarted) return this.#fail(error);
    const replyCode = error instanceof ApexError ? error.replyCode : undefined;
    if (replyCode === undefined || isTransient(replyCode)) return this.#askLater();
    this.#end({ kind: 'terminated', replyCode, text });
  }

  #askLater(): void {
    this.#stopAsking();
    this.#resumed?.resolve();
    if (this.#feed.isOver) return;
    this.#failures += 1;
    this.#askIn(this.#context.backoff.delayMs(this.#failures));
  }

  #askIn(ms: number): void {
    this.#stopTimer();
    this.#stopTimer = this.#context.clock.after(ms, () => {
      if (this.#hasTimeLeft() && this.#context.operations.isAttached) this.#ask();
    });
  }

  #interrupted(): void {
    this.#stopAsking();
    this.#resumed?.resolve();
    if (!this.#isStarted || this.#feed.isOver) return;
    this.#fresh ??= Promise.withResolvers();
    this.#stopTimer();
    const { keep } = this.#wanted;
    const left = this.#deadline - this.#context.clock.now();
    if (!keep) this.#stopTimer = this.#context.clock.after(left, () => this.#hasTimeLeft());
  }

  #resume(): void {
    if (this.#feed.isOver) return;
    if (this.#isStarted) this.#resumed = Promise.withResolvers();
    if (this.#hasTimeLeft()) this.#ask();
  }

  /** False when its time is over, which nobody else may tell: the service ends it then, attached or not (P8). */
  #hasTimeLeft(): boolean {
    const isOver = this.#isStarted && !this.#wanted.keep && this.#context.clock.now() >= this.#deadline;
    if (isOver) this.#end({ kind: 'expired' });
    return !isOver;
  }

  #remainingSeconds(): number {
    const { keep, durationSeconds } = this.#wanted;
    if (keep) return durationSeconds;
    const left = Math.ceil((this.#deadline - this.#context.clock.now()) / 1000);
    return Math.min(durationSeconds, Math.max(1, left));
  }

  #late(): void {
    const { replyMs } = this.#context;
    const { service } = this.#wanted;
    this.abandon(this.#isSent ? noAnswer(this.#what, service, replyMs) : disconnected(this.#what, replyMs));
  }

  #fail(error: Error): void {
    this.#end({ kind: 'lost', error });
  }

  #end(end: OperationEnd): void {
    this.#stopAsking();
    this.#stopTimer();
    this.#context.operations.remove(this.transID);
    this.#feed.end(end);
    if (!this.#isStarted && end.kind === 'lost') this.#start.reject(end.error);
    this.#settled();
  }

  #settled(): void {
    this.#resumed?.resolve();
    this.#fresh?.resolve();
    this.#fresh = undefined;
  }

  #stopAsking(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    this.#isSent = false;
    asking?.stop();
  }
}
