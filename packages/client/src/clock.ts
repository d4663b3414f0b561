import { LONGEST_MS } from './in-time.ts';

/** Time, as reconnection and durations use it; tests bring their own. */
export interface Clock {
  /**
   * Milliseconds since the epoch. Not a monotonic clock: that of a machine that sleeps stands still, and the service
   * goes on counting meanwhile.
   */
  now(): number;
  /** Calls back once, after `ms`; the returned function stops that. */
  after(ms: number, callback: () => void): () => void;
}

/** The clock of this process, or page. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    let left = ms;
    let timer: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      const part = Math.min(left, LONGEST_MS);
      left -= part;
      timer = setTimeout(() => (left > 0 ? wait() : callback()), part);
    };
    wait();
    return () => clearTimeout(timer);
  },
};
