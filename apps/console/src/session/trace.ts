import type { StatusReport } from '@apex/client';
import { durationWords } from '../words/times.ts';

/** A place on the way of a message. */
export interface Place {
  readonly name: string;
  /** What it is, for people. */
  readonly what: 'you' | 'relay' | 'recipient';
  readonly tone: 'waiting' | 'good' | 'bad';
  /** How long after the message was sent its report was here; undefined where nobody has told. */
  readonly after: string | undefined;
  /** Why it goes no further. */
  readonly problem: string | undefined;
}

/**
 * The way of a message by the reports of the relays (RFC 3340 §5.1): from the sender over each relay that has told to
 * the recipient. Where it ended, and where nobody knows yet, is part of the picture.
 */
export function wayOf(from: string, to: string, hops: readonly StatusReport[]): readonly Place[] {
  const isLast = ({ kind }: StatusReport): boolean => kind === 'delivered' || kind === 'failed';
  // Reports of two relays may cross.
  const reports = hops.toSorted(
    (one, other) => Number(isLast(one)) - Number(isLast(other)) || one.afterMs - other.afterMs,
  );
  const end = reports.findLast(isLast);
  const relays = reports
    .filter(({ kind }) => kind !== 'delayed')
    .map(
      ({ relay, kind, afterMs, replyCode, text }): Place => ({
        name: relay,
        what: 'relay',
        tone: kind === 'failed' ? 'bad' : 'good',
        after: durationWords(afterMs),
        problem: kind === 'failed' ? `${replyCode} ${text}`.trim() : undefined,
      }),
    );
  const tone = end === undefined ? 'waiting' : end.kind === 'delivered' ? 'good' : 'bad';
  return [
    { name: from, what: 'you', tone: 'good', after: undefined, problem: undefined },
    ...relays,
    { name: to, what: 'recipient', tone, after: undefined, problem: undefined },
  ];
}
