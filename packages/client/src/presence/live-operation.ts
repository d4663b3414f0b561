import type { Feed } from '../feed.ts';
import type { OperationEnd } from '../operation-end.ts';
import type { InProgress } from './in-progress.ts';

/**
 * An operation in progress at the service, as the application reads it. It is for one reader: several
 * would share what comes. It outlives the session when the client reconnects. The iteration ends with the operation
 * (`ended` tells how), and throws when the client was lost; leaving it early terminates the operation, without waiting
 * for a session.
 */
export abstract class LiveOperation<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly publisher: string;
  readonly transID: number;
  readonly #feed: Feed<T>;
  readonly #operation: Pick<InProgress, 'transID' | 'terminate'>;

  constructor(publisher: string, feed: Feed<T>, operation: Pick<InProgress, 'transID' | 'terminate'>) {
    this.publisher = publisher;
    this.transID = operation.transID;
    this.#feed = feed;
    this.#operation = operation;
  }

  /** How it ended; never rejects. */
  get ended(): Promise<OperationEnd> {
    return this.#feed.ended;
  }

  get isOver(): boolean {
    return this.#feed.isOver;
  }

  /** Ends it, unless it is over. Rejects with ApexError when the service does not confirm that. */
  terminate(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#operation.terminate(options);
  }

  /** As `terminate`, without waiting for a session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#leave();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, void, void> {
    return this.#feed.read(() => this.#leave());
  }

  #leave(): Promise<void> {
    return this.#operation.terminate({ isLeaving: true });
  }
}
