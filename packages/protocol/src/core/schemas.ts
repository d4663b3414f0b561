import { isXmlName } from '@apex/beep';
import * as z from 'zod';
import {
  domain,
  hops,
  identity,
  language,
  milliseconds,
  name,
  nmtoken,
  replyCode,
  transID,
  transIDOrZero,
  uri,
  xmlText,
} from '../datatype-schemas.ts';
import { isResolvable } from '../uri.ts';
import { isScoped, isXmlContent, reports } from './xml-content.ts';

/** The elements of the core (RFC 3340 §9.1, RFC 3342 §6), as zod schemas and the types that these describe. */

/** The schema of {@link Scope}. */
export const scopeSchema = z
  .record(
    z.string().refine((name) => isScoped(name) && isXmlName(name)),
    xmlText,
  )
  .readonly()
  .describe('inherited xmlns, xmlns:*, xml:lang and xml:space');

/**
 * What opaque content inherits from the elements around it: namespace declarations, xml:lang and
 * xml:space, by attribute name. It is written on the start tag of the content's own element, so that
 * the content keeps its meaning in another message while its octets stay unchanged (C9).
 */
export type Scope = z.infer<typeof scopeSchema>;

/** The schema of {@link Option}. */
export const optionSchema = z
  .strictObject({
    internal: nmtoken.exactOptional().describe('registered name; exactly one of internal and external'),
    external: uri.exactOptional().describe('absolute URI; exactly one of internal and external'),
    targetHop: z.enum(['this', 'final', 'all']),
    mustUnderstand: z.boolean(),
    transID: transID.exactOptional().describe('absent only where the option causes no report'),
    localize: z.array(language).readonly(),
    content: z.string().refine(isXmlContent, 'not well-formed XML content').describe('inner XML'),
    scope: scopeSchema.exactOptional().describe('what the content inherits; only beside content'),
  })
  .refine((option) => (option.internal === undefined) !== (option.external === undefined), {
    error: 'exactly one of internal and external is present',
  })
  .refine((option) => option.transID !== undefined || !reports(option.internal), {
    error: 'an option that reports has a transID',
  })
  .refine((option) => option.scope === undefined || option.content !== '', {
    error: 'a scope stands beside content only',
  })
  .readonly();

/** An `option` element (RFC 3340 §5). */
export type Option = z.infer<typeof optionSchema>;

/** The schema of {@link Party}. */
export const partySchema = z.strictObject({ identity, options: z.array(optionSchema).readonly() }).readonly();

/** An `originator` or a `recipient` with the options that are for it alone. */
export type Party = z.infer<typeof partySchema>;

/** The schema of {@link DataContent}. */
export const dataContentSchema = z
  .strictObject({
    name,
    xml: z
      .string()
      .refine(isXmlContent, 'not well-formed XML content')
      .describe('what stands inside the element, as it was written'),
    scope: scopeSchema.exactOptional(),
  })
  .readonly();

/** `data-content`: an XML document inside the data element. */
export type DataContent = z.infer<typeof dataContentSchema>;

/** The schema of {@link Data}. */
export const dataSchema = z
  .strictObject({
    kind: z.literal('data'),
    content: z.string().describe('URI-reference: #Name, cid:… or another absolute URI'),
    originator: partySchema,
    recipients: z.array(partySchema).min(1).readonly(),
    options: z.array(optionSchema).readonly(),
    dataContent: dataContentSchema.exactOptional(),
  })
  .refine((data) => isResolvable(data.content, data.dataContent?.name), {
    error: 'content is an absolute URI, or a fragment that names the data-content',
  })
  .readonly();

/** RFC 3340 §4.4.4: one datagram. */
export type Data = z.infer<typeof dataSchema>;

/** The schema of {@link Attach}. */
export const attachSchema = z
  .strictObject({
    kind: z.literal('attach'),
    endpoint: identity,
    transID,
    options: z.array(optionSchema).readonly(),
  })
  .readonly();

/** RFC 3340 §4.4.1: to attach to the relaying mesh as an endpoint. */
export type Attach = z.infer<typeof attachSchema>;

/** The schema of {@link Bind}. */
export const bindSchema = z
  .strictObject({
    kind: z.literal('bind'),
    relay: domain,
    transID,
    options: z.array(optionSchema).readonly(),
  })
  .readonly();

/** RFC 3340 §4.4.2: to serve an administrative domain as a relay. */
export type Bind = z.infer<typeof bindSchema>;

/** The schema of {@link Terminate}. */
export const terminateSchema = z
  .strictObject({
    kind: z.literal('terminate'),
    transID: transIDOrZero,
    code: replyCode,
    text: xmlText,
    lang: language.exactOptional(),
  })
  .readonly();

/**
 * RFC 3340 §4.4.3: releases an attachment or binding, all of them with transID 0. Inside data, of the
 * presence service: ends an operation (RFC 3343 §4.5).
 */
export type Terminate = z.infer<typeof terminateSchema>;

/** The schema of {@link Ok}. */
export const okSchema = z.strictObject({ kind: z.literal('ok') }).readonly();

/** The positive reply of every exchange (RFC 3340 §9.1). */
export type Ok = z.infer<typeof okSchema>;

/** The schema of {@link ErrorReply}. */
export const errorSchema = z
  .strictObject({
    kind: z.literal('error'),
    code: replyCode,
    text: xmlText,
    lang: language.exactOptional(),
  })
  .readonly();

/** The negative reply of every exchange (RFC 3080 §2.3.1.5, RFC 3340 §9.1). */
export type ErrorReply = z.infer<typeof errorSchema>;

/** The schema of {@link Reply}. */
export const replySchema = z
  .strictObject({
    kind: z.literal('reply'),
    code: replyCode,
    transID,
    text: xmlText,
    lang: language.exactOptional(),
  })
  .readonly();

/** RFC 3340 §6.1.2: how a service answers. */
export type Reply = z.infer<typeof replySchema>;

/** The schema of {@link DataTiming}. */
export const dataTimingSchema = z
  .strictObject({
    kind: z.literal('dataTiming'),
    noLaterThan: milliseconds,
    returnTrip: milliseconds,
    reportAfter: milliseconds,
    reportErrors: z.boolean(),
  })
  .readonly();

/** RFC 3342 §2, §6: all times in milliseconds, zero means no bound and no report. */
export type DataTiming = z.infer<typeof dataTimingSchema>;

/** The schema of {@link DataHopping}. */
export const dataHoppingSchema = z
  .strictObject({ kind: z.literal('dataHopping'), noMoreThan: hops, reportErrors: z.boolean() })
  .readonly();

/** RFC 3342 §4, §6: noMoreThan is the number of further relays, zero means no bound. */
export type DataHopping = z.infer<typeof dataHoppingSchema>;
