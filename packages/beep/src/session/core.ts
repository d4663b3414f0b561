import { Allowance } from '../channel/allowance.ts';
import type { BeepChannel, CloseResult } from '../channel/channel.ts';
import { BeepError, FrameError, ReplyError, SessionLostError, UsageError } from '../errors.ts';
import type { FrameSink } from '../frame/decoder.ts';
import type { DataHeader, SeqFrame } from '../frame/frame.ts';
import { formatHeader } from '../frame/header.ts';
import type { Limits } from '../limits.ts';
import { ChannelZero } from '../management/channel-zero.ts';
import { encodeManagement, type ManagementHost } from '../management/host.ts';
import type { Diagnostic, SessionEvent } from './events.ts';
import type { Greeting, PeerIdentity, SessionEnd, SessionFacts } from './facts.ts';
import { Output } from './output.ts';
import type { ChannelEnd, Profile } from './profile.ts';
import { Rates } from './rates.ts';
import { findProfile } from './registry.ts';
import { nextSessionState, type SessionInput, type SessionState } from './session-state.ts';
import { Tuning } from './tuning.ts';

const noOctets = new Uint8Array(0);

/** What a core needs from those who run the session. */
export interface SessionHooks {
  readonly limits: Limits;
  readonly profiles: readonly Profile[];
  readonly allowNulPayload: boolean;
  acceptsServerName(serverName: string): boolean;
  now(): number;
  /** `takeOutput` has something to do; not called again before it has returned undefined. */
  outputWanted(): void;
  event(event: SessionEvent): void;
}

/**
 * The inside of a session: its channels, its state, and what channel zero and the channels ask of it.
 *
 * Handlers are called while octets are received or time passes, and in `settle`. Whatever they call
 * back only notes what is to be done, so that it does not matter where they are when they call; what
 * was noted is done by `settle`, when no frame is being read or written.
 */
export class SessionCore implements ManagementHost, FrameSink {
  readonly limits: Limits;
  readonly allowNulPayload: boolean;
  readonly channels = new Map<number, BeepChannel>();
  readonly zero: ChannelZero;
  readonly output = new Output();
  facts: SessionFacts;
  state: SessionState = 'greeting';
  readonly allowance: Allowance;
  readonly #rates: Rates;
  readonly #clock: () => number;
  /** A receive window that was held back may be opened. */
  #isRelieved = false;
  #hasBeenSlowed = false;

  readonly #hooks: SessionHooks;
  /** Of the frame whose header was read last. */
  #incoming: BeepChannel;
  #isAwake = false;
  #needsAttention = false;
  /** Whether octets are being read: then what stands behind a last frame is not known yet. */
  isReading = false;
  /** What came behind the last frame. */
  trailing: Uint8Array = noOctets;
  readonly #tuning = new Tuning();
  /** Closed channels whose handlers have to be told. */
  #closed: { readonly channel: BeepChannel; readonly reason: ChannelEnd }[] | undefined = undefined;
  #endEvent: Extract<SessionEvent, { kind: 'ended' | 'tuned' }> | undefined = undefined;
  /** B3: numbers of channels that were closed a moment ago, the oldest first. */
  #closedNumbers: Set<number> | undefined = undefined;

