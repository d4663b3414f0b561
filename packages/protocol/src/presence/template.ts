import { allocateOctets, beepXml, encodeUtf8, escapeXml } from '@apex/beep';
import { serviceDataAround } from '../core/service-data.ts';
import { presenceText } from './presence.ts';
import { publishAround } from './publish.ts';

/** What all copies of one publish to subscribers have in common. */
export interface PublishContent {
  /** `apex=presence@domain`. */
  readonly originator: string;
  readonly publisher: string;
  /** RFC 3339. */
  readonly timeStamp: string;
  /** RFC 3339. */
  readonly lastUpdate: string;
  /** URI, or empty. */
  readonly publisherInfo: string;
  /** What `formatTuples` wrote. */
  readonly tuplesXml: string;
}

/** 3343 §4.2 step 6: one publish operation for many subscribers; only the recipient and the transID are spliced in. */
export interface PublishTemplate {
  /** What stands around recipient and transID, to be passed on to another process. */
  readonly parts: PublishParts;
  /**
   * The BEEP payload for one subscriber.
   * @param recipient an identity, or what `recipientOctets` made of it
   * @param transID that of its subscribe operation, 1..2147483647
   */
  encode(recipient: string | Uint8Array, transID: number): Uint8Array;
}

/** Octets before the recipient, between recipient and transID, and behind the transID. */
export interface PublishParts {
  readonly head: Uint8Array;
  readonly middle: Uint8Array;
  readonly tail: Uint8Array;
}

const utf8 = new TextEncoder();

/** An identity as it stands in an attribute; to be kept by those who send to it often. */
export function recipientOctets(identity: string): Uint8Array {
  return utf8.encode(escapeXml(identity));
}

/** The publish that brings `presence` to its subscribers, without recipient and transID. */
export function publishTemplate(content: PublishContent): PublishTemplate {
  const presenceXml = presenceText(content, content.tuplesXml);
  const [publishHead, publishTail] = publishAround(content.publisher, content.timeStamp, presenceXml);
  const [dataHead, dataMiddle, dataTail] = serviceDataAround(content.originator);
  return publishTemplateOf({
    head: beepXml(dataHead),
    middle: encodeUtf8(dataMiddle + publishHead),
    tail: encodeUtf8(publishTail + dataTail),
  });
}

/** The template with these parts. */
export function publishTemplateOf(parts: PublishParts): PublishTemplate {
  const { head, middle, tail } = parts;
  const fixed = head.length + middle.length + tail.length;
  return {
    parts,
    encode(recipient, transID) {
      const identity = typeof recipient === 'string' ? recipientOctets(recipient) : recipient;
      const digits = digitsOf(transID);
      const payload = allocateOctets(fixed + identity.length + digits);
      payload.set(head);
      let at = head.length;
      payload.set(identity, at);
      at += identity.length;
      payload.set(middle, at);
      at += middle.length + digits;
      for (let rest = transID, index = at; index > at - digits; rest = Math.floor(rest / 10)) {
        index -= 1;
        payload[index] = 0x30 + (rest % 10);
      }
      payload.set(tail, at);
      return payload;
    },
  };
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}
