import type { DataFrame, DataKind, Frame } from '@apex/beep';
import type { Random } from '../random.ts';
import { encoded, framesOf, renumbered } from './frames.ts';
import { mutateOctets } from './mutate-octets.ts';
import { joined, octetsOf } from './octets.ts';

/**
 * Changes what a peer says frame by frame: payloads, fields and their order. Most of what comes out has the
 * sequence numbers that follow, so that it gets past the decoder; some is changed octet by octet.
 */
export function mutateFrames(
  input: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  random: Random,
): Uint8Array {
  const { frames, rest } = framesOf(input);
  if (frames.length === 0 || random.once(8)) return mutateOctets(input, other, words, random);
  const others = framesOf(other).frames;
  let changed = frames;
  do {
    changed = random.pick(mutations)({ frames: changed, others, words, random });
  } while (!random.once(3));
  const numbered = random.once(10) ? changed : renumbered(changed);
  return joined([...encoded(numbered), ...(random.once(4) ? [] : [rest])]);
}

interface Situation {
  readonly frames: readonly Frame[];
  readonly others: readonly Frame[];
  readonly words: readonly string[];
  readonly random: Random;
}

type Mutation = (situation: Situation) => readonly Frame[];

const mutations: readonly Mutation[] = [
  changePayload,
  changePayload,
  changePayload,
  sayWord,
  changeField,
  remove,
  repeat,
  move,
  split,
  insertOther,
  insertOther,
  insertSeq,
  cutOff,
];

const kinds: readonly DataKind[] = ['MSG', 'RPY', 'ERR', 'ANS', 'NUL'];

function changePayload({ frames, others, words, random }: Situation): readonly Frame[] {
  const other = random.pick(
    [...frames, ...others]
      .filter(isData)
      .map(({ payload }) => payload)
      .concat(noOctets),
  );
  return changed(frames, random, (frame) => {
    return { ...frame, payload: mutateOctets(frame.payload, other, words, random) };
  });
}

/** A whole payload becomes one of the words, behind the usual header. */
function sayWord({ frames, words, random }: Situation): readonly Frame[] {
  return changed(frames, random, (frame) => {
    const header = random.pick(['Content-Type: application/beep+xml\r\n\r\n', '\r\n']);
    return { ...frame, payload: octetsOf(header + random.pick(words)) };
  });
}

function changeField({ frames, random }: Situation): readonly Frame[] {
  const near = (number: number): number =>
    random.pick([number + 1, Math.max(0, number - 1), random.below(8), 0, 2_147_483_647]);
  const safe = (number: number): number => Math.min(near(number), 2_147_483_647);
  const field = random.below(5);
  return changed(frames, random, (frame) => {
    switch (field) {
      case 0:
        return { ...frame, channel: safe(frame.channel) };
      case 1:
        return { ...frame, msgno: safe(frame.msgno) };
      case 2:
        return { ...frame, more: !frame.more };
      case 3:
        return { ...frame, ansno: safe(frame.ansno) };
      default:
        return { ...frame, kind: random.pick(kinds) };
    }
  });
}

function remove({ frames, random }: Situation): readonly Frame[] {
  return frames.toSpliced(random.below(frames.length), 1);
}

function repeat({ frames, random }: Situation): readonly Frame[] {
  const at = random.below(frames.length);
  const repeated = frames.slice(at, at + 1 + random.below(3));
  const times = random.once(6) ? 1 + random.below(60) : 1;
  const msgnos = random.once(2);
  const copies = Array.from({ length: times }, (_, time) =>
    repeated.map((frame) =>
      msgnos && isData(frame) ? { ...frame, msgno: frame.msgno + 100 + time } : frame,
    ),
  );
  return frames.toSpliced(at, 0, ...copies.flat());
}

function move({ frames, random }: Situation): readonly Frame[] {
  const at = random.below(frames.length);
  return frames.toSpliced(at, 1).toSpliced(random.below(frames.length), 0, ...frames.slice(at, at + 1));
}

/** One frame becomes two of the same message. */
function split({ frames, random }: Situation): readonly Frame[] {
  const at = random.below(frames.length);
  const frame = frames[at];
  if (frame === undefined || !isData(frame) || frame.kind === 'NUL') return frames;
  const middle = random.below(frame.payload.length + 1);
  const first = withPayload({ ...frame, more: true }, frame.payload.slice(0, middle));
  return frames.toSpliced(at, 1, first, withPayload(frame, frame.payload.slice(middle)));
}

function insertOther({ frames, others, random }: Situation): readonly Frame[] {
  const from = random.below(others.length);
  return frames.toSpliced(
    random.below(frames.length + 1),
    0,
    ...others.slice(from, from + 1 + random.below(4)),
  );
}

function insertSeq({ frames, random }: Situation): readonly Frame[] {
  const channel = random.pick(frames.map((frame) => frame.channel).concat(0));
  const seq: Frame = {
    kind: 'SEQ',
    channel,
    ackno: random.pick([0, 0, 0, random.below(4096), random.next()]),
    window: random.pick([0, 1, 4096, 65_536, 2_147_483_647]),
  };
  return frames.toSpliced(random.below(frames.length + 1), 0, seq);
}

function cutOff({ frames, random }: Situation): readonly Frame[] {
  return frames.slice(0, 1 + random.below(frames.length));
}

function changed(
  frames: readonly Frame[],
  random: Random,
  change: (frame: DataFrame) => DataFrame,
): readonly Frame[] {
  const at = random.below(frames.length);
  const frame = frames[at];
  if (frame === undefined || !isData(frame)) return frames;
  const other = change(frame);
  return frames.toSpliced(at, 1, withPayload(other, other.payload));
}

function withPayload(frame: DataFrame, payload: Uint8Array): DataFrame {
  return { ...frame, payload, size: payload.length };
}

function isData(frame: Frame): frame is DataFrame {
  return frame.kind !== 'SEQ';
}

const noOctets = new Uint8Array(0);
