/**
 * The parts of stringprep (RFC 3454, on Unicode 3.2) that SASL mechanisms need. A table is a list of
 * code point ranges: first and last of each, ascending.
 */
export type CodePoints = readonly number[];

/** C.2.1 and C.2.2: control characters. */
export const controlCharacters: CodePoints = [
  0x0, 0x1f, 0x7f, 0x9f, 0x6dd, 0x6dd, 0x70f, 0x70f, 0x180e, 0x180e, 0x200c, 0x200d, 0x2028, 0x2029, 0x2060,
  0x2063, 0x206a, 0x206f, 0xfeff, 0xfeff, 0xfff9, 0xfffc, 0x1d173, 0x1d17a,
];
/** C.3 */
export const privateUse: CodePoints = [0xe000, 0xf8ff, 0xf0000, 0xffffd, 0x100000, 0x10fffd];
/** C.4 */
export const nonCharacters: CodePoints = [
  0xfdd0,
  0xfdef,
  ...Array.from({ length: 17 }, (_, plane) => [plane * 0x10000 + 0xfffe, plane * 0x10000 + 0xffff]).flat(),
];
/** C.5 */
export const surrogates: CodePoints = [0xd800, 0xdfff];
/** C.6 */
export const inappropriateForPlainText: CodePoints = [0xfff9, 0xfffd];
/** C.8 */
export const deprecatedDisplay: CodePoints = [0x340, 0x341, 0x200e, 0x200f, 0x202a, 0x202e, 0x206a, 0x206f];
/** C.9 */
export const taggingCharacters: CodePoints = [0xe0001, 0xe0001, 0xe0020, 0xe007f];

/** D.1: characters of bidirectional category R or AL. */
const rightToLeft: CodePoints = [
  0x5be, 0x5be, 0x5c0, 0x5c0, 0x5c3, 0x5c3, 0x5d0, 0x5ea, 0x5f0, 0x5f4, 0x61b, 0x61b, 0x61f, 0x61f, 0x621,
  0x63a, 0x640, 0x64a, 0x66d, 0x66f, 0x671, 0x6d5, 0x6dd, 0x6dd, 0x6e5, 0x6e6, 0x6fa, 0x6fe, 0x700, 0x70d,
  0x710, 0x710, 0x712, 0x72c, 0x780, 0x7a5, 0x7b1, 0x7b1, 0x200f, 0x200f, 0xfb1d, 0xfb1d, 0xfb1f, 0xfb28,
  0xfb2a, 0xfb36, 0xfb38, 0xfb3c, 0xfb3e, 0xfb3e, 0xfb40, 0xfb41, 0xfb43, 0xfb44, 0xfb46, 0xfbb1, 0xfbd3,
  0xfd3d, 0xfd50, 0xfd8f, 0xfd92, 0xfdc7, 0xfdf0, 0xfdfc, 0xfe70, 0xfe74, 0xfe76, 0xfefc,
];

/**
 * D.2: characters of bidirectional category L; in base 36, each range as the distance of its
 * first code point from the last of the range before, and its length less one.
 */
