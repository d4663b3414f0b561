import { MessageError } from '../errors.ts';
import { encodeUtf8 } from '../octets.ts';
import { parseParameters, parseToken, skipComments } from './structured-field.ts';

/**
 * A BEEP message is a MIME entity (RFC 3080 §2.2): header fields, an empty line, the body. One
 * without header fields begins with the empty line (B8); one without any octet is empty.
 */
export interface MimeEntity {
  /** In the order of the message. */
  readonly headers: readonly MimeField[];
  /** `type/subtype` in lower case; `application/octet-stream` when absent (RFC 3080 §2.2). */
  readonly contentType: string;
  /** Parameters of Content-Type; names in lower case, values as they mean, unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
  /** In lower case; `binary` when absent (RFC 3080 §2.2). The body is as it was sent. */
  readonly transferEncoding: string;
  /** A view into the payload, not a copy. */
  readonly body: Uint8Array;
}

/** A header field of a message. */
export interface MimeField {
  /** In lower case. */
  readonly name: string;
  /** Unfolded, without white space around it; comments and quotes left in. */
  readonly value: string;
}

/** Limits on what stands before the body. */
export const mimeLimits = {
  /** Octets of all header fields. */
  headerOctets: 8192,
  fields: 64,
};

const beepXmlFields = 'Content-Type: application/beep+xml\r\n\r\n';
const beepXmlHeader = encodeUtf8(beepXmlFields);
const noParameters: ReadonlyMap<string, string> = new Map();

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Parses a payload, or a part of a multipart. Throws MessageError `mime.…`: 500 for header fields
 * that are no header fields, 501 for a Content-Type or Content-Transfer-Encoding that has no sense.
 */
export function parseMime(payload: Uint8Array): MimeEntity {
  if (hasUsualHeader(payload)) {
    return {
      headers: [{ name: 'content-type', value: 'application/beep+xml' }],
      contentType: 'application/beep+xml',
      parameters: noParameters,
      transferEncoding: 'binary',
      body: payload.subarray(beepXmlHeader.length),
    };
  }
  const bodyStart = findBody(payload);
  const headers = parseFields(payload, bodyStart - 2);
  const contentType = single(headers, 'content-type');
  // 3080 §2.2 rule 1
  const type = contentType === undefined ? undefined : parseContentType(contentType);
  return {
    headers,
    contentType: type?.contentType ?? 'application/octet-stream',
    parameters: type?.parameters ?? noParameters,
    // 3080 §2.2 rule 2
    transferEncoding: parseTransferEncoding(single(headers, 'content-transfer-encoding')) ?? 'binary',
    body: payload.subarray(bodyStart),
  };
}

/** A message of type application/beep+xml. Its header is what every known peer reads. */
export function beepXml(xml: string): Uint8Array {
  return encodeUtf8(beepXmlFields + xml);
}

/**
 * The XML octets of a message that must be application/beep+xml. No Content-Type at all is
 * accepted: peers leave it out on channel zero and on SASL channels. Throws MessageError `mime.…`;
 * 501 for another type, another charset than UTF-8, or an encoding that is not the identity.
 */
export function beepXmlBody(payload: Uint8Array): Uint8Array {
  if (hasUsualHeader(payload)) return payload.subarray(beepXmlHeader.length);
  const entity = parseMime(payload);
  // B8
  if (entity.contentType !== 'application/beep+xml' && hasField(entity, 'content-type')) {
    throw new MessageError('mime.content-type', 501, 'Content-Type is not application/beep+xml');
  }
  requireUtf8(entity);
  requireIdentityEncoding(entity);
  return entity.body;
}

/** B8: application/beep+xml comes in UTF-8 only. Throws MessageError `mime.charset` (501). */
export function requireUtf8(entity: MimeEntity): void {
  const charset = entity.parameters.get('charset')?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8') {
    throw new MessageError('mime.charset', 501, 'charset is not utf-8');
  }
}

/** Refuses base64 and quoted-printable: BEEP carries octets. Throws MessageError `mime.transfer-encoding` (501). */
export function requireIdentityEncoding(entity: MimeEntity): void {
  if (!['binary', '8bit', '7bit'].includes(entity.transferEncoding)) {
    throw new MessageError(
      'mime.transfer-encoding',
      501,
      'Content-Transfer-Encoding is not binary, 8bit or 7bit',
    );
  }
}

