import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readIdentity, readTimestamp, readTransID } from '../attribute.ts';
import { formatPresence, parsePresence } from './presence.ts';
import type { Publish } from './schemas.ts';

/** Reads a publish. @throws MessageError `element.…` (501) */
export function parsePublish(element: XmlElement): Publish {
  return readElement(element, 'publish', (publish) => ({
    kind: 'publish',
    publisher: readIdentity(publish, 'publisher'),
    transID: readTransID(publish),
    timeStamp: readTimestamp(publish, 'timeStamp'),
    presence: publish.one('presence', parsePresence),
  }));
}

/** Writes a publish. The value is not checked. */
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
