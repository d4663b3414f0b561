import { VirtualClock } from '@apex/vitest/virtual-clock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deadline, Scheduler } from '../src/scheduler.ts';

interface Item extends Deadline {
  readonly id: number;
}

describe('deadlines', () => {
  // Invariant: each item that is not removed comes due once, in the order of its time, and not before it.
  it('come due in their order, behind one timer', () => {
    const add = fc.record({ kind: fc.constant('add' as const), id: fc.nat(20), in: fc.nat(100) });
    const remove = fc.record({ kind: fc.constant('remove' as const), id: fc.nat(20) });
    const advance = fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(fc.oneof(add, remove, advance), { maxLength: 200 }), (steps) => {
        const clock = new VirtualClock();
        const due: number[] = [];
        const expected = new Map<number, number>();
        const scheduler = new Scheduler<Item>(clock, (item) => {
          expect(clock.now).toBeGreaterThanOrEqual(item.due);
          expect(expected.get(item.id)).toBe(item.due);
          expect(item.due).toBe(Math.min(...expected.values()));
          expected.delete(item.id);
          due.push(item.id);
        });
        const items = Array.from({ length: 21 }, (_, id): Item => ({ id, due: 0, position: -1 }));
        for (const step of steps) {
          if (step.kind === 'advance') clock.advance(step.ms);
          else {
            const item = items[step.id] as Item;
            scheduler.remove(item);
            expected.delete(step.id);
            if (step.kind === 'remove') continue;
            item.due = clock.now + step.in;
            expected.set(step.id, item.due);
            scheduler.add(item);
          }
          expect(scheduler.size).toBe(expected.size);
          expect(clock.timers).toBeLessThanOrEqual(1);
        }
        clock.advance(1000);
        expect(expected.size).toBe(0);
      }),
    );
  });

  it('lie further ahead than one timer reaches', () => {
    const clock = new VirtualClock();
    const due: number[] = [];
    const scheduler = new Scheduler<Item>(clock, ({ id }) => due.push(id));
    scheduler.add({ id: 1, due: 30 * 24 * 3600 * 1000, position: -1 });
    clock.advance(30 * 24 * 3600 * 1000 - 1);
    expect(due).toEqual([]);
    clock.advance(1);
    expect(due).toEqual([1]);
  });
});