/** Whether a header field is there; `name` in lower case. */
export function hasField(entity: MimeEntity, name: string): boolean {
  return entity.headers.some((field) => field.name === name);
}

function hasUsualHeader(payload: Uint8Array): boolean {
  for (let at = 0; at < beepXmlHeader.length; at += 1) {
    if (payload[at] !== beepXmlHeader[at]) return false;
  }
  return true;
}

/** The offset behind the empty line. */
function findBody(payload: Uint8Array): number {
  if (payload.length === 0) return 0;
  const end = Math.min(payload.length, mimeLimits.headerOctets);
  let lineStart = 0;
  for (let at = 0; at < end; at += 1) {
    if (payload[at] !== lineFeed) continue;
    if (at === 0 || payload[at - 1] !== carriageReturn) break;
    if (at === lineStart + 1) return at + 1;
    lineStart = at + 1;
  }
  throw new MessageError('mime.header', 500, 'no empty line behind the header fields');
}

/** RFC 822 §3.2, in [0, end), each with its CRLF. */
function parseFields(payload: Uint8Array, end: number): readonly MimeField[] {
  const fields: { name: string; value: string }[] = [];
  let lineStart = 0;
  while (lineStart < end) {
    const lineEnd = payload.indexOf(lineFeed, lineStart) - 1;
    const line = asciiLine(payload.subarray(lineStart, lineEnd));
    lineStart = lineEnd + 2;
    const last = fields.at(-1);
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (last === undefined)
        throw new MessageError('mime.header', 500, 'a continuation without a header field');
      last.value += line;
      continue;
    }
    if (fields.length >= mimeLimits.fields)
      throw new MessageError('mime.header', 500, 'too many header fields');
    const colon = line.indexOf(':');
    // RFC 822 allows white space between the name and the colon.
    const name = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (name === '' || parseToken(name, 0) !== name.length) {
      throw new MessageError('mime.header', 500, 'a line that is not a header field');
    }
    fields.push({ name: name.toLowerCase(), value: line.slice(colon + 1) });
  }
  return fields.map(({ name, value }) => ({ name, value: value.trim() }));
}

/** Header fields are ASCII without control characters (RFC 822 §3.3); a tab is white space. */
function asciiLine(octets: Uint8Array): string {
  let line = '';
  for (const octet of octets) {
    if (octet > 0x7e || (octet < 0x20 && octet !== 0x09)) {
      throw new MessageError('mime.header', 500, 'a header field with an octet that is not printable ASCII');
    }
    line += String.fromCharCode(octet);
  }
  return line;
}

function single(headers: readonly MimeField[], name: string): string | undefined {
  let value: string | undefined;
  for (const field of headers) {
    if (field.name !== name) continue;
    if (value !== undefined) throw new MessageError('mime.header', 501, `${name} stands twice`);
    value = field.value;
  }
  return value;
}

/** RFC 2045 §5.1 */
function parseContentType(value: string): { contentType: string; parameters: ReadonlyMap<string, string> } {
  const typeStart = skipComments(value, 0);
  const typeEnd = parseToken(value, typeStart);
  const slash = skipComments(value, typeEnd);
  const subtypeStart = skipComments(value, slash + 1);
  const subtypeEnd = parseToken(value, subtypeStart);
  if (typeEnd === typeStart || value[slash] !== '/' || subtypeEnd === subtypeStart) {
    throw new MessageError('mime.content-type', 501, 'Content-Type is not type/subtype');
  }
  const contentType = `${value.slice(typeStart, typeEnd)}/${value.slice(subtypeStart, subtypeEnd)}`;
  return { contentType: contentType.toLowerCase(), parameters: parseParameters(value, subtypeEnd) };
}

/** RFC 2045 §6.1 */
function parseTransferEncoding(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const start = skipComments(value, 0);
  const end = parseToken(value, start);
  if (end === start || skipComments(value, end) !== value.length) {
    throw new MessageError('mime.transfer-encoding', 501, 'Content-Transfer-Encoding is not a token');
  }
  return value.slice(start, end).toLowerCase();
}
