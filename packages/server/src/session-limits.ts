import type { Limits } from '@apex/beep';

/** Limits of the sessions of a server, each with its unit. */
export interface SessionLimits {
  /** Connections at the same time; the next one gets an error greeting 421, or is reset where it would begin with TLS. */
  readonly connections: number;
  /** As `connections`, of one address. Those on this machine do not count. */
  readonly connectionsPerAddress: number;
  /** Channels of one session. */
  readonly channelsPerSession: number;
  /** Octets of one received message. */
  readonly messageOctets: number;
  /** Receive window of a channel, in octets. */
  readonly receiveWindowOctets: number;
  /** Unanswered MSGs of one channel, beyond which its peer waits. */
  readonly outstandingExchanges: number;
  /**
   * Octets that one session keeps: of messages that have begun to arrive, and as much again of exchanges whose
   * reply the peer has not taken. Receive windows are open for as much, beyond the first 4096 of each channel;
   * exchanges of twice as much end the session.
   */
  readonly sessionOctets: number;
  /** MSGs of one session in a second, beyond which its peer is slowed. */
  readonly messagesPerSecond: number;
  /** Octets of one session in a second, beyond which its peer is slowed. */
  readonly octetsPerSecond: number;
  /** How long a peer may take for its greeting, in milliseconds; for a TLS handshake as long, at most 10,000. */
  readonly greetingMs: number;
  /** How long a peer may take to authenticate, from the time it connects, in milliseconds. */
  readonly authenticationMs: number;
  /** How long an authenticated peer may take for its first attach or bind, in milliseconds. */
  readonly attachMs: number;
  /** How long a peer may send nothing, in milliseconds. */
  readonly idleMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  connections: 20_000,
  connectionsPerAddress: 1000,
  channelsPerSession: 257,
  messageOctets: 256 * 1024,
  receiveWindowOctets: 64 * 1024,
  outstandingExchanges: 256,
  sessionOctets: 1024 * 1024,
  messagesPerSecond: 1000,
  octetsPerSecond: 4 * 1024 * 1024,
  greetingMs: 30_000,
  authenticationMs: 60_000,
  attachMs: 60_000,
  idleMs: 24 * 60 * 60 * 1000,
};

/** The part that each session keeps to by itself. */
export function beepLimits(limits: SessionLimits): Partial<Limits> {
  return {
    channels: limits.channelsPerSession,
    messageOctets: limits.messageOctets,
    receiveWindowOctets: limits.receiveWindowOctets,
    unansweredExchanges: limits.outstandingExchanges,
    exchangeOctets: limits.sessionOctets,
    openWindowOctets: limits.sessionOctets,
    unfinishedOctets: limits.sessionOctets,
    messagesPerSecond: limits.messagesPerSecond,
    octetsPerSecond: limits.octetsPerSecond,
    greetingWaitMs: limits.greetingMs,
  };
}