  constructor(facts: SessionFacts, hooks: SessionHooks) {
    this.facts = facts;
    this.#hooks = hooks;
    this.limits = hooks.limits;
    this.#clock = hooks.now;
    this.allowNulPayload = hooks.allowNulPayload;
    this.allowance = new Allowance(hooks.limits, () => this.#relieve());
    this.#rates = new Rates(hooks.limits, hooks.now());
    this.zero = new ChannelZero(this);
    this.#incoming = this.zero.channel;
  }

  /** 3080 §2.3.1.5 rule 6, §2.4: sends an error instead of the greeting, reads nothing, and ends. */
  decline(replyCode: number, text: string): void {
    this.state = 'declining';
    const error = new ReplyError(replyCode, text);
    const diagnostic = this.#diagnostic('session.unavailable', error.message, '', true);
    this.zero.declineSession(replyCode, text, () => this.end({ kind: 'lost', error }, 'close', diagnostic));
  }

  // --- SessionHandle

  authenticated(identity: PeerIdentity): void {
    if (this.facts.identity !== undefined) {
      throw new UsageError('session.authenticated', 'the session is authenticated already');
    }
    this.facts = { ...this.facts, identity };
  }

  established(): void {
    if (this.facts.established !== true) this.facts = { ...this.facts, established: true };
  }

  abort(reason: Error): void {
    this.end({ kind: 'lost', error: reason }, 'abort');
  }

  report(code: string, message: string): void {
    this.#hooks.event({ kind: 'refused', diagnostic: this.#diagnostic(code, message, '', false) });
  }

  release(): void {
    if (this.state === 'greeting' || this.state === 'declining') {
      this.end({ kind: 'released' }, 'close');
    } else if (this.state === 'open') {
      this.#take('ask');
      this.zero.release();
    }
  }

  // 3080 §3.1.3.1
  quieten(isQuiet: (inTime: boolean) => void): void {
    this.#tuning.quieten(this.now() + this.limits.closeWaitMs, isQuiet);
    this.attention();
  }

  resume(): void {
    this.#tuning.resume();
    this.#wakeChannels();
  }

  // 3080 §3.1.3.2
  tune(): void {
    this.#tuning.agree();
    this.attention();
  }

  // --- rates

  /** Octets have arrived. */
  received(octets: number): void {
    if (this.#rates.octets(octets, this.#clock)) this.#slow();
  }

  /** Whether a SEQ would take the peer further beyond its rates. */
  get isSlowed(): boolean {
    return this.#rates.until !== undefined;
  }

  /** When what the peer sends is within its rates again. */
  get slowedUntil(): number | undefined {
    return this.#rates.until;
  }

  get isFlooded(): boolean {
    return this.#rates.isFarBeyond;
  }

  #slow(): void {
    if (this.#hasBeenSlowed) return;
    this.#hasBeenSlowed = true;
    const { messagesPerSecond, octetsPerSecond } = this.limits;
    this.report(
      'limit.rate',
      `more than ${messagesPerSecond} messages or ${octetsPerSecond} octets a second`,
    );
  }

  /** Windows that were held still may be opened, when no frame is being read or written. */
  #relieve(): void {
    this.#isRelieved = true;
    this.attention();
  }

  #wakeChannels(): void {
    this.zero.channel.wake();
    for (const channel of this.channels.values()) channel.wake();
  }

  // --- FrameSink

  header(header: DataHeader): void {
    const channel = this.#channel(header.channel);
    // 3080 §2.2.1.1 rule 3
    if (channel === undefined) throw unknownChannel(header);
    // 3080 §2.3.1.1: the greeting comes first
    if (this.state === 'greeting' && header.kind === 'MSG') {
      throw new FrameError('frame.before-greeting', 'a MSG before the greeting', formatHeader(header));
    }
    channel.checkHeader(header);
    this.#incoming = channel;
  }

