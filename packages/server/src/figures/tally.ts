import type { Sample } from './figure.ts';

/** Counts by a key that has few values, such as a reply code. */
export class Tally<Key extends string | number> {
  readonly #counts = new Map<Key, number>();

  /** `keys` are told from the beginning, so that the first one of a kind is seen to happen. */
  constructor(keys: readonly Key[] = []) {
    for (const key of keys) this.#counts.set(key, 0);
  }

  add(key: Key, count = 1): void {
    this.#counts.set(key, this.of(key) + count);
  }

  of(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  /** The key is the value of `label`. */
  samples(label: string, more: Sample['labels'] = {}): readonly Sample[] {
    return Array.from(this.#counts, ([key, value]) => ({ labels: { ...more, [label]: String(key) }, value }));
  }
}
