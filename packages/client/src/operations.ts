import { newTransID, type Operation, secureRandom } from '@apex/protocol';
import { ApexError } from './errors.ts';

/** What happens to an operation of this client until it is over. */
export interface OperationHandler {
  /** The service that answers it, or which may; what others send under its transID is not for it. */
  readonly service: string | ((service: string) => boolean);
  received(operation: Operation, service: string): void;
  /** The session ended, and another one is being tried for. */
  interrupted?(error: Error): void;
  /** There is a session again: what waits for it is sent now. */
  resumed?(): void;
  /** The client is over; called once. */
  ended(error: Error): void;
}

/** How many operations that are over are remembered. */
const MOST_PAST = 1000;
/** How many operations may begin while there is no session. */
const MOST_WAITING = 10_000;

/**
 * Operations that wait for something from a service, by transID (RFC 3340 §6.1.1): unpredictable
 * numbers, unique in this client. They outlive the session.
 */
export class Operations {
  readonly #handlers = new Map<number, OperationHandler>();
  /** Those that are over, the latest ones: what still comes for them is for nobody else. */
  readonly #past = new Map<number, OperationHandler['service']>();
  readonly #random = secureRandom();
  #isAttached = true;
  /** Counts sessions. */
  #session = 0;
  /** How many have begun since the session ended. */
  #waiting = 0;
  #refusal: Error | undefined;
  #over: Error | undefined;

  /** Whether there is a session to send on. */
  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Whether the session that `resume` began lasts. */
  isIn(session: number): boolean {
    return this.#isAttached && this.#session === session && this.#over === undefined;
  }

  /** @throws the error of `refuse` or `end` */
  requireOpen(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** @throws the error of `refuse` or `end`, or ApexError `client.overflow` */
  add(handler: OperationHandler): number {
    this.requireOpen();
    if (!this.isAttached) this.#count();
    const isKnown = (candidate: number): boolean =>
      this.#handlers.has(candidate) || this.#past.has(candidate);
    const transID = newTransID(this.#random, isKnown);
    this.#handlers.set(transID, handler);
    return transID;
  }

  /**
   * Waits for something under a transID that was this client's before.
   * @throws the error of `end`
   */
  expect(transID: number, handler: OperationHandler): void {
    if (this.#over !== undefined) throw this.#over;
    this.#handlers.set(transID, handler);
  }

  /** The operation is over; with a handler only if that is the one that waits. */
  remove(transID: number, of?: OperationHandler): void {
    const handler = this.#handlers.get(transID);
    if (handler === undefined || (of !== undefined && of !== handler)) return;
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

  /** The session ended, and another one may follow. */
  interrupt(error: Error): void {
    this.#isAttached = false;
    this.#waiting = 0;
    for (const handler of [...this.#handlers.values()]) handler.interrupted?.(error);
  }

  /** There is a session again. What began first is sent first (P4: no poll behind a subscription). */
  resume(): number {
    this.#isAttached = true;
    this.#session += 1;
    const session = this.#session;
    for (const handler of [...this.#handlers.values()]) handler.resumed?.();
    return session;
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

  #count(): void {
    if (this.#waiting >= MOST_WAITING) {
      throw new ApexError('client.overflow', `${MOST_WAITING} calls wait for a connection`);
    }
    this.#waiting += 1;
  }
}

function isOf(expected: OperationHandler['service'], service: string): boolean {
  return typeof expected === 'string' ? expected === service : expected(service);
}
