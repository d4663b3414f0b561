import { ReplyError } from '@apex/beep';
import { type DataMessage, domainOf, findOption, type Option, type Party } from '@apex/protocol';
import type { Deadline, Scheduler } from '../scheduler.ts';
import { addedHopping } from './options/data-hopping.ts';
import type { Hop, OptionContext, OptionProcess, Passage } from './options/option.ts';
import type { OptionReading } from './options/option-registry.ts';
import type { Report } from './ports.ts';

/** A callback of a passage that is due at a time. */
export interface PassageTimer extends Deadline {
  run(): void;
}

/** What passages use of their relay. */
export interface PassageContext {
  /** Those of the relay; data from others to others is told of by the report service of the first. */
  readonly domains: readonly string[];
  readonly timers: Scheduler<PassageTimer>;
  /** Monotonic milliseconds. */
  now(): number;
  report(report: Report): void;
}

interface Running {
  readonly context: OptionContext;
  readonly index: number;
  readonly process: OptionProcess;
}

/**
 * Data on its way to one recipient, with the options that have something to do with it. It keeps
 * nothing of the message but names, so that data that is held need not be in memory.
 */
export class DataPassage implements Passage {
  readonly originator: string;
  readonly recipient: string;
  readonly hop: Hop;
  /** Why this recipient is not processed (C5); undefined when it may be. */
  readonly refusal: ReplyError | undefined;
  /** RFC 3342 §3 */
  isHeld = false;
  /** When it ends at the latest, in milliseconds after its arrival. */
  expiresAfterMs = Number.POSITIVE_INFINITY;
  /** Called once, after the options; undefined when the recipient, or the next relay, answered `ok`. */
  onSettled: ((outcome: ReplyError | undefined) => void) | undefined;
  readonly #context: PassageContext;
  readonly #arrivedAt: number;
  readonly #timers: PassageTimer[] = [];
  readonly #running: Running[] = [];
  #isSettled = false;

  /** `arrivedAt` is in monotonic milliseconds; it may lie before the start of the process. */
  constructor(
    context: PassageContext,
    message: DataMessage,
    recipient: Party,
    begun: {
      readonly hop: Hop;
      readonly arrivedAt: number;
      readonly readings: readonly OptionReading[];
      readonly refusal?: ReplyError | undefined;
    },
  ) {
    this.originator = message.data.originator.identity;
    this.recipient = recipient.identity;
    this.hop = begun.hop;
    this.refusal = begun.refusal;
    this.#context = context;
    this.#arrivedAt = begun.arrivedAt;
    for (const { context: place, index, begin } of begun.readings) {
      const process = begin(this, message);
      if (process !== undefined) this.#running.push({ context: place, index, process });
    }
  }

  get elapsedMs(): number {
    return this.#context.now() - this.#arrivedAt;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  after(ms: number, callback: () => void): void {
    if (this.#isSettled) return;
    const timer = { due: this.#arrivedAt + ms, position: -1, run: callback };
    this.#timers.push(timer);
    this.#context.timers.add(timer);
  }

  hold(): void {
    this.isHeld = true;
  }

  expireAfter(ms: number): void {
    if (ms >= this.expiresAfterMs) return;
    this.expiresAfterMs = ms;
    this.after(ms, () => this.settle(new ReplyError(550, `not delivered within ${ms} ms`)));
  }

  report(transID: number, code: number, text: string, options: readonly Option[] = []): void {
    // C11: a report causes no report
    if (REPORT_SERVICE.test(this.originator)) return;
    const destination = { identity: this.recipient, code, text };
    this.#context.report({
      domain: this.#reporter(),
      recipient: this.originator,
      transID,
      destination,
      options,
    });
  }

  /** The domain of ours that has to do with it. */
  #reporter(): string {
    const { domains } = this.#context;
    const [first = ''] = domains;
    return (
      [domainOf(this.recipient), domainOf(this.originator)].find((each) => domains.includes(each)) ?? first
    );
  }

  /** Ends the passage; whatever comes later changes nothing. */
  settle(failure: ReplyError | undefined): void {
    if (this.#isSettled) return;
    this.abandon();
    // 3340 §4.4.4.1 step 5.3: only ok is a success, whatever code an error has.
    const outcome =
      failure === undefined || failure.replyCode >= 400 ? failure : new ReplyError(550, failure.text);
    for (const { process } of this.#running) process.settled?.(outcome);
    this.onSettled?.(outcome);
  }

  /** Ends the passage without a word: the data was not accepted after all. */
  abandon(): void {
    this.#isSettled = true;
    for (const timer of this.#timers) this.#context.timers.remove(timer);
    this.#timers.length = 0;
  }

  /**
   * The message as it goes on, for this recipient alone, its options rewritten by those who process them.
   * @throws ReplyError when it must not go on
   */
  goesOn(message: DataMessage, recipient: Party): DataMessage {
    const { data } = message;
    const options = this.#rewrite('data', data.options);
    // C15
    if (this.hop === 'intermediate' && findOption(options, 'dataHopping') === undefined) {
      options.push(addedHopping());
    }
    const originator = { ...data.originator, options: this.#rewrite('originator', data.originator.options) };
    const recipients = [{ ...recipient, options: this.#rewrite('recipient', recipient.options) }];
    return { ...message, data: { ...data, originator, recipients, options } };
  }

  #rewrite(context: OptionContext, options: readonly Option[]): Option[] {
    const rewritten: Option[] = [];
    for (const [index, option] of options.entries()) {
      // 3340 §5 rule 12; 3340 §5 rule 15: a final relay removes none
      if (option.targetHop === 'this' && this.hop === 'intermediate') continue;
      const running = this.#running.find((each) => each.context === context && each.index === index);
      rewritten.push(running?.process.goesOn?.(option) ?? option);
    }
    return rewritten;
  }
}

const REPORT_SERVICE = /^apex=report@/i;
