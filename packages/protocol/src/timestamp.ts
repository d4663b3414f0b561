import { MessageError, UsageError } from '@apex/beep';

/**
 * Timestamps (RFC 3339) as exact instants: any number of fraction digits, offsets, leap seconds.
 * `Date` can hold neither, and accepts text that RFC 3339 does not allow.
 */
export interface Instant {
  /** Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
  readonly seconds: number;
  /** In the leap second that follows second `seconds`. */
  readonly leap: boolean;
  /** Decimal digits behind the point, without trailing zeros. */
  readonly fraction: string;
}

/** `Z`, or `-00:00`, which tells nothing about the place (RFC 3339 §4.3, RFC 3343 §7). */
export type TimestampSuffix = 'Z' | '-00:00';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
const MINUS = 0x2d;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const SECONDS_PER_DAY = 86_400;
/** From 0000-03-01, where counting starts so that the leap day ends the year, to 1970-01-01. */
const DAYS_TO_EPOCH = 719_468;
const FIRST_MS = -62_167_219_200_000;
const END_MS = 253_402_300_800_000;

/** @throws MessageError `timestamp.syntax` (501) unless `text` is a date-time (RFC 3339 §5.6, §5.7). */
export function parseTimestamp(text: string): Instant {
  const instant = instantOf(text);
  if (instant === undefined) {
    throw new MessageError('timestamp.syntax', 501, `not an RFC 3339 timestamp: "${text.slice(0, 40)}"`);
  }
  return instant;
}

/** Whether `text` is a timestamp (RFC 3339 §5.6). */
export function isTimestamp(text: string): boolean {
  return instantOf(text) !== undefined;
}

/** Negative, zero or positive: which of two instants is the earlier. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a.seconds !== b.seconds) return a.seconds - b.seconds;
  if (a.leap !== b.leap) return a.leap ? 1 : -1;
  if (a.fraction === b.fraction) return 0;
  return a.fraction < b.fraction ? -1 : 1;
}

/** Whether two timestamps are semantically identical (RFC 3343 §4.4 step 5, RFC 3341 §4.4 step 7, A4). */
export function sameInstant(a: Instant, b: Instant): boolean {
  return compareInstants(a, b) === 0;
}

/** @throws UsageError `timestamp.range` unless `ms` lies in the years 0000 to 9999. */
export function instantFromMs(ms: number): Instant {
  const whole = checkedMs(ms);
  const seconds = Math.floor(whole / 1000);
  const millis = whole - seconds * 1000;
  return { seconds, leap: false, fraction: withoutTrailingZeros(String(millis).padStart(3, '0'), 0, 3) };
}

/** Milliseconds since the epoch; further digits are cut, a leap second counts as the last millisecond before it ends. */
export function msFromInstant(instant: Instant): number {
  if (instant.leap) return instant.seconds * 1000 + 999;
  return instant.seconds * 1000 + Number(instant.fraction.slice(0, 3).padEnd(3, '0'));
}

/**
 * UTC with milliseconds (A4).
 * @param ms milliseconds since the epoch; a fraction is cut
 * @throws UsageError `timestamp.range` unless `ms` lies in the years 0000 to 9999
 */
export function formatTimestamp(ms: number, options: { readonly suffix?: TimestampSuffix } = {}): string {
  const text = new Date(checkedMs(ms)).toISOString();
  // 3343 §7, 3341 §7: the offset -00:00 discloses nothing about the place.
  return options.suffix === '-00:00' ? `${text.slice(0, -1)}-00:00` : text;
}

function instantOf(text: string): Instant | undefined {
  if (!DATE_TIME.test(text)) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const isZulu = (text.charCodeAt(text.length - 1) | 0x20) === 0x7a;
  const offsetStart = text.length - (isZulu ? 1 : 6);
  const offsetHour = isZulu ? 0 : twoDigits(text, offsetStart + 1);
  const offsetMinute = isZulu ? 0 : twoDigits(text, offsetStart + 4);
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysInMonth(year, month) ||
    hour > 23 ||
    minute > 59 ||
    second > 60 ||
    offsetHour > 23 ||
    offsetMinute > 59
  ) {
    return undefined;
  }
  const offset = (offsetHour * 60 + offsetMinute) * (text.charCodeAt(offsetStart) === MINUS ? -60 : 60);
  const leap = second === 60;
  const seconds =
    daysSinceEpoch(year, month, day) * SECONDS_PER_DAY +
    hour * 3600 +
    minute * 60 +
    (leap ? 59 : second) -
    offset;
  // 3339 §5.7: a leap second stands at the end of June or December, in UTC.
  if (leap && !isLeapSecondPlace(seconds)) return undefined;
  return { seconds, leap, fraction: withoutTrailingZeros(text, 20, offsetStart) };
}

function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 0x30 * 11;
}

function withoutTrailingZeros(text: string, from: number, to: number): string {
  let end = to;
  while (end > from && text.charCodeAt(end - 1) === 0x30) end -= 1;
  return end > from ? text.slice(from, end) : '';
}

function checkedMs(ms: number): number {
  if (!(ms >= FIRST_MS && ms < END_MS)) {
    throw new UsageError('timestamp.range', `a timestamp lies in the years 0000 to 9999, not at ${ms} ms`);
  }
  return Math.floor(ms);
}

function daysInMonth(year: number, month: number): number {
  const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leapYear ? 29 : (DAYS[month - 1] as number);
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return (
    shifted * 365 +
    Math.floor(shifted / 4) -
    Math.floor(shifted / 100) +
    Math.floor(shifted / 400) +
    dayOfYear -
    DAYS_TO_EPOCH
  );
}

function isLeapSecondPlace(seconds: number): boolean {
  const next = new Date((seconds + 1) * 1000);
  return (
    (seconds + 1) % SECONDS_PER_DAY === 0 &&
    next.getUTCDate() === 1 &&
    (next.getUTCMonth() === 6 || next.getUTCMonth() === 0)
  );
}
