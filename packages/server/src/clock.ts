/** Time and the event loop, as subjects use them; tests bring their own. */
export interface Clock {
  /** Wall clock, in milliseconds since the epoch. */
  wall(): number;
  /** Milliseconds that never jump (P14). */
  monotonic(): number;
  /** Calls back once, after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back once others had their turn: input and output come in between. */
  yield(callback: () => void): void;
}

/** The clock of this process. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  yield: (callback) => {
    setImmediate(callback);
  },
};

/**
 * Calls back about every `ms`, until the returned function is called. When its time comes late by more than `ms`, the
 * process was stopped, or busy, and what peers have sent meanwhile is still to be read: that call is left out, one at
 * a time, so that nobody is blamed for the delay.
 */
export function repeat(
  clock: Pick<Clock, 'monotonic' | 'after'>,
  ms: number,
  callback: () => void,
): () => void {
  let cancel: () => void;
  let wasLate = false;
  const wait = (): void => {
    const due = clock.monotonic() + ms;
    cancel = clock.after(ms, () => {
      wasLate = !wasLate && clock.monotonic() - due > ms;
      if (!wasLate) callback();
      wait();
    });
  };
  wait();
  return () => cancel();
}
