import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import {
  parentElement,
  readIdentity,
  readLang,
  readOptionalTransID,
  readTransID,
  textElement,
} from '../attribute.ts';
import { identity, language, replyCode, requireValid, transID, xmlText } from '../datatype.ts';

/**
 * The reply inside a destination. Its transID may be absent, although the DTD asks for it: every
 * example of RFC 3340 and RFC 3342 leaves it out, since the statusResponse has it.
 */
const deliveryStatusSchema = z
  .strictObject({
    code: replyCode,
    text: xmlText,
    lang: language.exactOptional(),
    transID: transID.exactOptional(),
  })
  .readonly();

/** RFC 3340 §6.2: the delivery status of one recipient. */
export const destinationSchema = z.strictObject({ identity, reply: deliveryStatusSchema }).readonly();

export type Destination = z.infer<typeof destinationSchema>;

/** RFC 3340 §6.2: what the report service tells; transID is that of the option that asked for it. */
export const statusResponseSchema = z
  .strictObject({
    kind: z.literal('statusResponse'),
    transID,
    destinations: z.array(destinationSchema).min(1).readonly(),
  })
  .readonly();

export type StatusResponse = z.infer<typeof statusResponseSchema>;

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
  requireValid(statusResponseSchema, value);
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
