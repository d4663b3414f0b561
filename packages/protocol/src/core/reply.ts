import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readLang, readTransID, textElement } from '../attribute.ts';
import type { Reply } from './schemas.ts';

/** Reads a reply. @throws MessageError `element.…` (501) */
export function parseReply(element: XmlElement): Reply {
  return readElement(element, 'reply', (reply) => ({
    kind: 'reply',
    code: reply.code('code'),
    transID: readTransID(reply),
    text: reply.text(),
    ...readLang(reply),
  }));
}

/** Writes a reply. The value is not checked. */
export function formatReply(value: Reply): string {
  return textElement(
    'reply',
    attribute('code', value.code) + attribute('transID', value.transID) + attribute('xml:lang', value.lang),
    value.text,
  );
}
