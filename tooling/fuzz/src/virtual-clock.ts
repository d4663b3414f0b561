import type { Clock } from '@apex/server';

/** A clock that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  wall(): number {
    return this.now + 1_000_000_000_000;
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
    queueMicrotask(callback);
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

/** What was begun in microtasks is done. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
