import type { Clock } from '../clock.ts';
import { type Deadline, Scheduler } from '../scheduler.ts';

/** Data that waits to be sent to the relay of another domain. */
export interface WaitingData extends Deadline {
  readonly payload: Uint8Array;
  readonly settled: (failure: Error | undefined) => void;
}

/** How much may wait. */
export interface WaitingLimits {
  /** For one domain. */
  readonly data: number;
  readonly octets: number;
  /** For all domains together. */
  readonly totalOctets: number;
}

export const defaultWaitingLimits: WaitingLimits = {
  data: 100_000,
  octets: 32 * 1024 * 1024,
  totalOctets: 128 * 1024 * 1024,
};

/** What waits for all domains together. */
export interface WaitingTotal {
  octets: number;
}

/**
 * What waits for one domain, in the order in which it came, each with a time at which it has waited too long. What
 * is taken out is the caller's to settle; what is too late is told to `tooLate`.
 */
export class WaitingQueue {
  /** A set has its order, and its members can be taken out anywhere. */
  readonly #waiting = new Set<WaitingData>();
  readonly #limits: WaitingLimits;
  readonly #deadlines: Scheduler<WaitingData>;
  readonly #total: WaitingTotal;
  #octets = 0;

  constructor(
    limits: WaitingLimits,
    total: WaitingTotal,
    clock: Clock,
    tooLate: (data: WaitingData) => void,
  ) {
    this.#limits = limits;
    this.#total = total;
    this.#deadlines = new Scheduler(clock, (data) => {
      this.remove(data);
      tooLate(data);
    });
  }

  get size(): number {
    return this.#waiting.size;
  }

  get octets(): number {
    return this.#octets;
  }

  get first(): WaitingData | undefined {
    for (const data of this.#waiting) return data;
    return undefined;
  }

  /** Whether more waits than may: the last one that came is to be taken out again. */
  get isOverfull(): boolean {
    const { data, octets, totalOctets } = this.#limits;
    return this.#waiting.size > data || this.#octets > octets || this.#total.octets > totalOctets;
  }

  has(data: WaitingData): boolean {
    return this.#waiting.has(data);
  }

  add(data: WaitingData): void {
    this.#waiting.add(data);
    this.#count(data.payload.length);
    this.#deadlines.add(data);
  }

  remove(data: WaitingData): void {
    if (!this.#waiting.delete(data)) return;
    this.#count(-data.payload.length);
    this.#deadlines.remove(data);
  }

  /** Takes out all. */
  drain(): readonly WaitingData[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#count(-this.#octets);
    this.#deadlines.stop();
    return all;
  }

  #count(octets: number): void {
    this.#octets += octets;
    this.#total.octets += octets;
  }
}
