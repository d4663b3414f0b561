import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readLang, textElement } from '../attribute.ts';
import { MAX_TRANSID } from '../transaction.ts';
import type { Terminate } from './schemas.ts';

const UNIZID = { min: 0, max: MAX_TRANSID, default: 0 } as const;

/** Reads a terminate. @throws MessageError `element.…` (501) */
export function parseTerminate(element: XmlElement): Terminate {
  return readElement(element, 'terminate', (terminate) => ({
    kind: 'terminate',
    transID: terminate.integer('transID', UNIZID),
    code: terminate.code('code', 250),
    text: terminate.text(),
    ...readLang(terminate),
  }));
}

/** Writes a terminate. The value is not checked. */
export function formatTerminate(value: Terminate): string {
  return textElement(
    'terminate',
    attribute('transID', value.transID) +
      (value.code === 250 ? '' : attribute('code', value.code)) +
      attribute('xml:lang', value.lang),
    value.text,
  );
}
