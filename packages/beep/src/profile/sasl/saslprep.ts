import { UsageError } from '../../errors.ts';

/**
 * SASLprep (RFC 4013), the profile of stringprep that SCRAM and PLAIN prepare passwords with
 * (RFC 5802 §2.2, RFC 4616 §2). Instead of the tables of RFC 3454, which stand still at Unicode 3.2,
 * normalization, unassigned code points and letters are those of the running Unicode version: for
 * characters of Unicode 3.2 the outcome is the same, and later characters (emoji among them) are
 * taken for what they are. Bidirectional classes are derived from script and category.
 */

/** RFC 3454 C.1.2: mapped to SPACE. */
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;

/** RFC 3454 B.1: mapped to nothing. Most are format characters that join with their neighbours, so each stands alone. */
const MAPPED_TO_NOTHING =
  /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;

/**
 * RFC 4013 §2.3: control characters (C.2.1, and the first of C.2.2), private use (C.3), surrogates (C.5) and
 * noncharacters (C.4); the rest of C.2.2; C.6 to C.9.
 */
const PROHIBITED =
  /[\u0340\u0341\p{Cc}\p{Co}\p{Cs}\p{NChar}\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ufff9-\ufffc\u{1d173}-\u{1d17a}\ufffd\u2ff0-\u2ffb\u200e\u200f\u202a-\u202e\u{e0001}\u{e0020}-\u{e007f}]/u;

/** RFC 3454 D.1 and D.2: letters that are written from right to left, and the others. */
const RIGHT_TO_LEFT = /[\p{L}&&[\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}]]/v;
const LEFT_TO_RIGHT = /[\p{L}--[\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}]]/v;

/**
 * Prepares a text. A `stored` one (a password that is set) may not hold unassigned code points, a
 * `query` (one that is tried) may. Throws UsageError `password.characters` when the profile prohibits
 * it, `password.empty` when nothing is left of it. The text itself is in no error.
 */
export function saslprep(text: string, purpose: 'stored' | 'query'): string {
  if (/^[\x20-\x7e]+$/.test(text)) return text;
  // 4013 §2.1, 4013 §2.2
  const prepared = text.replace(OTHER_SPACES, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
  if (prepared === '')
    throw new UsageError('password.empty', 'the password is empty: choose at least one character');
  // 4013 §2.3
  if (PROHIBITED.test(prepared)) throw prohibited('control, private-use or formatting characters');
  // 4013 §2.4
  if (RIGHT_TO_LEFT.test(prepared)) {
    const letters = [...prepared];
    const ends = RIGHT_TO_LEFT.test(letters[0] ?? '') && RIGHT_TO_LEFT.test(letters.at(-1) ?? '');
    if (!ends || LEFT_TO_RIGHT.test(prepared))
      throw prohibited('right-to-left letters mixed with others, or not at both ends');
  }
  // 4013 §2.5
  if (purpose === 'stored' && /\p{Unassigned}/u.test(prepared))
    throw prohibited('code points without a character');
  return prepared;
}

function prohibited(what: string): UsageError {
  return new UsageError(
    'password.characters',
    `the password holds ${what}, which SASLprep (RFC 4013) refuses: choose another one`,
  );
}
