import { encodeUtf8, MessageError, type MimeEntity, parseMime } from '@apex/beep';

/**
 * multipart/related (RFC 2387) in octets: boundaries as RFC 2046 §5.1.1 has them, preamble and
 * epilogue skipped, parts handed out as views. Nothing is copied, so that a message can be passed on
 * octet for octet (C9).
 */

/** More parts than this are refused (501). */
export const MAX_PARTS = 256;

const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;

/** A part of a multipart message. */
export interface Part extends MimeEntity {
  /** Without its angle brackets; undefined when there is no Content-ID. */
  readonly contentId: string | undefined;
}

/**
 * The parts of a multipart entity.
 * @throws MessageError `multipart.…` (501), `mime.…`
 */
export function splitMultipart(entity: MimeEntity): readonly Part[] {
  const boundary = entity.parameters.get('boundary');
  if (boundary === undefined || !BOUNDARY.test(boundary)) {
    throw invalid('multipart.boundary', 'no boundary, or not one');
  }
  const { body } = entity;
  const delimiter = encodeUtf8(`\r\n--${boundary}`);
  const parts: Part[] = [];
  // The first delimiter may stand at the very start, without its CRLF.
  let at = startsWith(body, delimiter.subarray(2), 0) ? -2 : indexOf(body, delimiter, 0);
  for (;;) {
    if (at === -1) throw invalid('multipart.end', 'no delimiter that ends the parts');
    const behind = at + delimiter.length;
    if (body[behind] === DASH && body[behind + 1] === DASH) break;
    const start = endOfLine(body, behind);
    // A part without any octet is followed by a delimiter whose CRLF is that of this line.
    at = indexOf(body, delimiter, start - 2);
    if (at === -1) continue;
    if (parts.length === MAX_PARTS) throw invalid('multipart.limit', `more than ${MAX_PARTS} parts`);
    parts.push(parsePart(body.subarray(start, Math.max(at, start))));
  }
  return parts;
}

/**
 * The root of a multipart/related entity (RFC 2387 §3.2): the part that `start` names, or the first.
 * @throws MessageError `multipart.root` (501)
 */
export function rootOf(entity: MimeEntity, parts: readonly Part[]): Part {
  const start = entity.parameters.get('start');
  const root =
    start === undefined ? parts[0] : parts.find((part) => part.contentId === withoutBrackets(start));
  if (root === undefined) throw invalid('multipart.root', 'no part is the root');
  return root;
}

/** A boundary that occurs in none of the octets. */
export function boundaryFor(octets: readonly Uint8Array[]): string {
  for (let attempt = 0; ; attempt += 1) {
    const boundary = attempt === 0 ? 'boundary' : `boundary-${attempt}`;
    const delimiter = encodeUtf8(`--${boundary}`);
    if (octets.every((part) => indexOf(part, delimiter, 0) === -1)) return boundary;
  }
}

function parsePart(octets: Uint8Array): Part {
  const entity = parseMime(octets);
  const contentId = entity.headers.find((field) => field.name === 'content-id')?.value;
  return { ...entity, contentId: contentId === undefined ? undefined : withoutBrackets(contentId) };
}

/** RFC 2392 §2: the Content-ID stands in angle brackets. */
function withoutBrackets(contentId: string): string {
  return contentId.startsWith('<') && contentId.endsWith('>') ? contentId.slice(1, -1) : contentId;
}

/** The offset behind the line end of a delimiter; only padding may stand before it. */
function endOfLine(body: Uint8Array, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x09) at += 1;
  if (body[at] !== CR || body[at + 1] !== LF) {
    throw invalid('multipart.delimiter', 'a line that begins like the delimiter and is none');
  }
  return at + 2;
}

function indexOf(octets: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] as number;
  for (let at = octets.indexOf(first, from); at !== -1; at = octets.indexOf(first, at + 1)) {
    if (startsWith(octets, wanted, at)) return at;
  }
  return -1;
}

function startsWith(octets: Uint8Array, wanted: Uint8Array, at: number): boolean {
  if (at + wanted.length > octets.length) return false;
  for (let index = 0; index < wanted.length; index += 1) {
    if (octets[at + index] !== wanted[index]) return false;
  }
  return true;
}

function invalid(code: string, problem: string): MessageError {
  return new MessageError(code, 501, problem);
}
