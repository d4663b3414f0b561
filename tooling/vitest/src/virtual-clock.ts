/**
 * The clock of a server that stands still until it is told to go on. Others have their turn as `yieldTo` has it:
 * by default turns of the event loop are real.
 */
export class VirtualClock {
  now = 0;
  /** How far the wall clock is ahead of the monotonic one. */
  offset = 1_000_000;
  readonly #yieldTo: (callback: () => void) => void;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(yieldTo: (callback: () => void) => void = setImmediate) {
    this.#yieldTo = yieldTo;
  }

  wall(): number {
    return this.now + this.offset;
  }

  monotonic(): number {
    return this.now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  yield(callback: () => void): void {
    this.#yieldTo(callback);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Calls back what is due within `ms`, each at its time. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      this.#timers.delete(next);
      next.callback();
    }
    this.now = until;
  }
}
