import { expect, it } from 'vitest';
import { type Draft, draftOf, localOf, newDraft, newTuple, updateOf } from '../../src/session/draft.ts';

const now = Date.parse('2026-11-26T13:00:00.000Z');

it('begins with a place for messages, for an hour from when it is published', () => {
  const draft = newDraft('fred/desk@example.com');
  for (const at of [now, now + 60_000]) {
    expect(updateOf(draft, at)).toEqual({
      kind: 'update',
      update: {
        publisherInfo: '',
        tuples: [
          {
            destination: 'apex:fred/desk@example.com',
            availableUntil: new Date(at + 3_600_000).toISOString(),
            tupleInfo: '',
            capabilities: [],
          },
        ],
      },
    });
  }
});

it('takes a time of the clock where the page is', () => {
  const until = { kind: 'at', local: localOf(now + 90 * 60_000) } as const;
  const result = updateOf({ publisherInfo: '', tuples: [{ ...newTuple('tel:+43'), until }] }, now);
  expect(result).toMatchObject({ update: { tuples: [{ availableUntil: '2026-11-26T14:30:00.000Z' }] } });
});

it('names each field that is wrong', () => {
  const tuple = newTuple('not a uri');
  const draft: Draft = {
    publisherInfo: 'example.com',
    tuples: [
      {
        ...tuple,
        until: { kind: 'at', local: '' },
        tupleInfo: ' ',
        capabilities: [{ id: 7, baseline: '', value: 'x' }],
      },
    ],
  };
  const result = updateOf(draft, now);
  expect(result.kind === 'problems' && [...result.problems.keys()].sort()).toEqual([
    'baseline 7',
    `destination ${tuple.id}`,
    'publisherInfo',
    `until ${tuple.id}`,
  ]);
});

it('is filled in with what is published; what is over, for an hour more', () => {
  const entry = {
    publisherInfo: 'https://example.com/fred',
    tuples: [
      {
        destination: 'mailto:fred@example.com',
        availableUntil: '2026-11-26T14:30:00.000Z',
        tupleInfo: 'https://example.com/desk',
        capabilities: [{ baseline: 'urn:x:mood', value: 'gut gelaunt, müde' }],
      },
      { destination: 'tel:+43', availableUntil: '2026-11-26T12:00:00Z', tupleInfo: '', capabilities: [] },
    ],
  };
  const result = updateOf(draftOf(entry, now), now);
  expect(result).toEqual({
    kind: 'update',
    update: {
      ...entry,
      tuples: [entry.tuples[0], { ...entry.tuples[1], availableUntil: '2026-11-26T14:00:00.000Z' }],
    },
  });
});
