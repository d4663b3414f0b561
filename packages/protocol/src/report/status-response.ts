import { attribute, readElement, type XmlElement } from '@apex/beep';
import {
  parentElement,
  readIdentity,
  readLang,
  readOptionalTransID,
  readTransID,
  textElement,
} from '../attribute.ts';
import { requireReadable } from '../readable.ts';
import type { Destination, StatusResponse } from './schemas.ts';

/** Reads a statusResponse. @throws MessageError `element.…` (501) */
export function parseStatusResponse(element: XmlElement): StatusResponse {
  return readElement(element, 'statusResponse', (response) => ({
    kind: 'statusResponse',
    // 3340 §6.2 rule 5
    transID: readTransID(response),
    destinations: response.some('destination', parseDestination),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatStatusResponse(value: StatusResponse): string {
  return requireReadable(value, write, parseStatusResponse);
}

function write(value: StatusResponse): string {
  const destinations = value.destinations.map(({ identity, reply }) => {
    const attributes =
      attribute('code', reply.code) + attribute('transID', reply.transID) + attribute('xml:lang', reply.lang);
    return parentElement(
      'destination',
      attribute('identity', identity),
      textElement('reply', attributes, reply.text),
    );
  });
  return parentElement('statusResponse', attribute('transID', value.transID), destinations.join(''));
}

function parseDestination(element: XmlElement): Destination {
  // 3340 §6.2 rule 6
  return readElement(element, 'destination', (destination) => ({
    // 3340 §6.2 rule 7
    identity: readIdentity(destination, 'identity'),
    // 3340 §6.2 rule 8
    reply: destination.one('reply', (child) =>
      readElement(child, 'reply', (reply) => ({
        code: reply.code('code'),
        text: reply.text(),
        ...readLang(reply),
        ...readOptionalTransID(reply),
      })),
    ),
  }));
}
