import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SrvRecord, srvOrder } from '../../src/mesh/srv-order.ts';

const record = (name: string, priority: number, weight: number): SrvRecord => ({
  name,
  priority,
  weight,
  port: 912,
});

/** Draws that are given one after the other, each as a fraction. */
function draws(...fractions: readonly number[]): () => number {
  let at = 0;
  return () => fractions[at++] ?? 0;
}

const names = (records: readonly SrvRecord[]): string => records.map(({ name }) => name).join(' ');

describe('the order of SRV records', () => {
  it('puts the lowest priority first', () => {
    const records = [record('c', 20, 5), record('a', 0, 0), record('b', 10, 0)];
    expect(names(srvOrder(records, Math.random))).toBe('a b c');
  });

  it('draws by weight, each draw from 0 to the sum of what is left', () => {
    const records = [record('one', 0, 1), record('three', 0, 3)];
    // 0 and 1 of 0…4 are for the first, 2 to 4 for the second.
    expect(names(srvOrder(records, draws(0)))).toBe('one three');
    expect(names(srvOrder(records, draws(0.39)))).toBe('one three');
    expect(names(srvOrder(records, draws(0.4)))).toBe('three one');
    expect(names(srvOrder(records, draws(0.999)))).toBe('three one');
  });

  it('leaves a small chance to a record without weight beside others', () => {
    const records = [record('ten', 0, 10), record('zero', 0, 0)];
    expect(names(srvOrder(records, draws(0)))).toBe('zero ten');
    expect(names(srvOrder(records, draws(0.1)))).toBe('ten zero');
  });

  it('chooses as often as the weights say', () => {
    const records = [record('one', 0, 100), record('three', 0, 300)];
    let seed = 1;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let first = 0;
    for (let count = 0; count < 4000; count += 1) {
      if (srvOrder(records, random)[0]?.name === 'three') first += 1;
    }
    expect(first / 4000).toBeCloseTo(0.75, 1);
  });

  it('keeps every record, whatever is drawn, and no higher priority before a lower one', () => {
    const some = fc.array(
      fc.record({
        name: fc.string(),
        priority: fc.integer({ min: 0, max: 3 }),
        weight: fc.integer({ min: 0, max: 65_535 }),
        port: fc.integer({ min: 0, max: 65_535 }),
      }),
    );
    fc.assert(
      fc.property(
        some,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
        (records, stream) => {
          const ordered = srvOrder(records, () => stream.next().value as number);
          expect(new Set(ordered)).toEqual(new Set(records));
          expect(ordered).toHaveLength(records.length);
          const priorities = ordered.map(({ priority }) => priority);
          expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
        },
      ),
    );
  });
});