  frame(header: DataHeader, payload: Uint8Array): boolean {
    const channel = this.#incoming;
    if (channel.state === 'closed') throw unknownChannel(header);
    if (header.kind === 'MSG' && !header.more && this.#rates.message(this.#clock)) this.#slow();
    channel.receive(header, payload);
    // Whoever used a channel that was closed is told before the next frame is read, on whatever channel.
    const isDue = this.#closed !== undefined || this.#tuning.isAgreed;
    if (isDue && this.state !== 'ended') this.settle();
    return this.state !== 'ended';
  }

  // 3081 §3.1.3
  seq(frame: SeqFrame): boolean {
    const channel = this.#channel(frame.channel);
    if (channel === undefined) {
      if (this.#closedNumbers?.has(frame.channel)) return true; // B3
      throw unknownChannel(frame);
    }
    if (!channel.receiveSeq(frame)) {
      throw new FrameError('frame.ackno', 'the ackno was not sent yet, or goes back', formatHeader(frame));
    }
    return true;
  }

  #channel(number: number): BeepChannel | undefined {
    return number === 0 ? this.zero.channel : this.channels.get(number);
  }

  // --- ChannelHost

  get isReleasing(): boolean {
    return this.state !== 'open' && this.state !== 'greeting';
  }

  get isQuiet(): boolean {
    return this.#tuning.isBegun;
  }

  frameReady(channel: BeepChannel): void {
    if (this.output.frameReady(channel)) this.#wake();
  }

  seqReady(channel: BeepChannel): void {
    if (this.output.seqReady(channel)) this.#wake();
  }

  closeChannel(channel: BeepChannel, onResult: CloseResult): void {
    this.zero.closeChannel(channel, onResult);
  }

  refusal(replyCode: number, text: string): Uint8Array {
    return encodeManagement(this.zero.error(replyCode, text));
  }

  handlerFailed(cause: unknown): void {
    const error = new SessionLostError('a handler failed', { cause });
    const diagnostic = this.#diagnostic('handler.failed', String(cause), '', true, cause);
    if (this.#endEvent?.kind === 'ended') this.#endEvent = { diagnostic, ...this.#endEvent };
    this.end({ kind: 'lost', error }, 'abort', diagnostic);
  }

  // --- ManagementHost

  now(): number {
    return this.#hooks.now();
  }

  get startObstacle(): Error | undefined {
    if (this.state === 'ended') return new SessionLostError('the session is over');
    if (this.isQuiet) return new UsageError('session.tuning', 'transport security is being negotiated');
    return this.isReleasing
      ? new UsageError('session.releasing', 'the session is being released')
      : undefined;
  }

  greeted(greeting: Greeting): void {
    this.#take('greeted');
    this.facts = { ...this.facts, localize: greeting.localize };
    this.#hooks.event({ kind: 'greeting', greeting });
  }

  notGreeted(refusal: ReplyError): void {
    const diagnostic = this.#diagnostic('session.refused', refusal.message, '', true);
    this.end({ kind: 'lost', error: refusal }, 'close', diagnostic);
  }

  findProfile(uri: string): Profile | undefined {
    return findProfile(this.#hooks.profiles, uri, this.facts);
  }

  acceptsServerName(serverName: string): boolean {
    return this.#hooks.acceptsServerName(serverName);
  }

  setServerName(serverName: string | undefined): void {
    if (serverName === this.facts.serverName) return;
    const { serverName: _, ...facts } = this.facts;
    this.facts = serverName === undefined ? facts : { ...facts, serverName };
  }

  addChannel(channel: BeepChannel): void {
    if (this.state === 'ended') {
      this.#endChannel(channel, { kind: 'lost', error: new SessionLostError('the session is over') });
      this.attention();
      return;
    }
    this.#closedNumbers?.delete(channel.number);
    this.channels.set(channel.number, channel);
  }

  channelClosed(channel: BeepChannel): void {
    this.channels.delete(channel.number);
    this.#closedNumbers ??= new Set();
    this.#closedNumbers.add(channel.number);
    if (this.#closedNumbers.size > this.limits.channels) {
      for (const oldest of this.#closedNumbers) {
        this.#closedNumbers.delete(oldest);
        break;
      }
    }
    this.#endChannel(channel, { kind: 'closed' });
    this.attention();
  }

  releaseAsked(): boolean {
    return this.#take('asked');
  }

  releaseAnswered(agreed: boolean): void {
    if (agreed) this.end({ kind: 'released' }, 'close');
    else this.#take('decline');
  }

  releaseResult(refusal: ReplyError | undefined): void {
    if (refusal === undefined) {
      this.end({ kind: 'released' }, 'close');
    } else {
      this.#take('declined');
      this.#hooks.event({ kind: 'release-declined', error: refusal });
    }
  }

  attention(): void {
    this.#needsAttention = true;
    this.#wake();
  }

  // 3080 §2.2.1.1 rule 15, B1
  fail(error: Error): void {
    const code = error instanceof BeepError ? error.code : 'session.failed';
    const header = error instanceof FrameError ? error.header : '';
    this.end({ kind: 'lost', error }, 'abort', this.#diagnostic(code, error.message, header, true));
  }

  // --- the end, and what was noted

  /** Ends the session; everyone is told by `settle`. Of several ends the first counts. */
  end(end: SessionEnd, transport: 'close' | 'abort', diagnostic?: Diagnostic): void {
    if (this.state === 'ended') return;
    const event = { kind: 'ended', end, transport } as const;
    this.#endEvent = diagnostic === undefined ? event : { ...event, diagnostic };
    this.#endAll(end.kind === 'lost' ? { kind: 'lost', error: lost(end.error) } : end);
  }

  #endAll(reason: ChannelEnd): void {
    this.#take('end');
    this.output.clear();
    for (const channel of this.channels.values()) this.#endChannel(channel, reason);
    this.#endChannel(this.zero.channel, reason);
    this.channels.clear();
    this.attention();
  }

  /** Does what was noted. Handlers are called from here; those that throw end the session. */
  settle(): void {
    while (this.#needsAttention) {
      this.#needsAttention = false;
      try {
        if (this.state !== 'ended') this.zero.progress();
        if (this.state !== 'ended') this.#progressTuning();
        if (this.#isRelieved) {
          this.#isRelieved = false;
          this.#wakeChannels();
        }
        this.#tellClosed();
      } catch (error) {
        this.handlerFailed(error);
      }
    }
    const event = this.#endEvent;
    if (event === undefined || (event.kind === 'tuned' && this.isReading)) return;
    this.#endEvent = undefined;
    this.#hooks.event(event.kind === 'tuned' ? { ...event, trailing: this.trailing } : event);
  }

  /** When `tick` has something to do for a tuning profile. */
  get tuningDeadline(): number | undefined {
    return this.#tuning.deadline;
  }

  tick(now: number): void {
    this.zero.tick(now);
    const { until } = this.#rates;
    if (until !== undefined && now >= until) {
      this.#rates.forget();
      this.#relieve();
    }
    if (this.#tuning.tick(now)) return;
    this.fail(new SessionLostError('the peer asked for TLS and does not take the answer'));
  }

  #progressTuning(): void {
    if (!this.#tuning.isBegun) return;
    let owed = this.zero.channel.owed;
    for (const channel of this.channels.values()) owed += channel.owed;
    if (this.#tuning.progress(owed)) this.#handOver();
  }

  /** 3080 §3, §3.1.3.2: all channels end, channel zero too. */
  #handOver(): void {
    this.#endEvent = { kind: 'tuned', trailing: noOctets };
    this.#endAll({ kind: 'closed' });
  }

  /** All output was taken: the next wish is told again. */
  sleep(): void {
    this.#isAwake = false;
  }

  #endChannel(channel: BeepChannel, reason: ChannelEnd): void {
    channel.take('end');
    this.#closed ??= [];
    this.#closed.push({ channel, reason });
  }

  #tellClosed(): void {
    while (this.#closed !== undefined) {
      const closed = this.#closed;
      this.#closed = undefined;
      for (const { channel, reason } of closed) channel.end(reason);
    }
  }

  #take(input: SessionInput): boolean {
    const next = nextSessionState(this.state, input);
    if (next !== undefined) this.state = next;
    return next !== undefined;
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#hooks.outputWanted();
  }

  #diagnostic(code: string, message: string, header: string, ended: boolean, cause?: unknown): Diagnostic {
    const { remoteAddress } = this.facts;
    const diagnostic = { ended, code, message, remoteAddress, header };
    return cause === undefined ? diagnostic : { ...diagnostic, cause };
  }
}

function unknownChannel(header: DataHeader | SeqFrame): FrameError {
  return new FrameError('frame.channel', `channel ${header.channel} does not exist`, formatHeader(header));
}

/** What those who wait for replies are told. */
function lost(error: Error): SessionLostError {
  if (error instanceof SessionLostError) return error;
  return new SessionLostError(`the session ended: ${error.message}`, { cause: error });
}
