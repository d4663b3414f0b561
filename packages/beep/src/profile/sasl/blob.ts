import { ReplyError } from '../../errors.ts';
import { parseError } from '../../management/elements.ts';
import { decodeBase64, encodeBase64 } from '../../message/base64.ts';
import { trimWhiteSpace } from '../../xml/characters.ts';
import type { XmlElement } from '../../xml/element.ts';
import { readElement } from '../../xml/element-reader.ts';
import { parseXml } from '../../xml/parse.ts';

/**
 * RFC 3080 §4.1.3, §7.3: what SASL exchanges carry. XML cannot tell an absent content from an empty one: no
 * data is empty data (RFC 4422 §4 item 3).
 */
export interface Blob {
  readonly kind: 'blob';
  readonly status: BlobStatus;
  readonly data: Uint8Array;
}

/** `abort` comes from clients only, `complete` from servers only. */
export type BlobStatus = 'abort' | 'complete' | 'continue';

const xmlLimits = { octets: 131_072, depth: 2 };

/** Parses a blob. Throws MessageError: 500 when it is not well-formed XML, 501 when it is not valid. */
export function parseBlob(xml: Uint8Array | string): Blob {
  return readBlob(parseXml(xml, xmlLimits));
}

/** As `parseBlob`; throws ReplyError for an error element, with its code and text. */
export function parseOutcome(xml: Uint8Array | string): Blob {
  const element = parseXml(xml, xmlLimits);
  if (element.name === 'error') {
    const { code, text } = parseError(element);
    throw new ReplyError(code, text);
  }
  return readBlob(element);
}

/** 3080 §4.1.2: the content is always base64. White space may stand around it, as the RFC's examples have it. */
const readBlob = (element: XmlElement): Blob =>
  readElement(element, 'blob', (blob) => {
    blob.choice('xml:space', ['default', 'preserve'], 'preserve');
    return {
      kind: 'blob',
      // 3080 §4.1.3 rule 1
      status: blob.choice('status', ['abort', 'complete', 'continue'], 'continue'),
      data: decodeBase64(trimWhiteSpace(blob.text())),
    };
  });

/** Writes a blob; `continue` is the default of the attribute and not written. */
export function formatBlob(status: BlobStatus, data: Uint8Array): string {
  const start = status === 'continue' ? '<blob' : `<blob status='${status}'`;
  return data.length === 0 ? `${start} />` : `${start}>${encodeBase64(data)}</blob>`;
}
