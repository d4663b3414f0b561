import {
  beepXml,
  beepXmlBody,
  encodeUtf8,
  MessageError,
  type MimeEntity,
  parseMime,
  parseXml,
  requireIdentityEncoding,
  requireUtf8,
  UsageError,
  type XmlElement,
} from '@apex/beep';
import { parseContentReference } from '../uri.ts';
import { formatData, parseData } from './data.ts';
import { boundaryFor, type Part, rootOf, splitMultipart } from './multipart.ts';
import type { Data } from './schemas.ts';

/**
 * A BEEP payload of APEX (RFC 3340 §4.1): the XML alone, or a multipart/related whose root it is and
 * whose other parts are arbitrary content.
 */
export interface ApexPayload {
  /** The root element. */
  readonly element: XmlElement;
  /** Absent when the payload is the XML alone. */
  readonly related?: Related;
}

/** The multipart/related around an APEX element, as it came. */
export interface Related {
  readonly payload: Uint8Array;
  /** Where the octets of the XML document stand in `payload`. */
  readonly rootStart: number;
  readonly rootEnd: number;
  /** All parts but the root. */
  readonly parts: readonly Part[];
}

/** A message with a `data` element. */
export interface DataMessage {
  readonly data: Data;
  /** The element inside the `data-content` that is the content, when it is one element and nothing else. */
  readonly operation?: XmlElement;
  readonly related?: Related;
}

/** What the content attribute refers to. */
export type Content =
  | { readonly kind: 'xml'; readonly xml: string }
  | { readonly kind: 'part'; readonly part: Part }
  | { readonly kind: 'external'; readonly uri: string };

const MULTIPART = 'multipart/related';
const BEEP_XML = 'application/beep+xml';

/**
 * @throws MessageError: 500 for what is not well formed, 501 for what is not valid
 */
export function parsePayload(payload: Uint8Array): ApexPayload {
  const entity = parseMime(payload);
  if (entity.contentType !== MULTIPART) return { element: parseXml(beepXmlBody(payload)) };
  // RFC 2387 §3.1: the type parameter must be there.
  if (entity.parameters.get('type')?.toLowerCase() !== BEEP_XML) {
    throw new MessageError('multipart.type', 501, 'the type of the multipart is not application/beep+xml');
  }
  const parts = splitMultipart(entity);
  const root = rootOf(entity, parts);
  const rootStart = root.body.byteOffset - payload.byteOffset;
  return {
    element: parseXml(xmlOctets(root)),
    related: {
      payload,
      rootStart,
      rootEnd: rootStart + root.body.length,
      parts: parts.filter((part) => part !== root),
    },
  };
}

/**
 * @throws MessageError: 500 for what is not well formed, 501 for what is not valid, and for content
 * that does not resolve (C10)
 */
export function parseDataMessage(payload: Uint8Array): DataMessage {
  return dataMessageOf(parsePayload(payload));
}

/** @throws MessageError (501), as `parseDataMessage` */
export function dataMessageOf({ element, related }: ApexPayload): DataMessage {
  const data = parseData(element);
  const operation = operationWithin(element, data);
  const message = {
    data,
    ...(operation === undefined ? {} : { operation }),
    ...(related === undefined ? {} : { related }),
  };
  resolveContent(message);
  return message;
}

/**
 * What the content attribute of a message refers to.
 * @throws MessageError `content.reference` (501) when it is to be in the message and is not (C10)
 */
export function resolveContent(message: DataMessage): Content {
  const { data, related } = message;
  const reference = parseContentReference(data.content);
  switch (reference?.kind) {
    case 'fragment':
      // C10
      if (data.dataContent?.name !== reference.name) break;
      return { kind: 'xml', xml: data.dataContent.xml };
    case 'cid': {
      const found = related?.parts.filter((part) => part.contentId === reference.contentId) ?? [];
      // C10, RFC 2392 §2: a Content-ID is unique.
      if (found.length !== 1) break;
      return { kind: 'part', part: found[0] as Part };
    }
    case 'external':
      // C10
      return reference;
  }
  throw new MessageError('content.reference', 501, 'content does not refer to anything in the message');
}