const leftToRight: CodePoints = expand(
  '1t p 7 p 1c 0 b 0 5 0 6 m 2 u 2 88 2 h t 2l 3 8 3 6 f 1 f 4 a 0 3w 0 c 0 2 2 2 0 2 j 2 17 2 11 b 3m ' +
    '8 1w 2 11 3 1 7 f y 11 3 6 2 12 2 0 oq 0 2 1g 4 3 9 3 4 0 8 9 3 c i 1 2 7 3 1 3 l 2 6 2 0 4 3 5 2 7 ' +
    '1 3 1 b 0 5 1 2 2 5 b 3 6 b 5 5 1 3 l 2 6 2 1 2 1 2 1 5 2 p 3 2 0 8 9 3 2 f 0 2 6 2 0 2 2 2 l 2 6 2 ' +
    '1 2 4 4 3 9 0 2 1 4 0 g 0 6 9 j 1 2 7 3 1 3 l 2 6 2 1 3 3 4 1 2 0 7 1 3 1 b 0 5 1 2 2 5 a j 0 2 5 4 ' +
    '2 2 3 4 1 2 0 2 1 4 1 4 2 4 7 2 2 5 1 2 1 4 2 2 2 b 0 g b f 2 2 7 2 2 2 m 2 9 2 4 8 3 s 1 5 9 j 1 2 ' +
    '7 2 2 2 m 2 9 2 4 5 0 2 4 3 1 2 1 a 1 8 0 2 1 5 9 j 1 2 7 2 2 2 m 2 f 5 2 6 2 2 2 b 0 9 1 5 9 j 1 2 ' +
    'h 4 n 2 8 2 0 3 6 9 2 7 7 j 2 d 1b 2 1 d 6 9 c 12 1 2 0 3 1 2 0 3 0 7 3 2 6 2 2 2 0 2 0 3 1 2 3 2 1 ' +
    'a 0 3 4 2 0 a 9 3 1 z n 3 q 2 0 2 0 6 9 2 x l 0 6 0 3 3 1f 7 2 5 3 0 1d x 2 4 2 1 2 0 5 0 7 0 8 n 21 ' +
    '11 b 14 3 0 5 2h 6 1v 6 29 7 6 2 1q 2 0 2 3 3 6 2 0 2 3 3 12 2 0 2 3 3 u 2 0 2 3 3 6 2 0 2 3 3 6 2 6 ' +
    '2 m 2 u 2 0 2 3 3 6 2 12 2 i 7 r 10 2c d hh b p 6 28 g c 2 3 f h 4 1 a h f c 2 2 g 1i 8 7 2 1 c 6 2 ' +
    '0 4 9 13 9 7 2f 9 14 120 4b 5 2h 7 l 3 5 3 11 3 5 3 7 2 0 2 0 2 0 2 u 3 1g 2 6 2 0 4 2 2 6 4 3 3 5 5 ' +
    'c 6 2 2 6 i 0 2r 0 e 0 3n 0 5 0 3 9 2 0 4 4 7 0 2 0 2 0 2 3 2 2 2 6 4 2 6 4 n z c3 1w r 0 7b 25 270 ' +
    '2 q 8 8 4 3 4 5 2d 7 2 2 2h 2 3 6 13 5 2l 2 13 1l 18 4 z t r 4 1d g b 5 1a 2 3a 5 2q 3 u 2 52t 23 ' +
    'g4l 2j wc 1h0 8mb 2l 6r1 3 1m 46 6 d 4 sq p 7 p c 2g 4 5 3 5 3 5 3 2 mc u 2 3 d q 52 11 3 11 148j 6t ' +
    'b 12 4 1o 4 8 h 1 8 t 5 1b f7 2c 2 1y 2 1 3 0 3 1 3 3 2 b 2 0 2 3 2 1 2 1s 2 3 3 7 2 6 2 r 2 3 2 4 2 ' +
    '0 4 6 2 9d 5 81 7xz wye g16 f1 gvz7 1ekd 3 1ekd',
);

function expand(distances: string): CodePoints {
  let codePoint = 0;
  return distances.split(' ').map((distance) => {
    codePoint += Number.parseInt(distance, 36);
    return codePoint;
  });
}

/** Whether `codePoint` is in `table`. */
export function contains(table: CodePoints, codePoint: number): boolean {
  let low = 0;
  let high = table.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codePoint > table[2 * middle + 1]!) low = middle + 1;
    else high = middle;
  }
  return low < table.length / 2 && codePoint >= table[2 * low]!;
}

/** RFC 3454 §5: whether `text` has a code point of one of these tables. */
export function hasProhibited(text: string, tables: readonly CodePoints[]): boolean {
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    if (tables.some((table) => contains(table, codePoint))) return true;
  }
  return false;
}

/**
 * RFC 3454 §6 rules 2 and 3: a text with right-to-left characters has no left-to-right ones, and
 * begins and ends with a right-to-left one.
 */
export function hasOneDirection(text: string): boolean {
  const codePoints = Array.from(text, (character) => character.codePointAt(0)!);
  const isRightToLeft = (codePoint: number | undefined) =>
    codePoint !== undefined && contains(rightToLeft, codePoint);
  if (!codePoints.some(isRightToLeft)) return true;
  return (
    isRightToLeft(codePoints[0]) &&
    isRightToLeft(codePoints.at(-1)) &&
    !codePoints.some((codePoint) => contains(leftToRight, codePoint))
  );
}
