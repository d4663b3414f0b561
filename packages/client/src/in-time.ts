import type { ApexError } from './errors.ts';

/** What a timer can wait: it fires at once for more. */
export const LONGEST_MS = 2_147_483_647;

/** The outcome of `promise`, unless it takes too long or the signal is aborted: rejects then with `late()`, or the reason. */
export async function inTime<T>(
  promise: Promise<T>,
  ms: number,
  late: () => ApexError,
  signal?: AbortSignal,
): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), ms);
  try {
    return await unlessAborted(Promise.race([promise, tooLate]), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The outcome of `promise`, unless the signal is aborted: rejects with its reason at once. Leaves no listener behind. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
