import type { Limits } from '../limits.ts';
import { initialWindowOctets } from './window.ts';

/**
 * What a session keeps for its peer, on all of its channels together, against the limits of the same names. Bounds
 * for each channel would multiply by the number of channels, which the peer chooses.
 */
export class Allowance {
  readonly #limits: Limits;
  readonly #relieved: () => void;
  #exchangeOctets = 0;
  #unfinishedOctets = 0;
  #openWindowOctets = 0;

  /** `relieved` is called when exchanges have room again, so that windows which were held still can be opened. */
  constructor(limits: Limits, relieved: () => void) {
    this.#limits = limits;
    this.#relieved = relieved;
  }

  /** Whether exchanges have more octets than are to be kept. */
  get isFull(): boolean {
    return this.#exchangeOctets > this.#limits.exchangeOctets;
  }

  /** Whether they have more than the peer could send before it had to wait. */
  get isOverfull(): boolean {
    return this.#exchangeOctets > this.#limits.exchangeOctets + this.#limits.openWindowOctets;
  }

  /** Octets by which windows may still be opened. */
  get freeWindowOctets(): number {
    return Math.max(0, this.#limits.openWindowOctets - this.#openWindowOctets);
  }

  /** Whether that many octets more of messages that have begun may be kept. */
  hasRoomFor(octets: number): boolean {
    return this.#unfinishedOctets + octets <= this.#limits.unfinishedOctets;
  }

  /** The parts of a channel have changed by so much. */
  change(exchangeOctets: number, unfinishedOctets: number, openWindowOctets: number): void {
    const wasFull = this.isFull;
    this.#exchangeOctets += exchangeOctets;
    this.#unfinishedOctets += unfinishedOctets;
    this.#openWindowOctets += openWindowOctets;
    if (wasFull && !this.isFull) this.#relieved();
  }
}

/** The part of one channel. */
export class Share {
  readonly #allowance: Allowance;
  #exchangeOctets = 0;
  #unfinishedOctets = 0;
  #openWindowOctets = 0;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** Octets of its exchanges are so many now. */
  exchanges(octets: number): void {
    this.#allowance.change(octets - this.#exchangeOctets, 0, 0);
    this.#exchangeOctets = octets;
  }

  /** Octets of its messages that have begun to arrive are so many now. */
  unfinished(octets: number): void {
    if (octets === this.#unfinishedOctets) return;
    this.#allowance.change(0, octets - this.#unfinishedOctets, 0);
    this.#unfinishedOctets = octets;
  }

  /** The peer may still send so many octets; those that each channel begins with do not count. */
  window(octets: number): void {
    const open = Math.max(0, octets - initialWindowOctets);
    this.#allowance.change(0, 0, open - this.#openWindowOctets);
    this.#openWindowOctets = open;
  }

  /** As much of a window of `octets` as can be had. */
  windowOf(octets: number): number {
    const most = initialWindowOctets + this.#openWindowOctets + this.#allowance.freeWindowOctets;
    return Math.min(octets, most);
  }

  /** The channel is gone. */
  end(): void {
    this.#allowance.change(-this.#exchangeOctets, -this.#unfinishedOctets, -this.#openWindowOctets);
    this.#exchangeOctets = this.#unfinishedOctets = this.#openWindowOctets = 0;
  }
}
