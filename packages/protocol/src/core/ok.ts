import { beepXml, readElement, type XmlElement } from '@apex/beep';
import type { Ok } from './schemas.ts';

const OK: Ok = { kind: 'ok' };

/** `<ok />` as a BEEP payload. Never to be changed. */
export const OK_PAYLOAD: Uint8Array = beepXml('<ok />');

/** Reads an ok. @throws MessageError `element.…` (501) */
export function parseOk(element: XmlElement): Ok {
  return readElement(element, 'ok', () => OK);
}

/** Writes an ok. */
export function formatOk(): string {
  return '<ok />';
}

/** Whether a payload is octet for octet the `ok` that nearly every peer sends, so that it need not be parsed. */
export function isUsualOk(payload: Uint8Array): boolean {
  const { length } = OK_PAYLOAD;
  // A line end behind the element is common.
  if (payload.length !== length) {
    if (payload.length !== length + 2 || payload[length] !== 0x0d || payload[length + 1] !== 0x0a)
      return false;
  }
  for (let at = length - 1; at >= 0; at -= 1) if (payload[at] !== OK_PAYLOAD[at]) return false;
  return true;
}
