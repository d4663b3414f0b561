/**
 * How many may ask at a time; the others wait in line. A service answers a subscribe with an entry, and a relay ends
 * the attachment of whoever lets too much wait (C13): thousands of subscriptions begin one after the other.
 */
export class Turns {
  #free: number;
  readonly #line = new Set<() => void>();

  constructor(most: number) {
    this.#free = most;
  }

  /** Runs `begin` now, or when its turn comes. The returned function gives the turn back, or leaves the line. */
  take(begin: () => void): () => void {
    let state: 'waiting' | 'begun' | 'over' = 'waiting';
    const start = (): void => {
      state = 'begun';
      this.#free -= 1;
      begin();
    };
    if (this.#free > 0) start();
    else this.#line.add(start);
    return () => {
      if (state === 'waiting') this.#line.delete(start);
      if (state === 'begun') this.#next();
      state = 'over';
    };
  }

  #next(): void {
    this.#free += 1;
    const [first] = this.#line;
    if (first === undefined) return;
    this.#line.delete(first);
    first();
  }
}
