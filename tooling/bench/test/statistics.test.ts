import { expect, it } from 'vitest';
import { median, summaryOf } from '../src/statistics.ts';

it('the median is the middle one, or the mean of the two in the middle', () => {
  expect(median([9, 1, 10])).toBe(9);
  expect(median([4, 1, 100, 2])).toBe(3);
  expect(median([7])).toBe(7);
  expect(() => median([])).toThrow(RangeError);
});

it('a summary has the range of the rounds', () => {
  expect(summaryOf([30, 10, 20, 40, 100])).toEqual({ median: 30, least: 10, most: 100, rounds: 5 });
});
