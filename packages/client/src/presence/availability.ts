import { compareInstants, instantFromMs, msFromInstant, parseTimestamp, type Tuple } from '@apex/protocol';
import type { PresenceEntry } from './entry.ts';

/**
 * What an entry says at an instant. `availableUntil` is an absolute time (RFC 3343 §3): when it has come the tuple is
 * available no more, and nobody sends a message about that. So these are functions of an entry and of the reader's
 * clock, in milliseconds since the epoch; ask again at `nextLapseMs`.
 */

/** The tuples that are available then, in the order of the entry. */
export function availableTuples({ tuples }: Pick<PresenceEntry, 'tuples'>, atMs: number): readonly Tuple[] {
  return tuples.filter((tuple) => isAvailable(tuple, atMs));
}

/** The first millisecond after `atMs` at which one tuple fewer is available; undefined when none is available. */
export function nextLapseMs(entry: Pick<PresenceEntry, 'tuples'>, atMs: number): number | undefined {
  const lapses = availableTuples(entry, atMs).map(lapseMs);
  return lapses.length === 0 ? undefined : lapses.reduce((first, each) => Math.min(first, each));
}

/**
 * The tuples with a capability: of this baseline (a URI), and with this value unless it is left out. Of an entry all
 * of them; of `availableTuples(…)` those that are available.
 */
export function tuplesWith(tuples: readonly Tuple[], baseline: string, value?: string): readonly Tuple[] {
  return tuples.filter(({ capabilities }) =>
    capabilities.some(
      (capability) => capability.baseline === baseline && (value === undefined || capability.value === value),
    ),
  );
}

/** Somebody as all available tuples together tell of her. */
export interface Person {
  readonly publisher: string;
  /** URI, or empty. */
  readonly publisherInfo: string;
  readonly isAvailable: boolean;
  /** When the last tuple lapses that is available, in milliseconds since the epoch; undefined when none is. */
  readonly availableUntilMs: number | undefined;
  /** When this view changes without a new entry, likewise. */
  readonly nextLapseMs: number | undefined;
  /** Available tuples, the one that lasts longest first. */
  readonly tuples: readonly Tuple[];
  /** The values of all of them by baseline, each value once, in the order of `tuples`. */
  readonly capabilities: ReadonlyMap<string, readonly string[]>;
}

/** The view of one person at an instant, in milliseconds since the epoch. */
export function personOf(
  entry: Pick<PresenceEntry, 'publisher' | 'publisherInfo' | 'tuples'>,
  atMs: number,
): Person {
  const tuples = [...availableTuples(entry, atMs)].sort((a, b) =>
    compareInstants(parseTimestamp(b.availableUntil), parseTimestamp(a.availableUntil)),
  );
  const [longest] = tuples;
  return {
    publisher: entry.publisher,
    publisherInfo: entry.publisherInfo,
    isAvailable: longest !== undefined,
    availableUntilMs: longest === undefined ? undefined : lapseMs(longest),
    nextLapseMs: nextLapseMs(entry, atMs),
    tuples,
    capabilities: capabilitiesOf(tuples),
  };
}

function isAvailable({ availableUntil }: Tuple, atMs: number): boolean {
  return compareInstants(parseTimestamp(availableUntil), instantFromMs(atMs)) > 0;
}

/** The first whole millisecond at which it is available no more: timestamps may be finer, and leap seconds longer. */
function lapseMs({ availableUntil }: Tuple): number {
  const until = parseTimestamp(availableUntil);
  const ms = msFromInstant(until);
  return compareInstants(until, instantFromMs(ms)) > 0 ? ms + 1 : ms;
}

function capabilitiesOf(tuples: readonly Tuple[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const { baseline, value } of tuples.flatMap(({ capabilities }) => capabilities)) {
    const known = values.get(baseline);
    if (known === undefined) values.set(baseline, [value]);
    else if (!known.includes(value)) known.push(value);
  }
  return values;
}
