import type { Operation } from '@apex/protocol';
import { ApexError, applicationError, refused, withContext } from './errors.ts';
import type { Operations } from './operations.ts';

/** What requests need of their client. */
export interface RequestContext {
  readonly operations: Operations;
  /** How long the service may take to answer, in milliseconds. */
  readonly replyMs: number;
  /** Resolves when the relay has accepted the data. */
  send(service: string, operation: Operation): Promise<void>;
}

/** A request to a service, and what is done with what comes for it. */
export interface Request<T> {
  /** What it is for, in an error's words. */
  readonly what: string;
  readonly service: string;
  /** Whether the service keeps it in progress after its answer. */
  readonly lasts: boolean;
  operation(transID: number): Operation;
  /**
   * Called with all that comes for it, until it returns true: the operation is over. `answer` is what
   * its caller waits for.
   */
  received(operation: Operation, answer: (value: T) => void): boolean;
  /** Called with the answer at once, before anything else is received. */
  answered?(value: T, transID: number): void;
  /** The client ended after the answer. */
  ended?(error: Error): void;
}

/** Requests in progress: each has one answer within its time, and may go on after it. */
export class Requests {
  readonly #context: RequestContext;
  readonly #terminating = new Set<Promise<void>>();

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** Sends a request; resolves with its answer. Rejects with ApexError. */
  async ask<T>(request: Request<T>): Promise<T> {
    const { operations, replyMs, send } = this.#context;
    const { what, service } = request;
    const answer = Promise.withResolvers<T>();
    let isAnswered = false;
    const succeed = (value: T): void => {
      if (isAnswered) return;
      isAnswered = true;
      request.answered?.(value, transID);
      answer.resolve(value);
    };
    const fail = (error: Error): void => {
      isAnswered = true;
      operations.remove(transID);
      answer.reject(error);
    };
    const transID = operations.add({
      service,
      received(operation) {
        const isRefusal =
          (operation.kind === 'reply' && operation.code !== 250) || operation.kind === 'terminate';
        if (!isAnswered && isRefusal) return fail(refused(what, operation.code, operation.text));
        if (request.received(operation, succeed)) operations.remove(transID);
      },
      ended(error) {
        if (isAnswered) request.ended?.(error);
        else fail(error);
      },
    });
    const timer = setTimeout(() => {
      fail(noAnswer(what, service, replyMs));
      // Nobody would read what the service may have begun.
      if (request.lasts) void this.terminate(service, transID).catch(() => {});
    }, replyMs);
    try {
      send(service, request.operation(transID)).catch((error: unknown) => {
        if (!isAnswered) fail(withContext(what, error));
      });
    } catch (error) {
      // What cannot be written is not sent, and must not be waited for.
      fail(applicationError(what, error));
    }
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Ends an operation at the service; resolves when it has confirmed that, also when it knows the
   * operation no more. Rejects with ApexError. What comes for the operation meanwhile is dropped.
   */
  terminate(service: string, transID: number): Promise<void> {
    const terminating = this.#terminate(service, transID);
    const forget = (): void => void this.#terminating.delete(terminating);
    this.#terminating.add(terminating);
    terminating.then(forget, forget);
    return terminating;
  }

  /** Resolves when the terminates under way are answered, or have failed. */
  async terminated(): Promise<void> {
    await Promise.allSettled(this.#terminating);
  }

  async #terminate(service: string, transID: number): Promise<void> {
    const { operations, replyMs, send } = this.#context;
    const what = `terminate ${transID}`;
    const answer = Promise.withResolvers<void>();
    const timer = setTimeout(() => answer.reject(noAnswer(what, service, replyMs)), replyMs);
    const forget = operations.expect(transID, {
      service,
      received(operation) {
        if (operation.kind !== 'reply') return;
        // 3343 §4.5 step 1: 550 when it is over already
        if (operation.code === 250 || operation.code === 550) answer.resolve();
        else answer.reject(refused(what, operation.code, operation.text));
      },
      ended: answer.reject,
    });
    try {
      const sent = send(service, { kind: 'terminate', transID, code: 250, text: '' });
      await Promise.all([sent, answer.promise]);
    } finally {
      clearTimeout(timer);
      forget();
    }
  }
}

function noAnswer(what: string, service: string, replyMs: number): ApexError {
  return new ApexError('client.timeout', `${what}: no answer from ${service} within ${replyMs} ms`);
}
