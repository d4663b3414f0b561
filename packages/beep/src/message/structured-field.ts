import { MessageError } from '../errors.ts';

/** The syntax of structured header fields: RFC 822 §3.3 comments and quoted strings, RFC 2045 §5.1 tokens. */

const tspecials = '()<>@,;:\\"/[]?=';

/** The offset behind the token that begins at `from`; `from` itself when none does. */
export function parseToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) > 0x20 && text.charCodeAt(at) < 0x7f) {
    if (tspecials.includes(text.charAt(at))) break;
    at += 1;
  }
  return at;
}

/** The offset behind white space and comments, which may be nested. */
export function skipComments(text: string, from: number): number {
  let at = from;
  let depth = 0;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (depth === 0) {
      if (character !== ' ' && character !== '\t') return at;
    } else if (character === ')') depth -= 1;
    else if (character === '\\') at += 1;
  }
  if (depth > 0) throw new MessageError('mime.parameter', 501, 'a comment does not end');
  return text.length;
}

/**
 * RFC 2045 §5.1: *(";" attribute "=" value) up to the end; names in lower case. A `;` with nothing
 * behind it is tolerated. Throws MessageError `mime.parameter` (501), also when one stands twice.
 */
export function parseParameters(text: string, from: number): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let at = skipComments(text, from);
  while (at < text.length) {
    if (text.charAt(at) !== ';') throw new MessageError('mime.parameter', 501, 'no ; before a parameter');
    const nameStart = skipComments(text, at + 1);
    if (nameStart === text.length) break;
    const nameEnd = parseToken(text, nameStart);
    const name = text.slice(nameStart, nameEnd).toLowerCase();
    const equals = skipComments(text, nameEnd);
    if (name === '' || text.charAt(equals) !== '=' || parameters.has(name)) {
      throw new MessageError('mime.parameter', 501, 'a parameter is not name=value, or stands twice');
    }
    const valueStart = skipComments(text, equals + 1);
    const { value, end } = parseValue(text, valueStart);
    parameters.set(name, value);
    at = skipComments(text, end);
  }
  return parameters;
}

/** token / quoted-string */
function parseValue(text: string, start: number): { readonly value: string; readonly end: number } {
  if (text.charAt(start) !== '"') {
    const end = parseToken(text, start);
    if (end === start) throw new MessageError('mime.parameter', 501, 'a parameter has no value');
    return { value: text.slice(start, end), end };
  }
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    let character = text.charAt(at);
    if (character === '"') return { value, end: at + 1 };
    if (character === '\\') {
      at += 1;
      character = text.charAt(at);
    }
    value += character;
  }
  throw new MessageError('mime.parameter', 501, 'a quoted string does not end');
}
