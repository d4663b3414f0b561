/** Character classes of XML 1.0 (fifth edition), on UTF-16 code units and code points. */

/** [2] Char: what a document may hold, also by reference. */
export function isXmlCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x9 || codePoint === 0xa || codePoint === 0xd;
  return (
    codePoint < 0xd800 ||
    (codePoint > 0xdfff && codePoint < 0xfffe) ||
    (codePoint > 0xffff && codePoint <= 0x10ffff)
  );
}

/** The offset of the first code unit that XML cannot carry, lone surrogates included; -1 if there is none. */
export function findIllegalCharacter(text: string): number {
  const length = text.length;
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x20 && unit < 0xd800) continue;
    if (unit < 0x20) {
      if (unit === 0x9 || unit === 0xa || unit === 0xd) continue;
      return at;
    }
    if (unit > 0xdfff) {
      if (unit < 0xfffe) continue;
      return at;
    }
    const next = text.charCodeAt(at + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return at;
    at += 1;
  }
  return -1;
}

/** [3] S. */
export function isWhiteSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0xa || unit === 0xd || unit === 0x9;
}

/** The offset behind the white space that begins at `from`. */
export function skipWhiteSpace(text: string, from: number): number {
  let at = from;
  while (isWhiteSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Without the white space around it; other blanks of Unicode are characters like any. */
export function trimWhiteSpace(text: string): string {
  const start = skipWhiteSpace(text, 0);
  let end = text.length;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const nameStart = 1;
const namePart = 2;

/** Classes of the ASCII characters in names. */
const asciiNames = new Uint8Array(128);
for (let unit = 0; unit < 128; unit += 1) {
  const character = String.fromCharCode(unit);
  if ('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:'.includes(character)) {
    asciiNames[unit] = nameStart | namePart;
  } else if ('0123456789-.'.includes(character)) {
    asciiNames[unit] = namePart;
  }
}

/** [4] NameStartChar outside ASCII: first and last code point of each range. */
const nameStartRanges = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f, 0x2c00,
  0x2fef, 0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
];
/** [4a] NameChar outside ASCII: these, besides the above. */
const namePartRanges = [0xb7, 0xb7, 0x300, 0x36f, 0x203f, 0x2040];

/** The offset behind the [5] Name that begins at `from`; `from` itself when none does. */
export function skipName(text: string, from: number): number {
  let at = from;
  let wanted = nameStart;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit < 128) {
      if ((asciiNames[unit]! & wanted) === 0) return at;
      at += 1;
    } else {
      const codePoint = text.codePointAt(at);
      if (codePoint === undefined || !isWideNameCharacter(codePoint, wanted)) return at;
      at += codePoint > 0xffff ? 2 : 1;
    }
    wanted = namePart;
  }
}

/** Whether `text` is a [5] Name. */
export function isXmlName(text: string): boolean {
  return text !== '' && skipName(text, 0) === text.length;
}

function isWideNameCharacter(codePoint: number, wanted: number): boolean {
  return isIn(nameStartRanges, codePoint) || (wanted === namePart && isIn(namePartRanges, codePoint));
}

function isIn(ranges: readonly number[], codePoint: number): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    if (codePoint >= ranges[at]! && codePoint <= ranges[at + 1]!) return true;
  }
  return false;
}
