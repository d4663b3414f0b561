/**
 * Splits TypeScript source into comments, string literals and code, well enough for checks that
 * look for tags and names: no syntax tree, no dependency. A regular expression is told from a
 * division by what stands before the slash.
 */
export interface SourceText {
  readonly comments: readonly Piece[];
  /** The characters between the quotes, as written. A template with substitutions is one piece. */
  readonly strings: readonly Piece[];
  /** The source with comments, string and regular expression contents blanked: offsets stay the same. */
  readonly code: string;
}

export interface Piece {
  readonly text: string;
  /** Offset of the first character of `text`. */
  readonly start: number;
}

export function splitSource(source: string): SourceText {
  const comments: Piece[] = [];
  const strings: Piece[] = [];
  const code = source.split('');
  let at = 0;

  const take = (into: Piece[] | undefined, start: number, end: number): void => {
    into?.push({ text: source.slice(start, end), start });
    for (let i = start; i < end; i++) if (code[i] !== '\n') code[i] = ' ';
  };

  while (at < source.length) {
    const char = source[at];
    if (source.startsWith('//', at)) {
      const end = orEnd(source, source.indexOf('\n', at));
      take(comments, at, end);
      at = end;
    } else if (source.startsWith('/*', at)) {
      const close = source.indexOf('*/', at + 2);
      const end = close === -1 ? source.length : close + 2;
      take(comments, at, end);
      at = end;
    } else if (char === "'" || char === '"' || char === '`') {
      const end = closingQuote(source, at);
      take(strings, at + 1, end);
      at = end + 1;
    } else if (char === '/' && startsRegExp(source, at)) {
      const end = closingSlash(source, at);
      take(undefined, at + 1, end);
      at = end + 1;
    } else {
      at++;
    }
  }
  return { comments, strings, code: code.join('') };
}

function orEnd(source: string, index: number): number {
  return index === -1 ? source.length : index;
}

/** Offset of the closing quote; a quoted string that is not closed ends with its line. */
function closingQuote(source: string, open: number): number {
  const quote = source[open];
  let at = open + 1;
  while (at < source.length) {
    const char = source[at];
    if (char === quote) return at;
    if (char === '\n' && quote !== '`') return at;
    if (char === '\\') at += 2;
    else if (quote === '`' && source.startsWith('${', at)) at = closingBrace(source, at + 2) + 1;
    else at++;
  }
  return source.length;
}

/** Offset of the brace that closes a substitution. */
function closingBrace(source: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < source.length) {
    const char = source[at];
    if (char === '}' && --depth === 0) return at;
    if (char === '{') depth++;
    if (char === "'" || char === '"' || char === '`') at = closingQuote(source, at);
    at++;
  }
  return source.length;
}

function startsRegExp(source: string, slash: number): boolean {
  const before = source.slice(Math.max(0, slash - 80), slash).trimEnd();
  if (before === '') return true;
  if (/\b(?:return|typeof|case|in|of|await|yield|void|delete)$/.test(before)) return true;
  return /[(,=:[!&|?{};+\-*%<>~^]$/.test(before);
}

function closingSlash(source: string, open: number): number {
  let inClass = false;
  for (let at = open + 1; at < source.length; at++) {
    const char = source[at];
    if (char === '\n') return at;
    if (char === '\\') at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at;
  }
  return source.length;
}
