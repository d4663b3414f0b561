import { formatTimestamp } from '@apex/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { availableTuples, nextLapseMs, personOf, tuplesWith } from '../../src/index.ts';

const AT = Date.UTC(2026, 10, 25, 12);
const MOOD = 'urn:x:mood';

const tuple = (availableUntil: string, ...capabilities: readonly (readonly [string, string])[]) => ({
  destination: `apex:${availableUntil}@example.com`,
  availableUntil,
  tupleInfo: '',
  capabilities: capabilities.map(([baseline, value]) => ({ baseline, value })),
});
const entryOf = (...tuples: readonly ReturnType<typeof tuple>[]) => ({
  publisher: 'fred@example.com',
  publisherInfo: 'http://example.com/fred',
  tuples,
});

/** Times close to each other, with more digits than a millisecond has and with offsets. */
const timestamps = fc
  .tuple(fc.integer({ min: -2000, max: 2000 }), fc.stringMatching(/^[0-9]{0,5}$/), fc.boolean())
  .map(([ms, digits, isOffset]) =>
    isOffset
      ? `${formatTimestamp(AT + ms + 3_600_000).slice(0, -1)}${digits}+01:00`
      : `${formatTimestamp(AT + ms).slice(0, -1)}${digits}Z`,
  );
const entries = fc
  .array(timestamps, { minLength: 1, maxLength: 8 })
  .map((times) => entryOf(...times.map((time) => tuple(time))));
const instants = fc.integer({ min: AT - 3000, max: AT + 3000 });

describe('an entry at an instant', () => {
  it('[3343 §3] [P2] has tuples that are available before availableUntil, and not from it on', () => {
    const entry = entryOf(tuple('2026-11-25T12:00:00Z'), tuple('2026-11-25T13:00:00+00:59'));
    expect(availableTuples(entry, AT - 1)).toEqual([entry.tuples[0], entry.tuples[1]]);
    expect(availableTuples(entry, AT)).toEqual([entry.tuples[1]]);
    expect(availableTuples(entry, AT + 60_000)).toEqual([]);
  });

  it.each([
    ['2026-11-25T12:00:00.0001Z', AT + 1],
    ['2026-11-25T12:00:00.001Z', AT + 1],
    ['2026-11-25T12:00:00.0010001Z', AT + 2],
    ['2026-12-31T23:59:60.5Z', Date.UTC(2027, 0, 1)],
    ['9999-12-31T23:59:59.9999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999) + 1],
  ])('lapses at the first whole millisecond that is not before %s', (until, lapse) => {
    expect(nextLapseMs(entryOf(tuple(until)), AT)).toBe(lapse);
  });

  it('stays as it is until the next lapse, and loses a tuple then', () => {
    fc.assert(
      fc.property(entries, instants, (entry, atMs) => {
        const now = availableTuples(entry, atMs);
        const lapse = nextLapseMs(entry, atMs);
        expect(lapse === undefined).toBe(now.length === 0);
        if (lapse === undefined) return;
        expect(lapse).toBeGreaterThan(atMs);
        expect(availableTuples(entry, lapse - 1)).toEqual(now);
        expect(availableTuples(entry, lapse).length).toBeLessThan(now.length);
      }),
    );
  });

  it('comes to its end in as many lapses as it has tuples, at most', () => {
    fc.assert(
      fc.property(entries, instants, (entry, atMs) => {
        const until = personOf(entry, atMs).availableUntilMs;
        let at = atMs;
        let lapses = 0;
        for (let lapse = nextLapseMs(entry, at); lapse !== undefined; lapse = nextLapseMs(entry, at)) {
          at = lapse;
          lapses += 1;
        }
        expect(lapses).toBeLessThanOrEqual(entry.tuples.length);
        if (until !== undefined) expect(at).toBe(until);
      }),
    );
  });
});

describe('tuples', () => {
  it('are found by the baseline of a capability, and by its value', () => {
    const tuples = [
      tuple('2026-11-25T13:00:00Z', [MOOD, 'curious'], ['urn:x:lang', 'en']),
      tuple('2026-11-25T13:00:00Z', [MOOD, 'busy']),
      tuple('2026-11-25T13:00:00Z'),
    ];
    expect(tuplesWith(tuples, MOOD)).toEqual(tuples.slice(0, 2));
    expect(tuplesWith(tuples, MOOD, 'busy')).toEqual([tuples[1]]);
    expect(tuplesWith(tuples, 'urn:x:lang', 'busy')).toEqual([]);
  });
});

describe('a person', () => {
  it('is what all available tuples together tell, the one that lasts longest first', () => {
    const desk = tuple('2026-11-25T13:00:00Z', [MOOD, 'curious'], ['urn:x:lang', 'en']);
    const phone = tuple('2026-11-25T15:00:00.0001+01:00', [MOOD, 'busy'], [MOOD, 'curious']);
    const gone = tuple('2026-11-25T11:00:00Z', ['urn:x:room', '7']);
    expect(personOf(entryOf(gone, desk, phone), AT)).toEqual({
      publisher: 'fred@example.com',
      publisherInfo: 'http://example.com/fred',
      isAvailable: true,
      availableUntilMs: AT + 2 * 3_600_000 + 1,
      nextLapseMs: AT + 3_600_000,
      tuples: [phone, desk],
      capabilities: new Map([
        [MOOD, ['busy', 'curious']],
        ['urn:x:lang', ['en']],
      ]),
    });
  });

  it('is away when no tuple is available', () => {
    expect(personOf(entryOf(tuple('2026-11-25T12:00:00Z', [MOOD, 'busy'])), AT)).toMatchObject({
      isAvailable: false,
      availableUntilMs: undefined,
      nextLapseMs: undefined,
      tuples: [],
      capabilities: new Map(),
    });
  });
});
