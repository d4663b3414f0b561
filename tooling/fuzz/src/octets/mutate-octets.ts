import type { Random } from '../random.ts';
import { joined, octetsOf } from './octets.ts';

/** Numbers at the edges of what the protocols count with. */
const numbers = [
  '0', '1', '-1', '00', '01', '2', '255', '256', '4095', '4096', '65535', '2147483647', '2147483648',
  '4294967295', '4294967296', '9999999999', '10000000000', '1e3',
] as const; // biome-ignore format: a list
const specialOctets = [
  0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x26, 0x27, 0x2f, 0x3c, 0x3e, 0x7f, 0x80, 0xff,
] as const;

/** One to a few small changes anywhere, some of them with `words` or with pieces of `other`. */
export function mutateOctets(
  input: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  random: Random,
): Uint8Array {
  let changed = input;
  do {
    changed = random.pick(mutations)({ input: changed, other, words, random });
  } while (!random.once(3));
  return changed;
}

interface Situation {
  readonly input: Uint8Array;
  readonly other: Uint8Array;
  readonly words: readonly string[];
  readonly random: Random;
}

const mutations: readonly ((situation: Situation) => Uint8Array)[] = [
  flipBit,
  setOctet,
  insertOctets,
  removeRange,
  removeRange,
  repeatRange,
  moveRange,
  insertWord,
  insertWord,
  replaceWord,
  replaceNumber,
  takeFromOther,
  takeFromOther,
];

function flipBit({ input, random }: Situation): Uint8Array {
  const changed = input.slice();
  const at = random.below(changed.length);
  if (changed.length > 0) changed[at] = (changed[at] as number) ^ (1 << random.below(8));
  return changed;
}

function setOctet({ input, random }: Situation): Uint8Array {
  const changed = input.slice();
  if (changed.length > 0) changed[random.below(changed.length)] = anyOctet(random);
  return changed;
}

function insertOctets({ input, random }: Situation): Uint8Array {
  const inserted = Uint8Array.from({ length: 1 + random.below(8) }, () => anyOctet(random));
  return replaced(input, random.below(input.length + 1), 0, inserted);
}

function removeRange({ input, random }: Situation): Uint8Array {
  const at = random.below(input.length);
  return replaced(input, at, rangeLength(input.length - at, random), noOctets);
}

function repeatRange({ input, random }: Situation): Uint8Array {
  const at = random.below(input.length);
  const range = input.subarray(at, at + rangeLength(input.length - at, random));
  const times = random.once(8) ? 1 + random.below(100) : 1;
  return replaced(input, at, 0, joined(Array.from({ length: times }, () => range)));
}

function moveRange({ input, random }: Situation): Uint8Array {
  const at = random.below(input.length);
  const range = input.slice(at, at + rangeLength(input.length - at, random));
  const without = replaced(input, at, range.length, noOctets);
  return replaced(without, random.below(without.length + 1), 0, range);
}

function insertWord({ input, words, random }: Situation): Uint8Array {
  return replaced(input, random.below(input.length + 1), 0, octetsOf(random.pick(words)));
}

/** A run of letters, digits and the like becomes one of the words. */
function replaceWord({ input, words, random }: Situation): Uint8Array {
  const [start, end] = runAround(input, random.below(input.length), isWordOctet);
  return replaced(input, start, end - start, octetsOf(random.pick(words)));
}

function replaceNumber({ input, random }: Situation): Uint8Array {
  const from = random.below(input.length);
  const at = input.findIndex((octet, index) => index >= from && isDigit(octet));
  if (at < 0) return input;
  const [start, end] = runAround(input, at, isDigit);
  return replaced(input, start, end - start, octetsOf(random.pick(numbers)));
}

function takeFromOther({ input, other, random }: Situation): Uint8Array {
  const from = random.below(other.length);
  const taken = other.subarray(from, from + rangeLength(other.length - from, random));
  const at = random.below(input.length + 1);
  return replaced(input, at, random.once(2) ? taken.length : 0, taken);
}

function anyOctet(random: Random): number {
  return random.once(2) ? random.pick(specialOctets) : random.below(256);
}

/** Short ones more often than long ones. */
function rangeLength(available: number, random: Random): number {
  return Math.min(available, 1 + random.below(random.pick([4, 16, 64, available])));
}

function replaced(input: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  return joined([input.subarray(0, at), inserted, input.subarray(at + removed)]);
}

function runAround(input: Uint8Array, at: number, isPart: (octet: number) => boolean): [number, number] {
  let start = at;
  let end = at;
  while (start > 0 && isPart(input[start - 1] as number)) start -= 1;
  while (end < input.length && isPart(input[end] as number)) end += 1;
  return [start, end];
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

function isWordOctet(octet: number): boolean {
  return (
    isDigit(octet) || (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a) || octet > 0x7f
  );
}

const noOctets = new Uint8Array(0);
