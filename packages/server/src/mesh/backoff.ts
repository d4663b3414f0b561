/** What the first wait is at most, in milliseconds; each further one at most twice as long. */
const BASE_MS = 250;
/** What every wait is at most. */
const CAP_MS = 30_000;

/**
 * How long to wait behind so many failures, in milliseconds, with full jitter: relays that lost the same peer do not
 * come back together.
 * @param random from 0 up to, not including, 1
 */
export function backoffMs(failures: number, random: () => number): number {
  return Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures - 1, 16)));
}
