import { expect, it } from 'vitest';
import { repeat } from '../src/clock.ts';

/** A process whose timers come when it is told that they do. */
class Process {
  now = 0;
  #timer: { readonly at: number; readonly callback: () => void } | undefined;

  monotonic(): number {
    return this.now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now + ms, callback };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = undefined;
    };
  }

  /** The timer comes so much later than it should. */
  turn(lateMs = 0): void {
    const timer = this.#timer;
    this.#timer = undefined;
    this.now = (timer?.at ?? this.now) + lateMs;
    timer?.callback();
  }
}

it('repeats about every so often, until it is cancelled', () => {
  const process = new Process();
  const calls: number[] = [];
  const cancel = repeat(process, 1000, () => calls.push(process.now));
  process.turn();
  process.turn(900);
  process.turn();
  expect(calls).toEqual([1000, 2900, 3900]);
  cancel();
  process.turn();
  expect(calls).toHaveLength(3);
});

it('leaves out a time that comes much too late, since what has arrived meanwhile is still to be read, and never two', () => {
  const process = new Process();
  const calls: number[] = [];
  repeat(process, 1000, () => calls.push(process.now));
  process.turn(30_000);
  expect(calls).toEqual([]);
  process.turn();
  expect(calls).toEqual([32_000]);
  process.turn(30_000);
  process.turn(30_000);
  expect(calls).toEqual([32_000, 94_000]);
});
