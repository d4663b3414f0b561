import type { StatusReport } from '@apex/client';
import { describe, expect, it } from 'vitest';
import { wayOf } from '../../src/session/trace.ts';

const report = (
  relay: string,
  kind: StatusReport['kind'],
  afterMs: number,
  replyCode = 250,
): StatusReport => ({
  recipient: 'fred@example.com',
  relay,
  kind,
  replyCode,
  text: replyCode === 250 ? '' : 'not attached',
  afterMs,
});
const way = (...reports: StatusReport[]) =>
  wayOf('wilma@quarry.com', 'fred@example.com', reports).map(({ name, tone, after, problem }) =>
    [name, tone, after, problem].filter((each) => each !== undefined).join(' '),
  );

describe('the way of a message', () => {
  it('[3340 §5.1] leads over the relays that have told, the one that delivered last', () => {
    expect(
      way(
        report('example.com', 'delivered', 9),
        report('rubble.com', 'passed', 11),
        report('quarry.com', 'passed', 4),
      ),
    ).toEqual([
      'wilma@quarry.com good',
      'quarry.com good 4 ms',
      'rubble.com good 11 ms',
      'example.com good 9 ms',
      'fred@example.com good',
    ]);
  });

  it('ends where it was not delivered, with the reason', () => {
    expect(way(report('quarry.com', 'passed', 4), report('example.com', 'failed', 1200, 550))).toEqual([
      'wilma@quarry.com good',
      'quarry.com good 4 ms',
      'example.com bad 1.2 s 550 not attached',
      'fred@example.com bad',
    ]);
  });

  it('shows what nobody has told yet; a delay is no place', () => {
    expect(way(report('quarry.com', 'passed', 4), report('quarry.com', 'delayed', 8))).toEqual([
      'wilma@quarry.com good',
      'quarry.com good 4 ms',
      'fred@example.com waiting',
    ]);
  });
});
