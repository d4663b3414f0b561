/** Times as people say them. All are milliseconds since the epoch; `locale` and `timeZone` are those of the page. */
export interface TimeStyle {
  readonly locale?: string | undefined;
  readonly timeZone?: string | undefined;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `42 s`, `12 min`, `1 h 5 min`, `3 days`: rounded up, so that what goes on never has 0 left. */
export function spanWords(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(ms / MINUTE_MS);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.round(ms / DAY_MS);
  return days === 1 ? '1 day' : `${days} days`;
}

/** `14:05` on the day of `nowMs`, `tomorrow 14:05`, `Fri 27 Nov, 14:05`, with the year when it is another one. */
export function clockWords(ms: number, nowMs: number, style: TimeStyle = {}): string {
  const { locale, timeZone } = style;
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = new Intl.DateTimeFormat(locale, { ...zone, hour: '2-digit', minute: '2-digit' }).format(ms);
  const day = (at: number): string =>
    new Intl.DateTimeFormat('en-CA', { ...zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
      at,
    );
  if (day(ms) === day(nowMs)) return time;
  if (day(ms) === day(nowMs + DAY_MS)) return `tomorrow ${time}`;
  if (day(ms) === day(nowMs - DAY_MS)) return `yesterday ${time}`;
  const isThisYear = day(ms).slice(0, 4) === day(nowMs).slice(0, 4);
  const date = new Intl.DateTimeFormat(locale, {
    ...zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(ms);
  return `${date}, ${time}`;
}

/** `until 14:05 (in 12 min)`. */
export function untilWords(untilMs: number, nowMs: number, style: TimeStyle = {}): string {
  return `until ${clockWords(untilMs, nowMs, style)} (in ${spanWords(untilMs - nowMs)})`;
}

/** `since 14:05 (12 min ago)`. */
export function agoWords(atMs: number, nowMs: number, style: TimeStyle = {}): string {
  const ms = nowMs - atMs;
  return `${clockWords(atMs, nowMs, style)} (${ms < SECOND_MS ? 'just now' : `${spanWords(ms)} ago`})`;
}

/** With seconds, for logs. */
export function exactWords(ms: number, { locale, timeZone }: TimeStyle = {}): string {
  return new Intl.DateTimeFormat(locale, {
    ...(timeZone === undefined ? {} : { timeZone }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  }).format(ms);
}

/** How long something took, such as `12 ms`, `3.4 s` or `5 min`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.max(1, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}
