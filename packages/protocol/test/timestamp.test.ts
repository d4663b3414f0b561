import { MessageError, UsageError } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareInstants,
  formatTimestamp,
  instantFromMs,
  msFromInstant,
  parseTimestamp,
  sameInstant,
} from '../src/index.ts';
import { timestamps } from './arbitraries.ts';

const same = (a: string, b: string): boolean => sameInstant(parseTimestamp(a), parseTimestamp(b));
const order = (a: string, b: string): number =>
  Math.sign(compareInstants(parseTimestamp(a), parseTimestamp(b)));

describe('timestamps', () => {
  it('[3339 §5.8] reads its examples', () => {
    expect(parseTimestamp('1985-04-12T23:20:50.52Z')).toStrictEqual({
      seconds: 482196050,
      leap: false,
      fraction: '52',
    });
    expect(same('1996-12-19T16:39:57-08:00', '1996-12-20T00:39:57Z')).toBe(true);
    expect(same('1990-12-31T23:59:60Z', '1990-12-31T15:59:60-08:00')).toBe(true);
    expect(parseTimestamp('1937-01-01T12:00:27.87+00:20').seconds).toBe(
      Date.UTC(1937, 0, 1, 11, 40, 27) / 1000,
    );
  });

  it('[A4] compares instants, not texts', () => {
    expect(same('2000-05-14T13:02:00-08:00', '2000-05-14T21:02:00.000Z')).toBe(true);
    expect(same('2000-05-14T13:02:00Z', '2000-05-14t13:02:00z')).toBe(true);
    expect(same('2000-05-14T13:02:00Z', '2000-05-14T13:02:00-00:00')).toBe(true);
    expect(same('2000-05-14T13:02:00.1Z', '2000-05-14T13:02:00.10000000000000000000Z')).toBe(true);
    expect(same('2000-05-14T13:02:00.1Z', '2000-05-14T13:02:00.10000000000000000001Z')).toBe(false);
    expect(order('2000-05-14T13:02:00.49Z', '2000-05-14T13:02:00.5Z')).toBe(-1);
    expect(order('2000-05-14T13:02:00Z', '2000-05-14T13:02:00.0001Z')).toBe(-1);
  });

  it('[3339 §5.7] allows a leap second where it can be', () => {
    expect(order('2016-12-31T23:59:59.9Z', '2016-12-31T23:59:60Z')).toBe(-1);
    expect(order('2016-12-31T23:59:60.9Z', '2017-01-01T00:00:00Z')).toBe(-1);
    expect(order('2015-07-01T01:59:60+02:00', '2015-06-30T23:59:60Z')).toBe(0);
    for (const text of [
      '2016-12-31T23:58:60Z',
      '2016-11-30T23:59:60Z',
      '2016-12-31T23:59:60+01:00',
      '2016-12-31T23:59:61Z',
    ]) {
      expect(() => parseTimestamp(text)).toThrowError(MessageError);
    }
  });

  it.each([
    '',
    '2000-05-14',
    '2000-05-14T13:02Z',
    '2000-05-14T13:02:00',
    '2000-05-14 13:02:00Z',
    '2000-05-14T13:02:00.Z',
    '2000-05-14T13:02:00,5Z',
    '2000-05-14T24:00:00Z',
    '2000-05-14T13:60:00Z',
    '2000-05-14T13:02:00+24:00',
    '2000-05-14T13:02:00+08:60',
    '2000-05-14T13:02:00+0800',
    '2000-05-14T13:02:00 Z',
    ' 2000-05-14T13:02:00Z',
    '2000-05-14T13:02:00Z\n',
    '2000-00-14T13:02:00Z',
    '2000-13-14T13:02:00Z',
    '2000-04-31T13:02:00Z',
    '2001-02-29T13:02:00Z',
    '1900-02-29T13:02:00Z',
    '20000-05-14T13:02:00Z',
    '+2000-05-14T13:02:00Z',
    '\u0662000-05-14T13:02:00Z',
  ])('[3339 §5.6] refuses %j', (text) => {
    expect(() => parseTimestamp(text)).toThrowError(
      expect.objectContaining({ code: 'timestamp.syntax', replyCode: 501 }),
    );
  });

  // Invariant: for whole milliseconds in UTC, Date and we agree.
  it('[3339 §5.6] agrees with Date on whole milliseconds', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0000-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59.999Z'),
          noInvalidDate: true,
        }),
        (date) => {
          const ms = date.getTime();
          expect(msFromInstant(parseTimestamp(date.toISOString()))).toBe(ms);
          expect(instantFromMs(ms)).toStrictEqual(parseTimestamp(date.toISOString()));
          expect(formatTimestamp(ms)).toBe(date.toISOString());
        },
      ),
    );
  });

  // Invariant: comparing is a total order that is equal exactly for the same instant.
  it('[A4] orders instants', () => {
    fc.assert(
      fc.property(timestamps, timestamps, (a, b) => {
        expect(order(a, b)).toBe(0 - order(b, a));
        expect(order(a, a)).toBe(0);
        expect(order(a, b) === 0).toBe(same(a, b));
      }),
    );
  });

  it('[3343 §7] [3341 §7] [A4] writes UTC with milliseconds, and the offset that tells no place', () => {
    expect(formatTimestamp(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatTimestamp(1.9, { suffix: '-00:00' })).toBe('1970-01-01T00:00:00.001-00:00');
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, -62_167_219_200_001, 253_402_300_800_000]) {
      expect(() => formatTimestamp(ms)).toThrowError(UsageError);
      expect(() => instantFromMs(ms)).toThrowError(UsageError);
    }
  });
});
