import { beepXml, encodeUtf8, escapeXml, type PayloadWriter } from '@apex/beep';
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
   * @param recipient an identity
   * @param transID that of its subscribe operation, 1..2147483647
   */
  copy(recipient: string, transID: number): PayloadWriter;
}

/** Octets before the recipient, between recipient and transID, and behind the transID. */
export interface PublishParts {
  readonly head: Uint8Array;
  readonly middle: Uint8Array;
  readonly tail: Uint8Array;
}

const utf8 = new TextEncoder();

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
  return { parts, copy: (recipient, transID) => new PublishCopy(parts, recipient, transID) };
}

class PublishCopy implements PayloadWriter {
  readonly length: number;
  readonly #parts: PublishParts;
  /** As octets when its characters are not what is to be written. */
  readonly #recipient: string | Uint8Array;
  readonly #transID: number;
  readonly #digits: number;
  /** Made when it leaves in parts. */
  #whole: Uint8Array | undefined;

  constructor(parts: PublishParts, recipient: string, transID: number) {
    this.#parts = parts;
    this.#recipient = isPlain(recipient) ? recipient : utf8.encode(escapeXml(recipient));
    this.#transID = transID;
    this.#digits = digitsOf(transID);
    const { head, middle, tail } = parts;
    this.length = head.length + this.#recipient.length + middle.length + this.#digits + tail.length;
  }

  write(octets: Uint8Array, start: number, offset: number, size: number): void {
    if (size < this.length) return this.#writePart(octets, start, offset, size);
    const { head, middle, tail } = this.#parts;
    const recipient = this.#recipient;
    octets.set(head, start);
    let at = start + head.length;
    if (typeof recipient === 'string') {
      for (let index = 0; index < recipient.length; index += 1) {
        octets[at + index] = recipient.charCodeAt(index);
      }
    } else octets.set(recipient, at);
    at += recipient.length;
    octets.set(middle, at);
    at += middle.length + this.#digits;
    octets.set(tail, at);
    for (let rest = this.#transID, left = this.#digits; left > 0; left -= 1) {
      at -= 1;
      octets[at] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }

  /** Where a window or a frame does not hold it in whole: a peer may open its window by single octets. */
  #writePart(octets: Uint8Array, start: number, offset: number, size: number): void {
    if (this.#whole === undefined) {
      this.#whole = new Uint8Array(this.length);
      this.write(this.#whole, 0, 0, this.length);
    }
    octets.set(this.#whole.subarray(offset, offset + size), start);
  }
}

/** Whether an identity is US-ASCII and nothing in it is escaped. */
function isPlain(identity: string): boolean {
  for (let index = 0; index < identity.length; index += 1) {
    const unit = identity.charCodeAt(index);
    if (unit < 0x2b || unit > 0x7e || unit === 0x3c || unit === 0x3e) return false;
  }
  return true;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}
