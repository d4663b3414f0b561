import { ReplyError, SessionLostError, UsageError } from '@apex/beep';
import type { Clock } from '../clock.ts';
import type { Relay } from '../relay/relay.ts';
import type { RelayChannel } from '../relay/relay-session.ts';
import { backoffMs } from './backoff.ts';
import { type WaitingData, type WaitingLimits, WaitingQueue, type WaitingTotal } from './waiting-data.ts';

export interface PeerRelayOptions {
  readonly relay: Relay;
  /** Whose relay it is. */
  readonly domain: string;
  readonly waiting: WaitingLimits;
  /** Shared by all. */
  readonly total: WaitingTotal;
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /**
   * Has a session established; its channel is told by `linked` before this resolves. It is of no use to wait when it
   * rejects with ReplyError 5xx, or because neither can prove itself to the other.
   */
  readonly dial: () => Promise<void>;
  /** A channel, which others may share, has room again. */
  readonly answered: (channel: RelayChannel) => void;
  readonly failed: (text: string, failures: number) => void;
  readonly counters: MeshCounters;
}

/** Numbers that only grow. */
export interface MeshCounters {
  /** Answered `ok` by the next relay. */
  forwarded: number;
  /** Refused by it, or not answered. */
  unanswered: number;
  /** Waited for too long, or for nothing. */
  unsent: number;
  /** More than may wait. */
  overflowed: number;
  dialled: number;
  failures: number;
}

/** Data on its way to one relay that it has not answered: as many, and as many octets. */
const UNANSWERED = 256;
const UNSENT_OCTETS = 256 * 1024;

/**
 * The relay of another domain, as one of our domains deals with it: the channels on which it takes data, those that it
 * has dialled included, and what waits for one. Data leaves in the order in which it came, on the channel that has
 * stood for longest; what was sent is never sent again.
 */
export class PeerRelay {
  readonly #options: PeerRelayOptions;
  readonly #links: RelayChannel[] = [];
  readonly #queue: WaitingQueue;
  /** Attempts that failed, or sessions that were of no use, since data was last taken. */
  #failures = 0;
  #isDialling = false;
  /** No attempt before it, in monotonic milliseconds. */
  #notBefore = 0;
  #cancelRetry: (() => void) | undefined;
  /** Why it is of no use to wait; until `#notBefore`. */
  #refusal: ReplyError | undefined;
  #lastFailure: string | undefined;
  #isClosed = false;
  #isSending = false;

  constructor(options: PeerRelayOptions) {
    this.#options = options;
    this.#queue = new WaitingQueue(options.waiting, options.total, options.clock, ({ settled }) => {
      options.counters.unsent += 1;
      settled(new ReplyError(550, this.#tooLate()));
    });
  }

  get state(): {
    readonly sessions: number;
    readonly waiting: number;
    readonly waitingOctets: number;
    readonly failures: number;
    readonly failure: string | undefined;
  } {
    return {
      sessions: this.#links.length,
      waiting: this.#queue.size,
      waitingOctets: this.#queue.octets,
      failures: this.#failures,
      failure: this.#lastFailure,
    };
  }

  /** Whether it may be forgotten. */
  get isIdle(): boolean {
    return (
      this.#links.length === 0 &&
      this.#queue.size === 0 &&
      !this.#isDialling &&
      this.#options.clock.monotonic() >= this.#notBefore
    );
  }

