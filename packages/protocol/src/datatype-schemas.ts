import { isXmlName } from '@apex/beep';
import * as z from 'zod';
import { isAction, isNmtoken, LANGUAGE } from './datatype.ts';
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
 *
 * Schemas stand in files of their own, of which codecs take types only: a page that imports no schema loads neither
 * them nor zod.
 */

const XML_TEXT = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

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
/** XML 1.0 §2.2. */
export const xmlText = z
  .string()
  .refine((text) => XML_TEXT.test(text), 'has characters that XML cannot carry');
export const name = z.string().refine(isXmlName, 'not an XML name').describe('XML name');
export const nmtoken = z.string().refine(isNmtoken, 'not an NMTOKEN').describe('NMTOKEN');
export const action = z
  .string()
  // `\s` would be more than XML calls white space: a name may hold U+1680 and U+FEFF.
  .regex(/^[^: ]+:[^: ]+$/)
  .refine(isAction, 'not an action')
  .describe('action: service:operation');
