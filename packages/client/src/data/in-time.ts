import { ApexError } from '../errors.ts';

/** What a timer can wait: it fires at once for more. */
export const LONGEST_MS = 2_147_483_647;

/** The outcome of `promise`, unless it takes too long. Rejects with ApexError `client.timeout` then. */
export async function inTime<T>(promise: Promise<T>, ms: number, problem: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ApexError('client.timeout', problem())), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
