import { ReplyError } from '@apex/beep';
import type { Clock } from '../clock.ts';

export interface FailedAttemptsOptions {
  readonly clock: Clock;
  /** Failures of an address or of an endpoint that have no consequence; default 5. */
  readonly free?: number | undefined;
  /** How long nothing may fail until all is forgotten, in milliseconds; default 15 minutes. */
  readonly forgetMs?: number | undefined;
}

/** The delay behind the first failure that counts; each one doubles it. */
const FIRST_MS = 250;
/** Longest delay for an endpoint, which its owner suffers too, and for an address. */
const ENDPOINT_MS = 5000;
const ADDRESS_MS = 30_000;
/** Attempts of an address that would have to wait longer are refused. */
const WAIT_MS = 30_000;
/** Addresses, and likewise endpoints, that are remembered: the latest ones. */
const REMEMBERED = 10_000;

interface Failures {
  count: number;
  /** Monotonic milliseconds of the last one. */
  at: number;
  /** When the next attempt of the address may begin. */
  next: number;
}

/**
 * Slows those who try passwords. Each failure beyond the free ones doubles a delay: attempts from one address
 * take turns and begin that far apart, attempts on one endpoint each wait so long, wherever they come from. Right
 * and wrong passwords wait alike, known and unknown endpoints too (B13), and nobody is locked out.
 */
export class FailedAttempts {
  /** Attempts that had to wait, or were refused; the number only grows. */
  delayed = 0;
  readonly #clock: Clock;
  readonly #free: number;
  readonly #forgetMs: number;
  readonly #addresses = new Map<string, Failures>();
  readonly #endpoints = new Map<string, Failures>();

  constructor({ clock, free = 5, forgetMs = 15 * 60_000 }: FailedAttemptsOptions) {
    this.#clock = clock;
    this.#free = free;
    this.#forgetMs = forgetMs;
  }

  /**
   * Waits for the turn of an attempt from that address; undefined for one that does not count. Rejects with
   * ReplyError 454 when it would have to wait for too long.
   */
  async admit(address: string | undefined): Promise<void> {
    const failures = address === undefined ? undefined : this.#recall(this.#addresses, address);
    if (failures === undefined) return;
    const delay = this.#delay(failures.count, ADDRESS_MS);
    if (delay === 0) return;
    const now = this.#clock.monotonic();
    const wait = Math.max(failures.at + delay, failures.next) - now;
    if (wait > WAIT_MS) {
      this.delayed += 1;
      throw new ReplyError(454, `too many failed authentications, try again in ${Math.ceil(wait / 1000)} s`);
    }
    failures.next = now + Math.max(0, wait) + delay;
    await this.#after(wait);
  }

  /** Waits as long as an attempt on that endpoint has to. */
  pause(endpoint: string): Promise<void> {
    return this.#after(this.#delay(this.#recall(this.#endpoints, endpoint)?.count ?? 0, ENDPOINT_MS));
  }

  failed(address: string | undefined, endpoint: string | undefined): void {
    if (address !== undefined) this.#remember(this.#addresses, address);
    if (endpoint !== undefined) this.#remember(this.#endpoints, endpoint);
  }

  /** The endpoint's own peer has proved itself. What its address has done is another matter. */
  succeeded(endpoint: string): void {
    this.#endpoints.delete(endpoint);
  }

  #delay(count: number, most: number): number {
    return count <= this.#free ? 0 : Math.min(most, FIRST_MS * 2 ** Math.min(count - this.#free - 1, 16));
  }

  #recall(from: Map<string, Failures>, key: string): Failures | undefined {
    const failures = from.get(key);
    if (failures === undefined || this.#clock.monotonic() - failures.at <= this.#forgetMs) return failures;
    from.delete(key);
    return undefined;
  }

  #remember(among: Map<string, Failures>, key: string): void {
    const { count = 0, next = 0 } = this.#recall(among, key) ?? {};
    among.delete(key); // and to the end: the oldest stands first
    among.set(key, { count: count + 1, at: this.#clock.monotonic(), next });
    if (among.size <= REMEMBERED) return;
    const [oldest = ''] = among.keys();
    among.delete(oldest);
  }

  #after(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    this.delayed += 1;
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}
