import { UsageError } from './errors.ts';

/** Every bound of a session, with its unit. What a peer can make us keep is bounded by these. */
export interface Limits {
  /** Payload octets of a frame that we send (RFC 3081 §3.1.4 rule 1, B6). */
  readonly framePayloadOctets: number;
  /** Receive window of a channel, in octets; at least 4096 (RFC 3081 §3.1.1). */
  readonly receiveWindowOctets: number;
  /** Payload octets of one received message, all its frames together. */
  readonly messageOctets: number;
  /** Receive window of channel zero, in octets; at least 4096. */
  readonly managementWindowOctets: number;
  /** Payload octets of one received message of channel zero. */
  readonly managementMessageOctets: number;
  /** Channels of a session beside channel zero (RFC 3080 §2.3 rule 1: at least 257 should do). */
  readonly channels: number;
  /**
   * MSGs of the peer on one channel that its profile has not answered. Above it only as much of the
   * receive window is given as replies of the peer need; a MSG with an empty payload, which no window
   * holds back, then ends the session.
   */
  readonly unansweredExchanges: number;
  /**
   * Octets that a session keeps for exchanges of its peer, on all channels together: their MSGs, and
   * replies, until the peer has taken these. Above it, as for `unansweredExchanges`. What came in the windows
   * that were open by then may take it as far beyond as `openWindowOctets`; then a MSG ends the session.
   */
  readonly exchangeOctets: number;
  /**
   * Octets of receive windows that are open, on all channels together, beyond the first 4096 of each. A
   * channel that finds them spent has a window of 4096.
   */
  readonly openWindowOctets: number;
  /**
   * Octets of messages that have begun to arrive, on all channels together. Above it a MSG is refused with
   * 554, and a reply ends the session.
   */
  readonly unfinishedOctets: number;
  /** Answers of one one-to-many exchange that have begun and not ended. */
  readonly answersInProgress: number;
  /**
   * MSGs and octets that the peer may send in a second, on average; it may save up those of one second.
   * Beyond that no window is opened until it has fallen behind them again, and when it is more than a
   * second ahead, nothing is read from it: a fast peer is slowed, and loses nothing.
   */
  readonly messagesPerSecond: number;
  readonly octetsPerSecond: number;
  /** How long the peer may take for its greeting, in milliseconds. */
  readonly greetingWaitMs: number;
  /**
   * How long a close or release waits for exchanges in progress before it is declined with 550, and
   * how long the answer to our own release may take, in milliseconds.
   */
  readonly closeWaitMs: number;
}

/** The limits of a session that names none. */
export const defaultLimits: Limits = {
  framePayloadOctets: 4096,
  receiveWindowOctets: 65_536,
  messageOctets: 1_048_576,
  managementWindowOctets: 4096,
  managementMessageOctets: 65_536,
  channels: 1024,
  unansweredExchanges: 1024,
  exchangeOctets: 1_048_576,
  openWindowOctets: Number.POSITIVE_INFINITY,
  unfinishedOctets: 4_194_304,
  answersInProgress: 256,
  messagesPerSecond: Number.POSITIVE_INFINITY,
  octetsPerSecond: Number.POSITIVE_INFINITY,
  greetingWaitMs: 30_000,
  closeWaitMs: 10_000,
};

/** The least that each limit may be; 0 for all others. */
const least: Partial<Limits> = {
  framePayloadOctets: 1,
  messagesPerSecond: 1,
  octetsPerSecond: 1,
  // 3081 §3.1.1 rules 1 and 2: what a channel is created with cannot be refused afterwards
  receiveWindowOctets: 4096,
  managementWindowOctets: 4096,
};

/** Completed before: all sessions of a server are given the same limits, and share what comes of them. */
const known = new WeakMap<Partial<Limits>, Limits>();

/** The defaults with what `limits` changes. Throws UsageError `limits.invalid`. */
export function completeLimits(limits: Partial<Limits> = {}): Limits {
  const shared = known.get(limits);
  if (shared !== undefined) return shared;
  const complete = { ...defaultLimits, ...limits };
  for (const [name, value] of Object.entries(complete) as [keyof Limits, number][]) {
    const from = least[name] ?? 0;
    if (value >= from) continue;
    throw new UsageError('limits.invalid', `limits.${name}: ${value} is not a number from ${from} up`);
  }
  known.set(limits, complete);
  return complete;
}