  /** Sends data, or has it wait for so long. `settled` is called once. */
  forward(payload: Uint8Array, withinMs: number, settled: WaitingData['settled']): void {
    const { clock, counters, domain } = this.#options;
    const now = clock.monotonic();
    if (this.#refusal !== undefined && now < this.#notBefore && this.#links.length === 0) {
      counters.unsent += 1;
      return settled(this.#refusal);
    }
    const data = { payload, settled, due: now + withinMs, position: -1 };
    this.#queue.add(data);
    this.#send();
    // What need not wait is never too much.
    if (this.#queue.isOverfull && this.#queue.has(data)) {
      this.#queue.remove(data);
      counters.overflowed += 1;
      settled(new ReplyError(450, `too much waits for ${domain}`));
    }
  }

  /** The peer takes data on this channel. */
  linked(channel: RelayChannel): void {
    if (this.#links.includes(channel)) return;
    this.#links.push(channel);
    this.#refusal = undefined;
    this.#send();
  }

  unlinked(channel: RelayChannel): void {
    const index = this.#links.indexOf(channel);
    if (index < 0) return;
    this.#links.splice(index, 1);
    this.#send();
  }

  /** There may be room on its channel again. */
  resume(): void {
    this.#send();
  }

  /** What waits is not sent any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#drop(new ReplyError(450, 'the server stops'));
  }

  /** Sends what there is room for; without a channel has one made. */
  #send(): void {
    // An answer may come at once, when the channel is about to close.
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (;;) {
        const { first } = this.#queue;
        if (first === undefined) return;
        const [link] = this.#links;
        if (link === undefined) return this.#dial();
        if (!hasRoom(link)) return;
        if (this.#transfer(link, first)) this.#queue.remove(first);
        else this.#links.shift();
      }
    } finally {
      this.#isSending = false;
    }
  }

  /** False when the channel takes nothing any more: it was not sent. */
  #transfer(link: RelayChannel, { payload, settled }: WaitingData): boolean {
    let isSent: boolean | undefined;
    this.#options.relay.send(
      link,
      () => payload,
      (failure) => {
        if (isSent === undefined && isClosed(failure)) {
          isSent = false;
          return;
        }
        this.#answered(failure);
        settled(failure);
        // Those who share the channel come first, so that none of them takes all of it.
        this.#options.answered(link);
        this.#send();
      },
    );
    isSent ??= true;
    return isSent;
  }

  #answered(failure: Error | undefined): void {
    const { counters } = this.#options;
    if (failure === undefined) counters.forwarded += 1;
    else counters.unanswered += 1;
    // A relay that refuses data has taken notice of it, too.
    if (failure !== undefined && !(failure instanceof ReplyError)) return;
    this.#failures = 0;
    this.#lastFailure = undefined;
  }

  #dial(): void {
    if (this.#isDialling || this.#isClosed || this.#cancelRetry !== undefined) return;
    const { clock } = this.#options;
    const wait = this.#notBefore - clock.monotonic();
    if (wait > 0) {
      this.#cancelRetry = clock.after(wait, () => {
        this.#cancelRetry = undefined;
        this.#send();
      });
      return;
    }
    this.#isDialling = true;
    // Until data is taken this counts as one more that was of no use.
    this.#failures += 1;
    this.#options.counters.dialled += 1;
    this.#options.dial().then(
      () => this.#dialled(undefined),
      (error: unknown) => this.#dialled(error as Error),
    );
  }

  #dialled(failure: Error | undefined): void {
    const { clock, random, counters, failed, domain } = this.#options;
    this.#isDialling = false;
    this.#notBefore = clock.monotonic() + backoffMs(this.#failures, random);
    if (this.#isClosed) return;
    if (failure !== undefined) {
      counters.failures += 1;
      // What a peer has said may be long.
      this.#lastFailure = failure.message.slice(0, TEXT_CHARACTERS);
      failed(this.#lastFailure, this.#failures);
    }
    if (this.#links.length > 0) return;
    if (failure !== undefined && isLasting(failure)) {
      // Who is turned away today is not let in a moment later.
      this.#notBefore = Math.max(this.#notBefore, clock.monotonic() + REFUSED_MS);
      const code = failure instanceof ReplyError ? failure.replyCode : 550;
      this.#refusal = new ReplyError(code, `no relay of ${domain} takes data from here: ${failure.message}`);
      return this.#drop(this.#refusal);
    }
    this.#send();
  }

  #drop(failure: ReplyError): void {
    for (const { settled } of this.#queue.drain()) {
      this.#options.counters.unsent += 1;
      settled(failure);
    }
  }

  #tooLate(): string {
    const why = this.#lastFailure === undefined ? '' : `: ${this.#lastFailure}`;
    return `no relay of ${this.#options.domain} could be reached in time${why}`;
  }
}

const TEXT_CHARACTERS = 200;
/** How long a refusal counts, in milliseconds. */
const REFUSED_MS = 2000;

/** Whether it is of no use to try again soon: the relay refuses us, there is none, or there is no way to agree with it. */
function isLasting(failure: Error): boolean {
  if (failure instanceof ReplyError) return failure.replyCode >= 500;
  // A session that ends while it is set up is a UsageError too, of whoever went on with it.
  return (
    (failure instanceof UsageError || failure instanceof SessionLostError) && NO_AGREEMENT.has(failure.code)
  );
}

/** Neither has a mechanism for the other, or its certificate does not prove what it has to. */
const NO_AGREEMENT: ReadonlySet<string> = new Set([
  'mesh.tls',
  'sasl.mechanism',
  'sasl.unsecured',
  'tls.credentials',
  'tls.name',
  'tls.issuer',
  'tls.fingerprint',
  'tls.expired',
]);

function hasRoom({ session, link }: RelayChannel): boolean {
  return session.unacknowledged < UNANSWERED && link.unsentOctets < UNSENT_OCTETS;
}

function isClosed(failure: Error | undefined): boolean {
  return failure instanceof UsageError && failure.code === 'channel.closed';
}
