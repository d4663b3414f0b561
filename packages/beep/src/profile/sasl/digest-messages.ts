import { MessageError } from '../../errors.ts';
import { decodeMessage } from './gs2.ts';
import { md5 } from './md5.ts';

/**
 * What DIGEST-MD5 (RFC 2831) sends, a list of directives, and what it computes. One session per exchange:
 * qop=auth, no security layer, each nonce used once.
 */

const maxMessageOctets = 4096;

/** Directives by their names in lower case; of one that stands there twice, both. */
export type Directives = ReadonlyMap<string, readonly string[]>;

/** Throws MessageError; the text is in no error. */
export function parseDirectives(message: Uint8Array): Directives {
  const text = decodeMessage(message, 'sasl.digest', maxMessageOctets);
  const directive =
    /[\s,]*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s",=]+))\s*(?:,[\s,]*|$)/uy;
  const directives = new Map<string, string[]>();
  while (directive.lastIndex < text.length) {
    const [, name, quoted, token] = directive.exec(text) ?? [];
    if (name === undefined) throw malformed('not a list of directives');
    const key = name.toLowerCase();
    const value = quoted === undefined ? token! : quoted.replace(/\\([\s\S])/gu, '$1');
    directives.set(key, [...(directives.get(key) ?? []), value]);
  }
  return directives;
}

/** The value of a directive that may stand there once; undefined when it does not. */
export function single(directives: Directives, name: string): string | undefined {
  const values = directives.get(name) ?? [];
  if (values.length > 1) throw malformed(`${name} twice`);
  return values[0];
}

export function required(directives: Directives, name: string): string {
  const value = single(directives, name);
  if (value === undefined || value === '') throw malformed(`no ${name}`);
  return value;
}

export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export function malformed(problem: string): MessageError {
  return new MessageError('sasl.digest', 501, `DIGEST-MD5 message: ${problem}`);
}

/** What is kept of a password that SASLprep has prepared: enough to authenticate with in this realm. */
export function digestSecret(name: string, realm: string, prepared: string): Uint8Array {
  const colon = Uint8Array.of(0x3a);
  return md5(joined(octetsOf(name), colon, octetsOf(realm), colon, octetsOf(prepared)));
}

/** What both sides put into their proofs. */
export interface DigestExchange {
  readonly secret: Uint8Array;
  readonly nonce: string;
  readonly clientNonce: string;
  readonly uri: string;
  readonly authorization: string | undefined;
}

/** The proof of the client, or that of the server. */
export function digestProof(of: 'client' | 'server', exchange: DigestExchange): string {
  const { secret, nonce, clientNonce, uri, authorization } = exchange;
  const rest = [nonce, clientNonce, ...(authorization === undefined ? [] : [authorization])];
  const first = hex(md5(joined(secret, utf8(`:${rest.join(':')}`))));
  const second = hex(md5(utf8(`${of === 'client' ? 'AUTHENTICATE' : ''}:${uri}`)));
  return hex(md5(utf8(`${first}:${nonce}:${nonceCount}:${clientNonce}:auth:${second}`)));
}

export const nonceCount = '00000001';

/** For the sake of HTTP, which has no UTF-8 here: in ISO 8859-1 if that has all the characters. */
function octetsOf(text: string): Uint8Array {
  const codes = Array.from(text, (character) => character.codePointAt(0)!);
  return codes.every((each) => each < 0x100) ? Uint8Array.from(codes) : utf8(text);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