/**
 * The content as an XML element, for those who expect one; undefined when it is not XML, or not in
 * the message.
 * @throws MessageError: 500 when it is XML and not well formed, 501 when it is not one element
 */
export function contentElement(message: DataMessage): XmlElement | undefined {
  if (message.operation !== undefined) return message.operation;
  const content = resolveContent(message);
  switch (content.kind) {
    case 'xml':
      throw new MessageError('content.element', 501, 'data-content does not hold one element');
    // 3341 §4.1, 3343 §4.1: an operation may also be a part.
    case 'part':
      return content.part.contentType === BEEP_XML ? parseXml(xmlOctets(content.part)) : undefined;
    case 'external':
      return undefined;
  }
}

/**
 * A message as a BEEP payload. Of a message that came as multipart/related only the root is written
 * anew; all else is passed on octet for octet (C9).
 */
export function encodeDataMessage(message: Pick<DataMessage, 'data' | 'related'>): Uint8Array {
  const xml = formatData(message.data);
  const { related } = message;
  if (related === undefined) return beepXml(xml);
  // A delimiter needs a line end, and the root has none but those inside content that was split once.
  return joined([
    related.payload.subarray(0, related.rootStart),
    encodeUtf8(xml),
    related.payload.subarray(related.rootEnd),
  ]);
}

/** A part to be sent beside a data element. */
export interface NewPart {
  /** Globally unique, `local@domain`, without angle brackets (RFC 2392). */
  readonly contentId: string;
  /** With its parameters, such as `text/plain; charset=utf-8`. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * A data element and its parts as a multipart/related payload (RFC 3340 §4.1).
 * @throws UsageError `content.part` for a Content-ID or Content-Type that cannot be a header field
 */
export function encodeRelated(data: Data, parts: readonly NewPart[]): Uint8Array {
  const root = encodeUtf8(formatData(data));
  // 3340 §4.1 rule 2: made of a Content-ID that is unique in the world.
  const rootId = `root-${parts.length}.${parts[0]?.contentId ?? 'apex@localhost'}`;
  const boundary = boundaryFor([root, ...parts.map((part) => part.body)]);
  const chunks: Uint8Array[] = [
    encodeUtf8(
      `Content-Type: multipart/related; boundary="${boundary}";\r\n start="<${rootId}>"; type="application/beep+xml"\r\n\r\n` +
        `--${boundary}\r\nContent-Type: application/beep+xml\r\nContent-ID: <${rootId}>\r\n\r\n`,
    ),
    root,
  ];
  for (const { contentId, contentType, body } of parts) {
    if (!/^[!-;=?-~]+@[!-;=?-~]+$/.test(contentId) || !/^[ -~]+\/[ -~]+$/.test(contentType)) {
      throw new UsageError('content.part', 'a part needs a Content-ID and a Content-Type');
    }
    // 3340 §4.1 rule 1: BEEP carries octets, so nothing is transformed.
    chunks.push(
      encodeUtf8(
        `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <${contentId}>\r\n\r\n`,
      ),
      body,
    );
  }
  chunks.push(encodeUtf8(`\r\n--${boundary}--\r\n`));
  return joined(chunks);
}

function operationWithin(element: XmlElement, data: Data): XmlElement | undefined {
  if (data.dataContent === undefined || parseContentReference(data.content)?.kind !== 'fragment')
    return undefined;
  const dataContent = element.children.at(-1) as XmlElement;
  return dataContent.children.length === 1 && dataContent.blank ? dataContent.children[0] : undefined;
}

function xmlOctets(entity: MimeEntity): Uint8Array {
  // B8
  if (entity.contentType !== BEEP_XML) {
    throw new MessageError('mime.content-type', 501, 'Content-Type is not application/beep+xml');
  }
  requireUtf8(entity);
  requireIdentityEncoding(entity);
  return entity.body;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const octets = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    octets.set(chunk, at);
    at += chunk.length;
  }
  return octets;
}
