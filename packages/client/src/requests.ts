import type { Operation, Reply, Terminate } from '@apex/protocol';
import type { Clock } from './clock.ts';
import { ApexError, applicationError, isLost, refused, withContext } from './errors.ts';
import { unlessAborted } from './in-time.ts';
import type { OperationHandler, Operations } from './operations.ts';

/** What requests need of their client. */
export interface RequestContext {
  readonly operations: Operations;
  readonly clock: Clock;
  /** How long the service may take to answer, in milliseconds; waiting for a connection counts. */
  readonly replyMs: number;
  /** Resolves when the relay has accepted the data. @throws UsageError for what cannot be written */
  send(service: string, operation: Operation): Promise<void>;
}

/** A request to a service, and what is done with what comes for it. */
export interface Request<T> {
  /** What it is for, in an error's words. */
  readonly what: string;
  readonly service: string;
  /**
   * Whether it is sent again when the session ended before its answer came: it does no more then than it would have
   * done once. One that does not repeat fails with the session.
   */
  readonly repeats: boolean;
  operation(transID: number): Operation;
  /** Called with all that comes for it and is no refusal, until it gives the answer. */
  received(operation: Operation, answer: (value: T) => void): void;
  /** What refuses it; default: every reply but 250, and terminate. */
  refusal?(operation: Operation): Refusal | undefined;
  interrupted?(): void;
}

export interface TerminateOptions {
  readonly signal?: AbortSignal | undefined;
  /** Waits no longer than the session lasts: the rest happens on the next one. */
  readonly isLeaving?: boolean;
}

export type Refusal = Reply | Terminate;

/** Requests in progress: each has one answer within its time. */
export class Requests {
  readonly #context: RequestContext;
  readonly #terminating = new Set<Promise<void>>();

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** Sends a request, once there is a session; resolves with its answer. Rejects with ApexError, or as aborted. */
  async ask<T>(request: Request<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    return this.#run(request, (handler) => this.#context.operations.add(handler), signal);
  }

  /**
   * Ends an operation at the service; resolves when it has confirmed that, also when it knows the
   * operation no more. Rejects with ApexError, or as aborted. What comes for the operation meanwhile is dropped.
   */
  terminate(service: string, transID: number, options: TerminateOptions = {}): Promise<void> {
    const { operations } = this.#context;
    const left = Promise.withResolvers<void>();
    const leave = (): void => {
      if (options.isLeaving === true) left.resolve();
    };
    const terminating = this.#run<void>(
      {
        what: `terminate ${transID}`,
        service,
        repeats: true,
        operation: () => ({ kind: 'terminate', transID, code: 250, text: '' }),
        // 3343 §4.5 step 1: 550 when it is over already
        refusal: (operation) =>
          operation.kind === 'reply' && operation.code !== 250 && operation.code !== 550
            ? operation
            : undefined,
        received: ({ kind }, answer) => {
          if (kind === 'reply') answer();
        },
        interrupted: leave,
      },
      (handler) => {
        operations.expect(transID, handler);
        return transID;
      },
      options.signal,
    );
    if (!operations.isAttached) leave();
    const forget = (): void => void this.#terminating.delete(terminating);
    this.#terminating.add(terminating);
    terminating.then(forget, forget);
    terminating.then(left.resolve, left.reject);
    return left.promise;
  }

  /** Resolves when the terminates under way are answered, or have failed. */
  async terminated(): Promise<void> {
    await Promise.allSettled(this.#terminating);
  }

  async #run<T>(
    request: Request<T>,
    register: (handler: OperationHandler) => number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { operations, clock, replyMs, send } = this.#context;
    const { what, service, repeats, refusal: refusalOf = usualRefusal } = request;
    const answer = Promise.withResolvers<T>();
    let isSent = false;
    const transmit = (): void => {
      isSent = true;
      try {
        send(service, request.operation(transID)).catch((error: unknown) => {
          if (!(repeats && isLost(error))) answer.reject(withContext(what, error));
        });
      } catch (error) {
        // What cannot be written is not sent, and must not be waited for.
        answer.reject(applicationError(what, error));
      }
    };
    const handler: OperationHandler = {
      service,
      received(operation) {
        const refusal = refusalOf(operation);
        if (refusal === undefined) request.received(operation, answer.resolve);
        else answer.reject(refused(what, refusal.code, refusal.text));
      },
      interrupted(error) {
        request.interrupted?.();
        if (repeats) isSent = false;
        else if (isSent) answer.reject(withContext(what, error));
      },
      resumed() {
        if (!isSent) transmit();
      },
      ended: answer.reject,
    };
    const transID = register(handler);
    const stopTimer = clock.after(replyMs, () =>
      answer.reject(isSent ? noAnswer(what, service, replyMs) : disconnected(what, replyMs)),
    );
    if (operations.isAttached) transmit();
    try {
      return await unlessAborted(answer.promise, signal);
    } finally {
      stopTimer();
      operations.remove(transID, handler);
    }
  }
}

export function noAnswer(what: string, service: string, replyMs: number): ApexError {
  return new ApexError('client.timeout', `${what}: no answer from ${service} within ${replyMs} ms`);
}

/** Of a call that was not sent, for want of a connection. */
export function disconnected(what: string, ms: number): ApexError {
  return new ApexError('client.disconnected', `${what}: no connection to the server within ${ms} ms`);
}

function usualRefusal(operation: Operation): Refusal | undefined {
  if (operation.kind === 'terminate') return operation;
  return operation.kind === 'reply' && operation.code !== 250 ? operation : undefined;
}
