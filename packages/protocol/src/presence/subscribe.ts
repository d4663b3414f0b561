import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readIdentity, readSeconds, readTransID } from '../attribute.ts';
import type { Subscribe } from './schemas.ts';

/** Reads a subscribe. @throws MessageError `element.…` (501) */
export function parseSubscribe(element: XmlElement): Subscribe {
  return readElement(element, 'subscribe', (subscribe) => ({
    kind: 'subscribe',
    publisher: readIdentity(subscribe, 'publisher'),
    transID: readTransID(subscribe),
    duration: readSeconds(subscribe, 'duration'),
  }));
}

/** Writes a subscribe. The value is not checked. */
export function formatSubscribe(value: Subscribe): string {
  return `<subscribe${attribute('publisher', value.publisher)} duration='${value.duration}' transID='${value.transID}' />`;
}
