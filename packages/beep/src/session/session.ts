import type { PeerCertificate } from '../certificate.ts';
import { FrameError, SessionLostError, UsageError } from '../errors.ts';
import { type DecodeResult, FrameDecoder } from '../frame/decoder.ts';
import { completeLimits, defaultLimits, type Limits } from '../limits.ts';
import { SessionCore } from './core.ts';
import type { SessionEvent } from './events.ts';
import type { PeerIdentity, SessionFacts } from './facts.ts';
import type { ChannelStart, Profile, StartedChannel, TunableSession } from './profile.ts';
import { offeredProfiles } from './registry.ts';

/** How a session behaves, and what it tells its owner. */
export interface SessionOptions {
  /** The listener awaited the connection, the initiator opened it (RFC 3080 §2.1, RFC 3081 §2 rules 1 and 2). */
  readonly role: 'initiator' | 'listener';
  /** What the peer may start, in the order of the greeting. */
  readonly profiles: readonly Profile[];
  readonly limits?: Partial<Limits>;
  /** Whether to operate under that name (B15). Absent: under every name. */
  readonly acceptsServerName?: (serverName: string) => boolean;
  /** Feature tokens for our greeting (RFC 3080 §2.3.1.1 rule 1). */
  readonly features?: readonly string[];
  /** Language tags for our greeting, most desirable first (RFC 3080 §2.3.1.1 rule 2). */
  readonly localize?: readonly string[];
  /** Accepts a NUL frame with a payload, which is ignored, from peers that send one (B17). */
  readonly allowNulPayload?: boolean;
  /** Of a listener: sends this error instead of a greeting, and ends (RFC 3080 §2.4); 421 as a rule. */
  readonly unavailable?: { readonly replyCode: number; readonly text: string };
  /** What you call it: becomes a fact of the session. */
  readonly id?: number | undefined;
  /** `host:port` of the peer, for diagnostics. */
  readonly remoteAddress?: string;
  /** Whether the octets travel protected. */
  readonly secured?: boolean;
  /** Of a listener: what survives a tuning reset (B11). */
  readonly serverName?: string | undefined;
  /** Of a peer that has shown one, and whose issuer is trusted. */
  readonly certificate?: PeerCertificate | undefined;
  /** Milliseconds of a monotonic clock, the one that `tick` and `deadline` use. */
  readonly now: () => number;
  /** `takeOutput` has something to do. Called once until it has returned undefined. */
  readonly onOutput?: () => void;
  readonly onEvent?: (event: SessionEvent) => void;
}

/**
 * A BEEP session (RFC 3080, mapped as RFC 3081) without input and output: octets and time go in,
 * octets, events and a deadline come out. Handlers of profiles and callbacks are called inside
 * `receive`, `takeOutput`, `tick` and `transportClosed`, and may call anything of the session from
 * there. One that throws ends this session, and nothing else.
 */
export class Session implements TunableSession {
  readonly #core: SessionCore;
  readonly #decoder: FrameDecoder;
  readonly #greetingDeadline: number;

