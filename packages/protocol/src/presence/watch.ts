import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readIdentity, readSeconds, readTransID } from '../attribute.ts';
import { identity, seconds, transID } from '../datatype.ts';

/** RFC 3343 §4.3: to receive notices about those who subscribe to `publisher`; duration 0 is a poll. */
export const watchSchema = z
  .strictObject({ kind: z.literal('watch'), publisher: identity, transID, duration: seconds })
  .readonly();

export type Watch = z.infer<typeof watchSchema>;

export function parseWatch(element: XmlElement): Watch {
  return readElement(element, 'watch', (watch) => ({
    kind: 'watch',
    publisher: readIdentity(watch, 'publisher'),
    transID: readTransID(watch),
    duration: readSeconds(watch, 'duration'),
  }));
}

export function formatWatch(value: Watch): string {
  return `<watch${attribute('publisher', value.publisher)} duration='${value.duration}' transID='${value.transID}' />`;
}
