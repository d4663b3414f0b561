import type { DataMessage } from '@apex/protocol';
import { Feed } from '../feed.ts';
import { type Received, receivedOf } from './content.ts';

/** How much may wait for a reader. */
export interface IncomingLimits {
  /** Messages that may wait for their reader; default 1,000. */
  readonly messages?: number;
  /** Octets of messages that may wait for their reader; default 4 MiB. */
  readonly octets?: number;
}

/** What a message takes beside its octets, roughly: many small ones count as well. */
const OVERHEAD_OCTETS = 500;

/**
 * Data that has come for this endpoint since it attached, and that no operation of the client waits for: an async
 * iterable for one reader, who may leave and come back. It goes on when the client reconnects; what was sent meanwhile
 * comes only when it is held (RFC 3342 §3). While as much waits for its reader as may, further data is
 * refused with 450: its relay then knows that it was not delivered, and delivers it later when it is held.
 */
export class Incoming implements AsyncIterable<Received> {
  readonly #feed = new Feed<{ readonly received: Received; readonly weight: number }>();
  readonly #limits: Required<IncomingLimits>;
  #octets = 0;

  constructor({ messages = 1000, octets = 4 * 1024 * 1024 }: IncomingLimits = {}) {
    this.#limits = { messages, octets };
  }

  /** As `read`, without a signal. */
  [Symbol.asyncIterator](): AsyncGenerator<Received, void, void> {
    return this.read();
  }

  /**
   * Data as it comes. Ends when the signal is aborted, and when the client was closed, behind what waits; throws when
   * it is over for another reason.
   */
  async *read({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Received, void, void> {
    for await (const { received, weight } of this.#feed.read(async () => {}, signal)) {
      this.#octets -= weight;
      yield received;
    }
  }

  /** Takes data of so many octets for the reader; otherwise says why not. */
  take(message: DataMessage, recipient: string, octets: number): string | undefined {
    // Nobody would read it, and what is held stays held so.
    if (this.#feed.isOver) return 'the application is leaving';
    const weight = octets + OVERHEAD_OCTETS;
    if (this.#feed.waiting >= this.#limits.messages || this.#octets + weight > this.#limits.octets) {
      return 'too much waits for its reader';
    }
    this.#octets += weight;
    this.#feed.push({ received: receivedOf(message, recipient), weight });
    return undefined;
  }

  /** The client is over; what waits can still be read. */
  end(error: Error, isClosed: boolean): void {
    this.#feed.end(isClosed ? { kind: 'closed' } : { kind: 'lost', error });
  }
}
