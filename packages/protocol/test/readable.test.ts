import { UsageError } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import {
  type Access,
  formatAccess,
  formatAttach,
  formatPresence,
  type Presence,
  parsePresence,
  requireReadable,
} from '../src/index.ts';

const tuple = {
  destination: 'mailto:fred@example.com',
  availableUntil: '2030-01-01T00:00:00Z',
  tupleInfo: '',
  capabilities: [{ baseline: 'urn:x', value: 'y' }],
};
const presence: Presence = {
  kind: 'presence',
  publisher: 'fred@example.com',
  lastUpdate: '2026-01-01T00:00:00Z',
  publisherInfo: '',
  tuples: [tuple],
};
const check = (value: unknown): string => requireReadable(value as Presence, formatPresence, parsePresence);

describe('a value that a program hands in', () => {
  it('is written when it is valid', () => {
    expect(check(presence)).toBe(formatPresence(presence));
  });

  it.each<[unknown, string]>([
    [{ ...presence, publisher: 'fred@EXAMPLE.com' }, 'publisher is not in its canonical form'],
    [{ ...presence, publisher: 'fred' }, 'presence: attribute publisher is not an endpoint'],
    [{ ...presence, publisher: undefined }, 'presence: attribute publisher is missing'],
    [{ ...presence, publisherInfo: null }, 'publisherInfo is not a string'],
    [{ ...presence, publisherInfo: undefined }, 'publisherInfo is not a string'],
    [{ ...presence, tuples: [] }, 'presence: element tuple is missing'],
    [
      { ...presence, tuples: { 0: tuple, [Symbol.iterator]: [tuple].values.bind([tuple]) } },
      'tuples is not an array',
    ],
    [
      { ...presence, tuples: [tuple, { ...tuple, availableUntil: new Date(0) }] },
      'tuple: attribute availableUntil is not a timestamp',
    ],
    [{ ...presence, tuples: [tuple, { ...tuple, mood: 'curious' }] }, 'tuples.1.mood is not expected'],
    [
      { ...presence, tuples: [{ ...tuple, capabilities: [{ baseline: 'urn:x', value: 5 }] }] },
      'tuples.0.capabilities.0.value is not a string',
    ],
    [{ ...presence, tuples: [{ ...tuple, destination: 'urn:\u0000' }] }, 'XML cannot carry U+0000'],
    [{ ...presence, kind: 'publish' }, 'kind is not in its canonical form'],
    [null, expect.any(String) as unknown as string],
  ])('is refused with what is wrong with it: %j', (value, message) => {
    const attempt = () => check(value);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'value.invalid', message }));
  });

  it('is refused by the writers of what is not written often', () => {
    const attach = { kind: 'attach', endpoint: 'fred@example.com', transID: 0, options: [] } as const;
    expect(() => formatAttach(attach)).toThrow(
      'attach: attribute transID is not a number from 1 to 2147483647',
    );
    const access: Access = { owner: 'fred@example.com', actor: 'a*b@example.com' };
    expect(() => formatAccess(access)).toThrow('access: attribute actor is not an actor');
    expect(() => formatAccess({ ...access, actor: '*@example.com', actions: [] })).toThrow(UsageError);
  });
});
