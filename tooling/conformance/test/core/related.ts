import { createHash } from 'node:crypto';
import { type Answer, type Application, readAnswer } from '../../src/application.ts';

/** A part of a multipart/related payload (RFC 2387), or what is to be one. */
export interface Part {
  /** Each with its CRLF. */
  readonly headers: string;
  readonly content: string | Buffer;
}

export const boundary = 'boundary-of-the-test';

/** RFC 3340 §4.1: the control document, then the other parts. */
export function related(control: string, parts: readonly Part[]): Buffer {
  const root = { headers: rootHeaders(), content: control };
  return multipart(relatedType(), [root, ...parts]);
}

export function relatedType(parameters = `start="<root@example.com>"; type="application/beep+xml"`): string {
  return `Content-Type: multipart/related; boundary="${boundary}";\r\n\t${parameters}\r\n`;
}

export function rootHeaders(more = ''): string {
  return `Content-Type: application/beep+xml\r\nContent-ID: <root@example.com>\r\n${more}`;
}

export function multipart(headers: string, parts: readonly Part[], end = `\r\n--${boundary}--\r\n`): Buffer {
  return Buffer.concat([
    Buffer.from(`${headers}\r\n`),
    ...parts.flatMap((part, index) => [
      Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${part.headers}\r\n`),
      Buffer.from(part.content),
    ]),
    Buffer.from(end),
  ]);
}

/** The octets of each part behind its headers, in order; the payload must have this boundary. */
export function partsWithin(payload: Buffer): Buffer[] {
  const mark = /boundary="?([^";\r\n]+)/i.exec(payload.toString('latin1'))?.[1];
  const delimiter = `\r\n--${mark ?? ''}`;
  const [, ...sections] = payload.toString('latin1').split(delimiter);
  return sections
    .slice(0, -1)
    .map((section) => Buffer.from(section.slice(section.indexOf('\r\n\r\n') + 4), 'latin1'));
}

/** A data element whose content stands elsewhere. */
export function referring(content: string, from: string, to: string, inside = ''): string {
  return `<data content='${content}'><originator identity='${from}' /><recipient identity='${to}' />${inside}</data>`;
}

/** A part that is found by this Content-ID. */
export const gif = (content: string | Buffer, id = '2@example.com'): Part => ({
  headers: `Content-Type: image/gif\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <${id}>\r\n`,
  content,
});

/** Sends a payload on the APEX channel. */
export async function send(application: Application, payload: string | Buffer): Promise<Answer> {
  return readAnswer(await application.exchange(application.channel, payload));
}

/** Equal when the octets are, without showing them all. */
export function digest(octets: string | Buffer): string {
  return createHash('sha256').update(octets).digest('hex');
}
