import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readIdentity, readSeconds, readTransID } from '../attribute.ts';
import { identity, seconds, transID } from '../datatype.ts';

/** RFC 3343 §4.2: to receive the presence entry of `publisher`; duration 0 is a poll. */
export const subscribeSchema = z
  .strictObject({ kind: z.literal('subscribe'), publisher: identity, transID, duration: seconds })
  .readonly();

export type Subscribe = z.infer<typeof subscribeSchema>;

export function parseSubscribe(element: XmlElement): Subscribe {
  return readElement(element, 'subscribe', (subscribe) => ({
    kind: 'subscribe',
    publisher: readIdentity(subscribe, 'publisher'),
    transID: readTransID(subscribe),
    duration: readSeconds(subscribe, 'duration'),
  }));
}

export function formatSubscribe(value: Subscribe): string {
  return `<subscribe${attribute('publisher', value.publisher)} duration='${value.duration}' transID='${value.transID}' />`;
}
