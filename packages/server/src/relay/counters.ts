import { type RelayLimitName, relayLimitNames } from '../figures/limit-name.ts';
import { Tally } from '../figures/tally.ts';

/** What the relay counts; the numbers only grow. */
export interface RelayCounters {
  /** Data. */
  accepted: number;
  /** Operations of peers, data among them, by reply code. */
  readonly refused: Tally<number>;
  /** Data that its recipient answered `ok`. */
  delivered: number;
  /** Data that was not: it was dropped here, or not answered `ok`. */
  undelivered: number;
  /** What was dropped here, by reply code. */
  readonly dropped: Tally<number>;
  /** What its recipient refused, did not answer in time, and could not answer since its session had ended. */
  declined: number;
  overdue: number;
  lost: number;
  /** Sessions that kept deliveries waiting. */
  stalled: number;
  readonly limits: Tally<RelayLimitName>;
}

export interface RelaySizes {
  /** Octets of data that peers have not taken. */
  readonly unsentOctets: number;
  /** Data that waits for an answer. */
  readonly unacknowledged: number;
}

export function newCounters(): RelayCounters {
  return {
    accepted: 0,
    refused: new Tally(),
    delivered: 0,
    undelivered: 0,
    dropped: new Tally(),
    declined: 0,
    overdue: 0,
    lost: 0,
    stalled: 0,
    limits: new Tally(relayLimitNames),
  };
}
