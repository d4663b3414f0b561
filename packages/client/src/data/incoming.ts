import type { DataMessage } from '@apex/protocol';
import { Feed } from '../feed.ts';
import { type Received, receivedOf } from './content.ts';

export interface IncomingLimits {
  /** Messages that may wait for their reader; default 1,000. */
  readonly messages?: number;
  /** Octets of messages that may wait for their reader; default 4 MiB. */
  readonly octets?: number;
}

/**
 * Data that has come for this endpoint since it attached, and that no operation of the client waits for: an async
 * iterable for one reader, who may leave and come back. While as much waits for its reader as may, further data is
 * refused with 450: its relay then knows that it was not delivered, and delivers it later when it is held.
 */
export class Incoming implements AsyncIterable<Received> {
  readonly #feed = new Feed<Received>();
  readonly #limits: Required<IncomingLimits>;
  #octets = 0;

  constructor({ messages = 1000, octets = 4 * 1024 * 1024 }: IncomingLimits = {}) {
    this.#limits = { messages, octets };
  }

  /** Ends when the client was closed, behind what waits; throws when it is over for another reason. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Received, void, void> {
    for await (const received of this.#feed.read(async () => {})) {
      this.#octets -= sizeOf(received);
      yield received;
    }
  }

  /** Takes data for the reader; false when too much waits for it. */
  take(message: DataMessage, recipient: string): boolean {
    if (this.#feed.waiting >= this.#limits.messages) return false;
    const received = receivedOf(message, recipient);
    const octets = sizeOf(received);
    if (this.#octets + octets > this.#limits.octets) return false;
    this.#octets += octets;
    this.#feed.push(received);
    return true;
  }

  /** The client is over; what waits can still be read. */
  end(error: Error, isClosed: boolean): void {
    this.#feed.end(isClosed ? { kind: 'closed' } : { kind: 'lost', error });
  }
}

/** Roughly what it takes to keep it. */
function sizeOf({ content, message }: Received): number {
  const inline = content.kind === 'xml' ? content.xml.length : 0;
  return 500 + inline + (message.related?.payload.length ?? 0);
}
