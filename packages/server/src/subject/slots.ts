import { ownText } from '../own-text.ts';
import type { Outbox } from './outbox.ts';
import { SubjectSlot } from './slot.ts';

/**
 * The subjects in memory. Those with operations in progress stay; of the others a bounded number is
 * kept, and the one that was not used for longest makes room (second chance: a use is only marked).
 * Endpoints that do not exist are not kept, since their names are chosen by those who ask.
 */
export class SubjectSlots {
  readonly #slots = new Map<string, SubjectSlot>();
  /** Those without operations in progress. */
  readonly #cold = new Set<SubjectSlot>();
  readonly #capacity: number;
  readonly #outbox: (onIdle: () => void) => Outbox;

  constructor(capacity: number, outbox: (onIdle: () => void) => Outbox) {
    this.#capacity = capacity;
    this.#outbox = outbox;
  }

  get size(): number {
    return this.#slots.size;
  }

  get isBusy(): boolean {
    for (const slot of this.#slots.values()) if (slot.isBusy) return true;
    return false;
  }

  find(endpoint: string): SubjectSlot | undefined {
    const slot = this.#slots.get(endpoint);
    if (slot !== undefined) slot.isReferenced = true;
    return slot;
  }

  findOrAdd(endpoint: string): SubjectSlot {
    let slot = this.find(endpoint);
    if (slot === undefined) {
      slot = new SubjectSlot(ownText(endpoint), (added) => this.#outbox(() => this.settle(added)));
      this.#slots.set(slot.endpoint, slot);
    }
    return slot;
  }

  /** Considers a slot after something happened to it: whether it stays, and whether another must go. */
  settle(slot: SubjectSlot): void {
    if (slot.isBusy) return;
    const { state } = slot;
    if (state === undefined || (!state.exists && !state.hasOperations)) this.#forget(slot);
    else if (state.hasOperations) this.#cold.delete(slot);
    else {
      this.#cold.add(slot);
      this.#evict();
    }
  }

  #evict(): void {
    while (this.#cold.size > this.#capacity) {
      const [oldest] = this.#cold as Iterable<SubjectSlot | undefined>;
      if (oldest === undefined) return;
      this.#cold.delete(oldest);
      // One that is busy comes back when it settles.
      if (oldest.isBusy) continue;
      if (oldest.isReferenced) {
        oldest.isReferenced = false;
        this.#cold.add(oldest);
      } else this.#forget(oldest);
    }
  }

  #forget(slot: SubjectSlot): void {
    this.#cold.delete(slot);
    if (this.#slots.get(slot.endpoint) === slot) this.#slots.delete(slot.endpoint);
  }
}
