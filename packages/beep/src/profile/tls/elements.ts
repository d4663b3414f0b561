import { ReplyError } from '../../errors.ts';
import { parseError } from '../../management/elements.ts';
import { readElement } from '../../xml/element-reader.ts';
import { parseXml } from '../../xml/parse.ts';

/** RFC 3080 §3.1.1 */
export const tlsProfileUri = 'http://iana.org/beep/TLS';

/** RFC 3080 §7.2; written exactly so, since peers are known that compare octets. */
export const readyXml = '<ready />';
export const proceedXml = '<proceed />';

const xmlLimits = { octets: 4096, depth: 2 };

/**
 * RFC 3080 §3.1.3.1: the earliest version of TLS that the sender accepts: 1 or 1.0 to 1.3.
 * Throws MessageError: 500 when it is not well-formed XML, 501 when it is not valid.
 */
export function parseReady(xml: Uint8Array | string): string {
  return readElement(parseXml(xml, xmlLimits), 'ready', (ready) => {
    const version = ready.optional('version') ?? '1';
    // 3080 §3.1.1
    if (!/^1(\.[0-3])?$/.test(version)) throw ready.invalidValue('version', '1 or 1.0 to 1.3');
    return version;
  });
}

/** Throws ReplyError for an error element, with its code and text, and MessageError for anything else but proceed. */
export function parseProceed(xml: Uint8Array | string): void {
  const element = parseXml(xml, xmlLimits);
  if (element.name === 'error') {
    const { code, text } = parseError(element);
    throw new ReplyError(code, text);
  }
  readElement(element, 'proceed', () => undefined);
}
