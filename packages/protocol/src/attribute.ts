import { type ElementReader, escapeXml } from '@apex/beep';
import { isLanguage } from './datatype.ts';
import { isDomain } from './domain.ts';
import { identityOf } from './endpoint.ts';
import { isTimestamp } from './timestamp.ts';
import { MAX_TRANSID } from './transaction.ts';
import { isUri } from './uri.ts';

/**
 * Attributes of the data types that the DTDs of APEX define. The readers throw MessageError
 * `element.…` (501).
 */

const UNIQID = { min: 1, max: MAX_TRANSID } as const;
const SECONDS = { min: 0, max: MAX_TRANSID } as const;

/** %ENDPOINT: the identity, its domain in lower case. */
export function readIdentity(reader: ElementReader, name: string): string {
  const identity = identityOf(reader.required(name));
  if (identity === undefined) throw reader.invalidValue(name, 'an endpoint');
  return identity;
}

/** %DOMAIN, in lower case. */
export function readDomain(reader: ElementReader, name: string): string {
  const text = reader.required(name);
  if (!isDomain(text)) throw reader.invalidValue(name, 'a domain');
  return text.toLowerCase();
}

/** %UNIQID. */
export function readTransID(reader: ElementReader): number {
  return reader.integer('transID', UNIQID);
}

/** %UNIQID #IMPLIED, to be spread into a value. */
export function readOptionalTransID(reader: ElementReader): { readonly transID?: number } {
  return reader.optional('transID') === undefined ? {} : { transID: readTransID(reader) };
}

/** %SECONDS. */
export function readSeconds(reader: ElementReader, name: string): number {
  return reader.integer(name, SECONDS);
}

/** %TIMESTAMP, as written. */
export function readTimestamp(reader: ElementReader, name: string): string {
  const text = reader.required(name);
  if (!isTimestamp(text)) throw reader.invalidValue(name, 'a timestamp');
  return text;
}

/** %URI: absolute. */
export function readUri(reader: ElementReader, name: string): string {
  const text = reader.required(name);
  if (!isUri(text)) throw reader.invalidValue(name, 'a URI');
  return text;
}

/** %URI with the default "". */
export function readUriOrEmpty(reader: ElementReader, name: string): string {
  const text = reader.optional(name) ?? '';
  if (text !== '' && !isUri(text)) throw reader.invalidValue(name, 'a URI');
  return text;
}

/** `xml:lang`, to be spread into a value. */
export function readLang(reader: ElementReader): { readonly lang?: string } {
  const value = reader.lang();
  if (value.lang !== undefined && !isLanguage(value.lang)) {
    throw reader.invalidValue('xml:lang', 'a language tag');
  }
  return value;
}

/** An element of character data. */
export function textElement(name: string, attributes: string, text: string): string {
  return text === '' ? `<${name}${attributes} />` : `<${name}${attributes}>${escapeXml(text)}</${name}>`;
}

/** An element around other elements. */
export function parentElement(name: string, attributes: string, content: string): string {
  return content === '' ? `<${name}${attributes} />` : `<${name}${attributes}>${content}</${name}>`;
}
