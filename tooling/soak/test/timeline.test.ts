import { describe, expect, it } from 'vitest';
import { type Attempt, type Outcome, Timeline } from '../src/timeline.ts';

/** Attempts at 1, 2, 3, …, each settled before the next one begins, with its outcome at the time and a half. */
function lineOf(...outcomes: readonly (Outcome | undefined)[]) {
  const line = new Timeline(0);
  const attempts = outcomes.map((outcome, index): Attempt<number> => {
    const attempt = line.begin(index + 1, index + 1);
    if (outcome !== undefined) line.settle(attempt, outcome, index + 1.5);
    return attempt;
  });
  return { line, attempts, now: [...line.possible(outcomes.length + 1, outcomes.length + 1)].sort() };
}

describe('what may be there', () => {
  it('is what was there first until something was asked for', () => {
    expect(lineOf().now).toEqual([0]);
  });

  it('is what was acknowledged last, and nothing before it', () => {
    expect(lineOf('done', 'unknown', 'done').now).toEqual([3]);
  });

  it('is what got no answer, or what was there before', () => {
    expect(lineOf('done', 'unknown', 'unknown').now).toEqual([1, 2, 3]);
    expect(lineOf('done', undefined).now).toEqual([1, 2]);
  });

  it('is never what was refused', () => {
    expect(lineOf('done', 'refused').now).toEqual([1]);
  });

  it('during a time is all that was there in it', () => {
    const { line } = lineOf('done', 'done', 'done');
    expect(line.possible(0, 10)).toEqual(new Set([0, 1, 2, 3]));
    expect(line.possible(1.5, 2)).toEqual(new Set([1, 2]));
    expect(line.possible(1.2, 1.4)).toEqual(new Set([0, 1]));
  });

  it('cannot be refused once it was seen', () => {
    const { line, attempts } = lineOf(undefined);
    expect(line.settle(attempts[0]!, 'done', 2)).toBe(true);
    expect(line.settle(attempts[0]!, 'refused', 3)).toBe(false);
    expect(line.settle(attempts[0]!, 'unknown', 3)).toBe(true);
    expect(line.possible(4, 4)).toEqual(new Set([1]));
  });
});
