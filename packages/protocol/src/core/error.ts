import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readLang, textElement } from '../attribute.ts';
import { requireReadable } from '../readable.ts';
import type { ErrorReply } from './schemas.ts';

/** Reads an error. @throws MessageError `element.…` (501) */
export function parseError(element: XmlElement): ErrorReply {
  return readElement(element, 'error', (error) => ({
    kind: 'error',
    code: error.code('code'),
    text: error.text(),
    ...readLang(error),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatError(value: ErrorReply): string {
  return requireReadable(value, write, parseError);
}

function write(value: ErrorReply): string {
  return textElement('error', attribute('code', value.code) + attribute('xml:lang', value.lang), value.text);
}
