import { type SourceText, splitSource } from '../source-text.ts';

/**
 * Finds error codes where errors are made: `new FrameError('frame.seqno', …)`, a `super('…')` of an
 * error class, and the calls of functions that have a parameter `code` and make the error
 * themselves. A ReplyError without a code of its own has the code `reply.N`; `reply.*` where N is
 * not known before it runs.
 */
export interface FoundCode {
  readonly code: string;
  /** The error class; undefined where the source does not tell. */
  readonly family: string | undefined;
  readonly file: string;
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A function, or a class that is no error itself, that passes its parameter `code` to an error. */
interface Passer {
  readonly name: string;
  readonly family: string | undefined;
  readonly parameter: number;
  readonly exported: boolean;
}

const builtIn = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError', 'AggregateError']);
const codeShape = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;

export function findCodes(files: readonly SourceFile[]): FoundCode[] {
  const read = files.map(({ path, text }) => {
    const source = splitSource(text);
    return { path, source, passers: passersIn(source) };
  });
  const exported = read.flatMap(({ passers }) => passers.filter((passer) => passer.exported));
  const ownCode = new Set([...builtIn, ...read.flatMap(({ source }) => classesWithoutCode(source))]);
  return read.flatMap(({ path, source, passers }) =>
    codesIn(source, [...passers, ...exported], ownCode).map((found) => ({ ...found, file: path })),
  );
}

/** Error classes whose constructor takes no code, since they have one of their own. */
function classesWithoutCode({ code }: SourceText): string[] {
  return [...code.matchAll(/\bconstructor\(/g)].flatMap((match) => {
    const parameters = argumentsAt(code, match.index + match[0].length);
    const name = classBefore(code, match.index);
    return name === undefined || parameters.some(({ text }) => /^\s*code\b/.test(text)) ? [] : [name];
  });
}

/** Every string of the sources: a documented code must be among them. */
export function stringsOf(files: readonly SourceFile[]): Set<string> {
  return new Set(files.flatMap(({ text }) => splitSource(text).strings.map((piece) => piece.text)));
}

function codesIn(
  source: SourceText,
  passers: readonly Passer[],
  ownCode: ReadonlySet<string>,
): Omit<FoundCode, 'file'>[] {
  const found: Omit<FoundCode, 'file'>[] = [];
  const add = (family: string | undefined, argument: Argument | undefined): number => {
    const codes = argument === undefined ? [] : codeStrings(source, argument);
    found.push(...codes.map((code) => ({ code, family })));
    return codes.length;
  };

  for (const match of source.code.matchAll(/\bnew (\w*Error)\(/g)) {
    const family = match[1] ?? '';
    if (ownCode.has(family)) continue;
    const given = argumentsAt(source.code, match.index + match[0].length);
    if (family !== 'ReplyError') add(family, given[0]);
    else if (add(family, given[2]) === 0 && given[2] === undefined) {
      const replyCode = given[0]?.text.trim() ?? '';
      found.push({ code: /^\d{3}$/.test(replyCode) ? `reply.${replyCode}` : 'reply.*', family });
    }
  }
  for (const match of source.code.matchAll(/\bsuper\(/g)) {
    const family = classBefore(source.code, match.index);
    if (family?.endsWith('Error')) add(family, argumentsAt(source.code, match.index + match[0].length)[0]);
  }
  for (const { name, family, parameter } of passers) {
    for (const match of source.code.matchAll(new RegExp(String.raw`(?<![\w#])${name}\(`, 'g'))) {
      add(family, argumentsAt(source.code, match.index + match[0].length)[parameter]);
    }
  }
  return found;
}

function passersIn({ code }: SourceText): Passer[] {
  const passers: Passer[] = [];
  for (const match of code.matchAll(/(export function )?(?:const )?(#?[\w$]+)(?: = )?\(/g)) {
    const name = match[2] === 'constructor' ? classBefore(code, match.index) : match[2];
    const parameters = argumentsAt(code, match.index + match[0].length);
    const parameter = parameters.findIndex(({ text }) => /^\s*code: (?!number)/.test(text));
    if (parameter === -1 || name === undefined || name.endsWith('Error')) continue;
    const body = code.slice(parameters.at(-1)?.end, (parameters.at(-1)?.end ?? 0) + 1000);
    const family = /^\): (\w+Error)\b/.exec(body)?.[1] ?? /\bnew (\w+Error)\([^)]*\bcode\b/.exec(body)?.[1];
    passers.push({ name, family, parameter, exported: match[1] !== undefined });
  }
  return passers;
}

function classBefore(code: string, offset: number): string | undefined {
  return [...code.slice(0, offset).matchAll(/\bclass (\w+)/g)].at(-1)?.[1];
}

interface Argument {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What stands between a parenthesis, whose inside begins at `start`, and the one that closes it. */
function argumentsAt(code: string, start: number): Argument[] {
  const found: Argument[] = [];
  let depth = 0;
  let from = start;
  const cut = (end: number): void => {
    const text = code.slice(from, end);
    if (text.trim() !== '') found.push({ text, start: from, end });
    from = end + 1;
  };
  for (let at = start; at < code.length; at++) {
    const char = code.charAt(at);
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char) && depth-- === 0) {
      cut(at);
      return found;
    } else if (char === ',' && depth === 0) cut(at);
  }
  return found;
}

function codeStrings({ strings }: SourceText, { start, end }: Argument): string[] {
  return strings
    .filter((piece) => start <= piece.start && piece.start < end && codeShape.test(piece.text))
    .map(({ text }) => text);
}
