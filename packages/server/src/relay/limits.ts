import type { HeldLimits } from './held/held-data.ts';

/** Limits of the relay, each with its unit. */
export interface RelayLimits extends HeldLimits {
  /** How long an endpoint may take to answer one `data`, in milliseconds (C13). */
  readonly deliveryMs: number;
  /**
   * Octets that may wait for a peer that does not read, on all channels of its session (C13); and one unanswered
   * `data` for each 256 of them.
   */
  readonly unsentOctets: number;
  /** Unterminated attaches and binds of one session. */
  readonly attachmentsPerSession: number;
  /** Anonymous peers that are attached at the same time, each once. */
  readonly guests: number;
}

export const defaultRelayLimits: Omit<RelayLimits, keyof HeldLimits> = {
  deliveryMs: 30_000,
  unsentOctets: 1024 * 1024,
  attachmentsPerSession: 1000,
  guests: 100,
};
