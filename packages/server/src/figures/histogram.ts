import type { Figure, Sample } from './figure.ts';

/** How often values were how large. To add one costs a short search and two additions. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Of values that are at most the bound and above the one before; the last one of those above all. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds` grow. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > this.#bounds[index]!) index += 1;
    this.#counts[index]! += 1;
    this.#sum += value;
  }

  /** How many values there were. */
  get count(): number {
    return this.#counts.reduce((count, each) => count + each, 0);
  }

  figure(name: string, help: string): Figure {
    let count = 0;
    const samples: Sample[] = this.#counts.map((each, index) => {
      count += each;
      return { part: 'bucket', labels: { le: String(this.#bounds[index] ?? '+Inf') }, value: count };
    });
    samples.push({ part: 'sum', labels: {}, value: this.#sum }, { part: 'count', labels: {}, value: count });
    return { name, kind: 'histogram', help, samples };
  }
}

/** 100 µs to 10 s, in seconds. */
export const durationBounds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
/** How many of something. */
export const sizeBounds: readonly number[] = [
  0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 100_000,
];
