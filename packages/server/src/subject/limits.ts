import type { SubjectLimitName } from '../figures/limit-name.ts';

/** P7, P11: what the services allow, each with its unit. */
export interface PresenceLimits {
  /** Tuples in one presence entry. */
  readonly tuples: number;
  /** UTF-8 octets of all capabilities of one presence entry together. */
  readonly capabilityOctets: number;
  /** Updates of one presence entry in a second. */
  readonly publishesPerSecond: number;
  /** In-progress operations of one originator. */
  readonly operationsPerOriginator: number;
  /** In-progress subscriptions to one publisher, and likewise in-progress watches. */
  readonly subscribersPerPublisher: number;
  /**
   * Access entries of one endpoint and of its subaddresses that are kept, which what is remembered of
   * removed ones is too (A4). Administrators may set more.
   */
  readonly accessEntries: number;
  /** As `operationsPerOriginator` and `durationSeconds`, of an anonymous peer. */
  readonly operationsPerGuest: number;
  readonly guestDurationSeconds: number;
  /** P7: at most this long does an operation last, in seconds. */
  readonly durationSeconds: number;
}

/** P11: why an entry is too large; undefined when it is not. */
export function entryOverLimit(
  entry: { readonly tupleCount: number; readonly capabilityOctets: number },
  limits: PresenceLimits,
): { readonly limit: SubjectLimitName; readonly text: string } | undefined {
  if (entry.tupleCount > limits.tuples) {
    return { limit: 'tuplesPerEntry', text: `a presence entry may have ${limits.tuples} tuples` };
  }
  if (entry.capabilityOctets > limits.capabilityOctets) {
    const text = `capabilities may have ${limits.capabilityOctets} octets together`;
    return { limit: 'capabilityOctets', text };
  }
  return undefined;
}

export const defaultPresenceLimits: PresenceLimits = {
  tuples: 64,
  capabilityOctets: 8 * 1024,
  publishesPerSecond: 1000,
  operationsPerOriginator: 10_000,
  subscribersPerPublisher: 1_000_000,
  accessEntries: 10_000,
  operationsPerGuest: 10,
  guestDurationSeconds: 60 * 60,
  durationSeconds: 30 * 24 * 60 * 60,
};
