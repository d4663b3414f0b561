import { ApexError } from './errors.ts';

/** How long to wait before trying again. */
export interface BackoffOptions {
  /** What the first wait is at most, in milliseconds; each further one at most twice as long. Default 500. */
  readonly baseMs?: number;
  /** What every wait is at most, in milliseconds; default 30,000. */
  readonly capMs?: number;
}

/** From 0 up to, not including, 1. */
export type Random = () => number;

/**
 * Exponential backoff with full jitter: any time from 0 to the bound is equally likely, so that those who lost the
 * same server do not come back together.
 */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #random: Random;

  /** @throws ApexError `client.usage` */
  constructor({ baseMs = 500, capMs = 30_000 }: BackoffOptions, random: Random) {
    if (!(Number.isFinite(capMs) && baseMs > 0 && baseMs <= capMs)) {
      throw new ApexError(
        'client.usage',
        `reconnect: baseMs ${baseMs} and capMs ${capMs} are to be greater than 0, and baseMs the smaller one`,
      );
    }
    this.#baseMs = baseMs;
    this.#capMs = capMs;
    this.#random = random;
  }

  /** The greatest wait. */
  get capMs(): number {
    return this.#capMs;
  }

  /** How long to wait before attempt 1, 2, … in milliseconds. */
  delayMs(attempt: number): number {
    return Math.floor(this.#random() * Math.min(this.#capMs, this.#baseMs * 2 ** (attempt - 1)));
  }
}
