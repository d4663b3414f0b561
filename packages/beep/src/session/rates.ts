import type { Limits } from '../limits.ts';

/**
 * What a peer sends in a time, against what it may: a bucket of tokens for MSGs and one for octets. The clock
 * is only looked at when a bucket is empty, so that a peer which keeps to its rates costs an addition.
 */
export class Rates {
  readonly #messages: Bucket;
  readonly #octets: Bucket;
  /** When the peer has fallen behind its rates again; undefined while it keeps to them. */
  until: number | undefined = undefined;
  /** Whether it has been more than a second ahead of them since. */
  isFarBeyond = false;

  constructor({ messagesPerSecond, octetsPerSecond }: Limits, now: number) {
    this.#messages = new Bucket(messagesPerSecond, now);
    this.#octets = new Bucket(octetsPerSecond, now);
  }

  /** Returns whether the peer is beyond its rate. */
  octets(count: number, now: () => number): boolean {
    return this.#octets.take(count) && this.#isBeyond(this.#octets, now());
  }

  /** As `octets`, for one MSG. */
  message(now: () => number): boolean {
    return this.#messages.take(1) && this.#isBeyond(this.#messages, now());
  }

  /** It is within its rates again. */
  forget(): void {
    this.until = undefined;
    this.isFarBeyond = false;
  }

  #isBeyond(bucket: Bucket, now: number): boolean {
    const waitMs = bucket.refill(now);
    if (waitMs <= 0) return false;
    this.until = Math.max(this.until ?? 0, now + waitMs);
    if (waitMs > 1000) this.isFarBeyond = true;
    return true;
  }
}

class Bucket {
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledAt = now;
  }

  /** Whether more was taken than is known to be there. */
  take(count: number): boolean {
    this.#tokens -= count;
    return this.#tokens < 0;
  }

  /** Adds what the time since the last call has brought; returns how long it takes until nothing is missing. */
  refill(now: number): number {
    const brought = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + brought);
    return (-this.#tokens / this.#perSecond) * 1000;
  }
}
