import { newTransID, type Operation, secureRandom } from '@apex/protocol';

/** What happens to an operation of this client until it is over. */
export interface OperationHandler {
  /** The service that answers it, or which may; what others send under its transID is not for it. */
  readonly service: string | ((service: string) => boolean);
  received(operation: Operation, service: string): void;
  /** The client is over; called once. */
  ended(error: Error): void;
}

/** How many operations that are over are remembered. */
const MOST_PAST = 1000;

/**
 * Operations that wait for something from a service, by transID (RFC 3340 §6.1.1): unpredictable
 * numbers, unique in this client.
 */
export class Operations {
  readonly #handlers = new Map<number, OperationHandler>();
  /** Those that are over, the latest ones: what still comes for them is for nobody else. */
  readonly #past = new Map<number, OperationHandler['service']>();
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
    const isKnown = (candidate: number): boolean =>
      this.#handlers.has(candidate) || this.#past.has(candidate);
    const transID = newTransID(this.#random, isKnown);
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
      if (this.#handlers.get(transID) === handler) this.remove(transID);
    };
  }

  /** The operation is over. */
  remove(transID: number): void {
    const handler = this.#handlers.get(transID);
    if (handler === undefined) return;
    this.#handlers.delete(transID);
    this.#past.set(transID, handler.service);
    if (this.#past.size <= MOST_PAST) return;
    const [oldest] = this.#past.keys();
    if (oldest !== undefined) this.#past.delete(oldest);
  }

  /** Hands data to the operation that it belongs to; false when there is none (RFC 3342 §1 rule 1). */
  dispatch(service: string, operation: Operation): boolean {
    if (!('transID' in operation)) return false;
    const handler = this.#handlers.get(operation.transID);
    if (handler === undefined || !isOf(handler.service, service)) return false;
    handler.received(operation, service);
    return true;
  }

  /** Whether data is for an operation that is over: a reply that comes after `replyMs`, say. */
  isLate(service: string, operation: Operation): boolean {
    if (!('transID' in operation)) return false;
    const expected = this.#past.get(operation.transID);
    return expected !== undefined && isOf(expected, service);
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

function isOf(expected: OperationHandler['service'], service: string): boolean {
  return typeof expected === 'string' ? expected === service : expected(service);
}
