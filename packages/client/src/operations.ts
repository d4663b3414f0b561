import { newTransID, type Operation, secureRandom } from '@apex/protocol';

/** What happens to an operation of this client until it is over. */
export interface OperationHandler {
  /** The service that answers it, or which may; what others send under its transID is not for it. */
  readonly service: string | ((service: string) => boolean);
  received(operation: Operation, service: string): void;
  /** The client is over; called once. */
  ended(error: Error): void;
}

/**
 * Operations that wait for something from a service, by transID (RFC 3340 §6.1.1): unpredictable
 * numbers, unique in this client.
 */
export class Operations {
  readonly #handlers = new Map<number, OperationHandler>();
  readonly #random = secureRandom();
  #refusal: Error | undefined;
  #over: Error | undefined;

  /** @throws the error of `refuse` or `end` */
  requireOpen(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** @throws the error of `refuse` or `end` */
  add(handler: OperationHandler): number {
    this.requireOpen();
    const transID = newTransID(this.#random, (candidate) => this.#handlers.has(candidate));
    this.#handlers.set(transID, handler);
    return transID;
  }

  /**
   * Waits for something under a transID that was this client's before; the returned function stops that.
   * @throws the error of `end`
   */
  expect(transID: number, handler: OperationHandler): () => void {
    if (this.#over !== undefined) throw this.#over;
    this.#handlers.set(transID, handler);
    return () => {
      if (this.#handlers.get(transID) === handler) this.#handlers.delete(transID);
    };
  }

  remove(transID: number): void {
    this.#handlers.delete(transID);
  }

  /** Hands data to the operation that it belongs to; false when there is none (RFC 3342 §1 rule 1). */
  dispatch(service: string, operation: Operation): boolean {
    if (!('transID' in operation)) return false;
    const handler = this.#handlers.get(operation.transID);
    if (handler === undefined) return false;
    const { service: expected } = handler;
    if (typeof expected === 'string' ? expected !== service : !expected(service)) return false;
    handler.received(operation, service);
    return true;
  }

  /** Takes no more operations; those in progress go on, and can be terminated. */
  refuse(error: Error): void {
    this.#refusal ??= error;
  }

  /** Ends all, and takes no more. */
  end(error: Error): void {
    if (this.#over !== undefined) return;
    this.refuse(error);
    this.#over = error;
    for (const handler of [...this.#handlers.values()]) handler.ended(error);
    this.#handlers.clear();
  }
}