  /**
   * Throws UsageError: `limits.invalid`, and `session.unavailable` for an initiator that is unavailable
   * (RFC 3080 §2.3.1.5).
   */
  constructor(options: SessionOptions) {
    const { role, profiles, limits, unavailable, now, onOutput, onEvent } = options;
    if (unavailable !== undefined && role === 'initiator') {
      throw new UsageError('session.unavailable', 'only a listener can be unavailable');
    }
    const { id, remoteAddress = '', secured = false, serverName, certificate } = options;
    const facts: SessionFacts = {
      role,
      secured,
      remoteAddress,
      localize: [],
      ...(id === undefined ? {} : { id }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(certificate === undefined ? {} : { certificate }),
    };
    this.#core = new SessionCore(facts, {
      limits: limits === undefined ? defaultLimits : completeLimits(limits),
      profiles,
      allowNulPayload: options.allowNulPayload ?? false,
      acceptsServerName: options.acceptsServerName ?? (() => true),
      now,
      outputWanted: onOutput ?? (() => {}),
      event: onEvent ?? (() => {}),
    });
    this.#decoder = new FrameDecoder(this.#core);
    this.#greetingDeadline = now() + this.#core.limits.greetingWaitMs;
    if (unavailable !== undefined) this.#core.decline(unavailable.replyCode, unavailable.text);
    else {
      const { features = [], localize = [] } = options;
      this.#core.zero.greet({ profiles: offeredProfiles(profiles, facts), features, localize });
    }
  }

  get facts(): SessionFacts {
    return this.#core.facts;
  }

  /** Whether an exchange is in progress, or a channel open beside channel zero. */
  get isBusy(): boolean {
    return this.#core.channels.size > 0 || !this.#core.zero.channel.isIdle;
  }

  /** Whether it has ended; what is left is to tell so, which `takeOutput` does. */
  get isEnded(): boolean {
    return this.#core.state === 'ended';
  }

  /**
   * Whether octets should be given to it: not once the peer is more than a second ahead of its rates, until a
   * `tick` finds that it keeps to them again.
   */
  get wantsOctets(): boolean {
    return !this.#core.isFlooded;
  }

  /**
   * Takes octets from the peer. `need-more`: all was read. `paused`: the session has ended, and the
   * rest was not looked at. A FrameError: the octets were wrong, and the session has ended (B1).
   */
  receive(octets: Uint8Array): DecodeResult {
    const core = this.#core;
    if (core.isReading) throw new UsageError('session.receive', 'receive was called from inside receive');
    if (core.state === 'ended' || core.state === 'declining') return 'paused';
    core.isReading = true;
    core.received(octets.length);
    let result: DecodeResult;
    try {
      result = this.#decoder.receive(octets);
      if (result instanceof FrameError) core.fail(result);
    } catch (error) {
      core.handlerFailed(error);
      result = 'paused';
    } finally {
      core.isReading = false;
    }
    // B11
    if (result === 'paused') core.trailing = octets.slice(this.#decoder.stoppedAt);
    core.settle();
    return result;
  }

  /**
   * The next octets for the peer: SEQ frames first, then the channels in turn, in one array that ends
   * with the frame that reaches `maxOctets`. Undefined when there is nothing to send now; with
   * `maxOctets` 0, only does what else is due.
   */
  takeOutput(maxOctets: number): Uint8Array | undefined {
    this.#core.settle();
    const octets = this.#core.output.take(maxOctets);
    if (octets === undefined) this.#core.sleep();
    return octets;
  }

  /** When `tick` has something to do, in milliseconds of the clock; undefined while nothing waits. */
  deadline(): number | undefined {
    const { state, zero, tuningDeadline, slowedUntil } = this.#core;
    if (state === 'ended') return undefined;
    const greetingDeadline =
      state === 'greeting' || state === 'declining' ? this.#greetingDeadline : undefined;
    return earlier(earlier(greetingDeadline, slowedUntil), earlier(zero.deadline, tuningDeadline));
  }

  /** Time has passed. */
  tick(nowMs: number): void {
    const core = this.#core;
    const deadline = this.deadline();
    if (deadline === undefined || nowMs < deadline) return;
    try {
      const isGreeting = core.state === 'greeting' || core.state === 'declining';
      if (isGreeting && nowMs >= this.#greetingDeadline) {
        core.fail(new SessionLostError('no greeting came in time'));
      } else {
        core.tick(nowMs);
      }
    } catch (error) {
      core.handlerFailed(error);
    }
    core.settle();
  }

  /**
   * Asks the peer to create a channel (RFC 3080 §2.3.1.2); sent once the peer has greeted. `onResult`
   * gets the channel, or ReplyError when the peer declines, or SessionLostError. Throws UsageError
   * `start.…`, `session.releasing`, `management.initialization`, `xml.character`; SessionLostError.
   */
  startChannel(start: ChannelStart, onResult: (result: StartedChannel | Error) => void): void {
    this.#core.zero.start(start, onResult);
  }

  authenticated(identity: PeerIdentity): void {
    this.#core.authenticated(identity);
  }

  established(): void {
    this.#core.established();
  }

  abort(reason: Error): void {
    this.#core.abort(reason);
  }

  report(code: string, message: string): void {
    this.#core.report(code, message);
  }

  quieten(isQuiet: (inTime: boolean) => void): void {
    this.#core.quieten(isQuiet);
  }

  resume(): void {
    this.#core.resume();
  }

  tune(): void {
    this.#core.tune();
  }

  /** Asks for the release; the event `ended` or `release-declined` tells the result. */
  release(): void {
    this.#core.release();
  }

  /** The transport has ended, for whatever reason. */
  transportClosed(error?: Error): void {
    const options = error === undefined ? undefined : { cause: error };
    this.#core.end(
      { kind: 'lost', error: new SessionLostError('the connection was closed', options) },
      'abort',
    );
    this.#core.settle();
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
