import type { Clock } from '../src/index.ts';

/** Time that the test moves. */
export class TestClock implements Clock {
  #now = Date.UTC(2026, 10, 25);
  readonly #timers = new Map<symbol, { readonly due: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const key = Symbol();
    this.#timers.set(key, { due: this.#now + ms, callback });
    return () => void this.#timers.delete(key);
  }

  /** How many wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Runs what is due until then, in order, and lets what follows from each happen. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.due <= until);
      const [next] = due.sort(([, a], [, b]) => a.due - b.due);
      if (next === undefined) break;
      const [key, { due: at, callback }] = next;
      this.#timers.delete(key);
      this.#now = Math.max(this.#now, at);
      callback();
      await settled();
    }
    this.#now = until;
  }
}

/** Resolves when what is in flight inside this process has been dealt with. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
