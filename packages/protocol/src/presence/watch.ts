import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readIdentity, readSeconds, readTransID } from '../attribute.ts';
import type { Watch } from './schemas.ts';

/** Reads a watch. @throws MessageError `element.…` (501) */
export function parseWatch(element: XmlElement): Watch {
  return readElement(element, 'watch', (watch) => ({
    kind: 'watch',
    publisher: readIdentity(watch, 'publisher'),
    transID: readTransID(watch),
    duration: readSeconds(watch, 'duration'),
  }));
}

/** Writes a watch. The value is not checked. */
export function formatWatch(value: Watch): string {
  return `<watch${attribute('publisher', value.publisher)} duration='${value.duration}' transID='${value.transID}' />`;
}
