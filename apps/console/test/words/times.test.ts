import { describe, expect, it } from 'vitest';
import { agoWords, clockWords, exactWords, spanWords, untilWords } from '../../src/words/times.ts';

const vienna = { locale: 'en-GB', timeZone: 'Europe/Vienna' };
/** 14:00 in Vienna, a Thursday. */
const now = Date.parse('2026-11-26T13:00:00Z');
const minutes = (count: number): number => count * 60_000;

it.each([
  [0, '1 s'],
  [400, '1 s'],
  [41_200, '42 s'],
  [59_999, '1 min'],
  [minutes(12), '12 min'],
  [minutes(11.2), '12 min'],
  [minutes(60), '1 h'],
  [minutes(65), '1 h 5 min'],
  [minutes(24 * 60 - 1), '23 h 59 min'],
  [minutes(24 * 60), '1 day'],
  [minutes(3 * 24 * 60), '3 days'],
])('a span of %d ms is %s', (ms, words) => {
  expect(spanWords(ms)).toBe(words);
});

describe('a time of the clock', () => {
  it.each([
    ['2026-11-26T13:12:00Z', '14:12'],
    ['2026-11-26T22:59:00Z', '23:59'],
    // Midnight in Vienna, not in Greenwich.
    ['2026-11-26T23:00:00Z', 'tomorrow 00:00'],
    ['2026-11-25T22:59:00Z', 'yesterday 23:59'],
    ['2026-12-01T07:30:00Z', 'Tue 1 Dec, 08:30'],
    ['2027-01-04T07:30:00Z', 'Mon, 4 Jan 2027, 08:30'],
  ])('%s is %s', (timestamp, words) => {
    expect(clockWords(Date.parse(timestamp), now, vienna).replace('Tue, 1', 'Tue 1')).toBe(words);
  });

  it('is that of the place where the page is', () => {
    expect(clockWords(now, now, { ...vienna, timeZone: 'Asia/Tokyo' })).toBe('22:00');
  });
});

it('says until when, and how long that is', () => {
  expect(untilWords(now + minutes(12), now, vienna)).toBe('until 14:12 (in 12 min)');
  expect(untilWords(now + 900, now, vienna)).toBe('until 14:00 (in 1 s)');
});

it('says when, and how long ago', () => {
  expect(agoWords(now - minutes(3), now, vienna)).toBe('13:57 (3 min ago)');
  expect(agoWords(now, now, vienna)).toBe('14:00 (just now)');
  // The clock of a server may be ahead.
  expect(agoWords(now + 500, now, vienna)).toBe('14:00 (just now)');
});

it('says to the millisecond for logs', () => {
  expect(exactWords(now + 7, vienna)).toBe('14:00:00.007');
});
