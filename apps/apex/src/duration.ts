import { usage } from './errors.ts';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** RFC 3343 §4.2: the duration is a number of seconds up to 2^31 - 1. */
const LONGEST_SECONDS = 2_147_483_647;

/** RFC 3342 §6: milliseconds up to 2^31 - 1. */
const LONGEST_MS = 2_147_483_647;

/** Seconds of `90`, `90s`, `30m`, `1h` or `7d`. Throws AppError `usage` that names `option`. */
export function parseDuration(text: string, option: string): number {
  const [, number, unit = 's'] = /^(\d{1,10})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(number) * SECONDS[(unit === '' ? 's' : unit) as keyof typeof SECONDS];
  if (!(seconds >= 1 && seconds <= LONGEST_SECONDS)) {
    throw usage(`${option} ${text}: expected a duration such as 90, 30m, 1h or 7d`);
  }
  return seconds;
}

/** Milliseconds of the same, up to what a timer and RFC 3342 can count. Throws AppError `usage` that names `option`. */
export function parseMilliseconds(text: string, option: string): number {
  const ms = parseDuration(text, option) * 1000;
  if (ms > LONGEST_MS) throw usage(`${option} ${text}: 24d is the longest`);
  return ms;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** `45 s`, `59 min`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  // To what is shown: an hour of which a second has passed is still an hour.
  const step = seconds < 60 ? 1 : 60;
  const whole = Math.max(0, Math.round(seconds / step) * step);
  const largest = UNITS.findIndex(([, size]) => whole >= size);
  if (largest === -1) return '0 s';
  // Below hours the next unit would only be noise.
  const shown = UNITS.slice(largest, largest < 2 ? largest + 2 : largest + 1);
  let left = whole;
  return shown
    .map(([name, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count === 0 ? '' : `${count} ${name}`;
    })
    .join(' ')
    .trimEnd();
}
