import type { Clock } from './clock.ts';

/** Something that is due at a time; `position` is the scheduler's own, -1 while it has no deadline. */
export interface Deadline {
  /** Monotonic milliseconds. */
  due: number;
  position: number;
}

/**
 * All deadlines behind one timer: a binary heap in which each item knows its place, so that one that
 * ends early is taken out. What is due in one turn comes in slices, so that input has its turn too.
 */
export class Scheduler<Item extends Deadline> {
  readonly #heap: Item[] = [];
  readonly #clock: Clock;
  readonly #onDue: (item: Item) => void;
  #cancel: (() => void) | undefined;
  /** What the timer is set to. */
  #wakesAt = Infinity;

  constructor(clock: Clock, onDue: (item: Item) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Sets the deadline `item.due`; one that it had before is replaced. */
  add(item: Item): void {
    this.remove(item);
    item.position = this.#heap.length;
    this.#heap.push(item);
    this.#rise(item);
    this.#arm();
  }

  remove(item: Item): void {
    const { position } = item;
    if (position < 0) return;
    item.position = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#place(last, position);
    this.#rise(last);
    this.#sink(last);
  }

  /** Forgets all deadlines. */
  stop(): void {
    for (const item of this.#heap) item.position = -1;
    this.#heap.length = 0;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakesAt = Infinity;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.due >= this.#wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = first.due;
    const wait = Math.max(0, first.due - this.#clock.monotonic());
    this.#cancel = this.#clock.after(Math.min(Math.ceil(wait), LONGEST_TIMER_MS), () => this.#wake());
  }

  #wake(): void {
    this.#cancel = undefined;
    this.#wakesAt = Infinity;
    const now = this.#clock.monotonic();
    for (let count = 0; count < SLICE; count++) {
      const first = this.#heap[0];
      if (first === undefined || first.due > now) break;
      this.remove(first);
      this.#onDue(first);
    }
    this.#arm();
  }

  #rise(item: Item): void {
    while (item.position > 0) {
      const above = (item.position - 1) >> 1;
      const parent = this.#heap[above] as Item;
      if (parent.due <= item.due) return;
      this.#place(parent, item.position);
      this.#place(item, above);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = 2 * item.position + 1;
      let least = item;
      for (const child of [this.#heap[left], this.#heap[left + 1]]) {
        if (child !== undefined && child.due < least.due) least = child;
      }
      if (least === item) return;
      const { position } = least;
      this.#place(least, item.position);
      this.#place(item, position);
    }
  }

  #place(item: Item, position: number): void {
    this.#heap[position] = item;
    item.position = position;
  }
}

/** Items that come due in one turn. */
const SLICE = 256;
/** setTimeout takes a signed 32-bit number; a later deadline is looked at again then. */
const LONGEST_TIMER_MS = 2_147_483_647;
