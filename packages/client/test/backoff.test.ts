import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from '../src/backoff.ts';

describe('the backoff', () => {
  it('never waits longer than its bound, which doubles up to the cap, and any time up to it is possible', () => {
    const attempts = fc.integer({ min: 1, max: 5000 });
    const bounds = fc.record({
      baseMs: fc.integer({ min: 1, max: 10_000 }),
      more: fc.integer({ min: 0, max: 100_000 }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(attempts, bounds, random, (attempt, { baseMs, more }, drawn) => {
        const capMs = baseMs + more;
        const bound = Math.min(capMs, baseMs * 2 ** (attempt - 1));
        const delayMs = new Backoff({ baseMs, capMs }, () => drawn).delayMs(attempt);
        expect(delayMs).toBe(Math.floor(drawn * bound));
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(bound);
      }),
    );
  });

  it.each([
    [1, 499],
    [2, 999],
    [3, 1999],
    [7, 29_999],
    [100, 29_999],
  ])('waits before attempt %d at most %d ms by default', (attempt, most) => {
    expect(new Backoff({}, () => 1 - Number.EPSILON).delayMs(attempt)).toBe(most);
    expect(new Backoff({}, () => 0).delayMs(attempt)).toBe(0);
  });

  it.each([
    { baseMs: 0 },
    { baseMs: -1 },
    { baseMs: Number.NaN },
    { baseMs: 2, capMs: 1 },
    { capMs: Number.POSITIVE_INFINITY },
  ])('is an error of the caller with %j', (options) => {
    expect(() => new Backoff(options, () => 0)).toThrow(expect.objectContaining({ code: 'client.usage' }));
  });
});
