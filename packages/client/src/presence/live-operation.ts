import type { Feed } from '../feed.ts';
import type { OperationEnd } from '../operation-end.ts';

/**
 * An operation in progress at the service, as the application reads it. It is for one reader: several
 * would share what comes. The iteration ends with the operation (`ended` tells how), and throws when the client was lost; leaving
 * it early terminates the operation.
 */
export abstract class LiveOperation<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly publisher: string;
  readonly transID: number;
  readonly #feed: Feed<T>;
  readonly #terminate: () => Promise<void>;

  constructor(publisher: string, transID: number, feed: Feed<T>, terminate: () => Promise<void>) {
    this.publisher = publisher;
    this.transID = transID;
    this.#feed = feed;
    this.#terminate = terminate;
  }

  /** How it ended; never rejects. */
  get ended(): Promise<OperationEnd> {
    return this.#feed.ended;
  }

  get isOver(): boolean {
    return this.#feed.isOver;
  }

  /** Ends it, unless it is over. Rejects with ApexError when the service does not confirm that. */
  terminate(): Promise<void> {
    return this.#terminate();
  }

  /** As `terminate`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#terminate();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, void, void> {
    return this.#feed.read(this.#terminate);
  }
}
