import { UsageError } from '@apex/beep';
import * as z from 'zod';
import { isDomain } from './domain.ts';
import { isIdentity } from './endpoint.ts';
import { isReplyCode } from './reply-code.ts';
import { isTimestamp } from './timestamp.ts';
import { MAX_TRANSID } from './transaction.ts';
import { isUri } from './uri.ts';

/**
 * The data types of the DTDs (RFC 3340 §9.1, RFC 3341 §6, RFC 3342 §6) as zod schemas. A refinement
 * calls the predicate that the codecs call, so that both accept the same set; a pattern beside it is
 * for those who read the exported JSON Schema.
 */

const NAME_START =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}';
const NAME_CHARACTER = `${NAME_START}\\-.0-9\\xb7\\u0300-\\u036f\\u203f-\\u2040`;
const NAME = new RegExp(`^[${NAME_START}][${NAME_CHARACTER}]*$`, 'u');
const NMTOKEN = new RegExp(`^[${NAME_CHARACTER}]+$`, 'u');
const XML_TEXT = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const LANGUAGE = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;

/** XML 1.0 §2.3, Name. */
export const isName = (text: string): boolean => NAME.test(text);
/** XML 1.0 §2.3, Nmtoken. */
export const isNmtoken = (text: string): boolean => NMTOKEN.test(text);
/** XML 1.0 §2.2: text of characters that XML can carry. */
export const isXmlText = (text: string): boolean => XML_TEXT.test(text);
/** RFC 1766, with the digits that its successors allow. */
export const isLanguage = (text: string): boolean => LANGUAGE.test(text);
/** RFC 3341 §3: a service and an operation, such as `presence:publish`, as one NMTOKEN. */
export const isAction = (text: string): boolean => isNmtoken(text) && /^[^:]+:[^:]+$/.test(text);

export const transID = z.int().min(1).max(MAX_TRANSID).describe('transaction-identifier, 1..2147483647');
export const transIDOrZero = z.int().min(0).max(MAX_TRANSID).describe('transaction-identifier or zero');
export const seconds = z.int().min(0).max(MAX_TRANSID).describe('seconds');
export const milliseconds = z.int().min(0).max(MAX_TRANSID).describe('milliseconds');
export const hops = z.int().min(0).max(255).describe('hops');
export const replyCode = z.int().min(100).max(599).refine(isReplyCode).describe('reply code');
export const identity = z
  .string()
  .regex(/^[^@/]+(?:\/[^@/]+)?@.+$/s)
  .refine(isIdentity, 'not a canonical endpoint identity')
  .describe('endpoint: local@domain or local/subaddress@domain, the domain in lower case');
export const domain = z
  .string()
  .refine((text) => isDomain(text) && text === text.toLowerCase(), 'not a domain in lower case')
  .describe('administrative domain: FQDN or domain literal, in lower case');
export const timestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/)
  .refine(isTimestamp, 'not an RFC 3339 timestamp')
  .describe('RFC 3339 timestamp');
export const uri = z.string().refine(isUri, 'not an absolute URI').describe('absolute URI');
export const uriOrEmpty = z
  .string()
  .refine((text) => text === '' || isUri(text), 'not an absolute URI')
  .describe('absolute URI, or empty');
export const language = z.string().regex(LANGUAGE).describe('language tag');
export const xmlText = z.string().refine(isXmlText, 'has characters that XML cannot carry');
export const name = z.string().refine(isName, 'not an XML name').describe('XML name');
export const nmtoken = z.string().refine(isNmtoken, 'not an NMTOKEN').describe('NMTOKEN');
export const action = z
  .string()
  // `\s` would be more than XML calls white space: a name may hold U+1680 and U+FEFF.
  .regex(/^[^: ]+:[^: ]+$/)
  .refine(isAction, 'not an action')
  .describe('action: service:operation');

/** @throws UsageError `value.invalid` unless `value` is what `schema` describes. */
export function requireValid(schema: z.ZodType, value: unknown): void {
  const result = schema.safeParse(value);
  if (!result.success) throw new UsageError('value.invalid', z.prettifyError(result.error));
}
