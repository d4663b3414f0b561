import { expect, it } from 'vitest';
import { rostersOf } from '../src/peers/roster.ts';

it('users of other servers have the contacts that the load needs, on both sides', () => {
  expect([...rostersOf({ mode: 'fanout', publishers: 1, subscribers: 2 })]).toEqual([
    ['u0', ['p0']],
    ['u1', ['p0']],
    ['p0', ['u0', 'u1']],
  ]);
  expect([...rostersOf({ mode: 'p2p', publishers: 2, subscribers: 1 })]).toEqual([
    ['u0', ['p0']],
    ['u1', ['p1']],
    ['p0', ['u0']],
    ['p1', ['u1']],
  ]);
});
