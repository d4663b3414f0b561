import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { systemClock } from '../clock.ts';
import { availableTuples, nextLapseMs, type Person, personOf } from '../presence/availability.ts';
import type { PresenceEntry } from '../presence/entry.ts';

type Entry = Pick<PresenceEntry, 'publisher' | 'publisherInfo' | 'tuples'>;

/**
 * Who somebody is now, by her entry and the clock of the page: rendered anew at the instant at which the next tuple
 * lapses, of which no message tells. Undefined as long as there is no entry.
 */
export function usePerson(entry: Entry): Person;
export function usePerson(entry: Entry | undefined): Person | undefined;
export function usePerson(entry: Entry | undefined): Person | undefined {
  const subscribe = useCallback((changed: () => void) => atEachLapse(entry, changed), [entry]);
  // All that time changes in an entry, so that between two lapses it is the same.
  const available = useSyncExternalStore(subscribe, countNow, countNow);
  // biome-ignore lint/correctness/useExhaustiveDependencies: time passes with the count
  return useMemo(
    () => (entry === undefined ? undefined : personOf(entry, systemClock.now())),
    [entry, available],
  );

  function countNow(): number {
    return entry === undefined ? 0 : availableTuples(entry, systemClock.now()).length;
  }
}

/** Calls back whenever a tuple fewer is available. The returned function ends that. */
function atEachLapse(entry: Entry | undefined, changed: () => void): () => void {
  let stop = (): void => {};
  const wait = (): void => {
    const now = systemClock.now();
    const next = entry === undefined ? undefined : nextLapseMs(entry, now);
    if (next === undefined) return;
    stop = systemClock.after(next - now, () => {
      changed();
      wait();
    });
  };
  wait();
  return () => stop();
}
