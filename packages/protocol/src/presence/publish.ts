import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readIdentity, readTimestamp, readTransID } from '../attribute.ts';
import { identity, timestamp, transID } from '../datatype.ts';
import { formatPresence, parsePresence, presenceSchema } from './presence.ts';

/**
 * RFC 3343 §4.4: replaces a presence entry, or brings one to a subscriber. That both publishers
 * match is for the service to check (step 1).
 */
export const publishSchema = z
  .strictObject({
    kind: z.literal('publish'),
    publisher: identity,
    transID,
    timeStamp: timestamp,
    presence: presenceSchema,
  })
  .readonly();

export type Publish = z.infer<typeof publishSchema>;

export function parsePublish(element: XmlElement): Publish {
  return readElement(element, 'publish', (publish) => ({
    kind: 'publish',
    publisher: readIdentity(publish, 'publisher'),
    transID: readTransID(publish),
    timeStamp: readTimestamp(publish, 'timeStamp'),
    presence: publish.one('presence', parsePresence),
  }));
}

export function formatPublish(value: Publish): string {
  const [head, tail] = publishAround(value.publisher, value.timeStamp, formatPresence(value.presence));
  return head + value.transID + tail;
}

/** A publish element as the text before its transID and the text behind it. */
export function publishAround(
  publisher: string,
  timeStamp: string,
  presenceXml: string,
): readonly [head: string, tail: string] {
  return [
    `<publish${attribute('publisher', publisher)} transID='`,
    `'${attribute('timeStamp', timeStamp)}>${presenceXml}</publish>`,
  ];
}
