import type { OperationEnd } from './operation-end.ts';

/**
 * What an operation in progress hands to the application: values one after the other, then the end.
 * `waiting` are those that were not read yet; what happens when too many do is up to the operation.
 */
export class Feed<T> {
  readonly ended: Promise<OperationEnd>;
  readonly #end = Promise.withResolvers<OperationEnd>();
  readonly #waiting: T[] = [];
  #over: OperationEnd | undefined;
  #change: PromiseWithResolvers<void> | undefined;

  constructor() {
    this.ended = this.#end.promise;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  push(value: T): void {
    if (this.isOver) return;
    this.#waiting.push(value);
    this.#changed();
  }

  discardWaiting(): void {
    this.#waiting.length = 0;
  }

  end(end: OperationEnd): void {
    if (this.isOver) return;
    this.#over = end;
    this.#end.resolve(end);
    this.#changed();
  }

  /** Resolves with the next value, or the end. */
  get change(): Promise<void> {
    this.#change ??= Promise.withResolvers();
    return this.#change.promise;
  }

  /**
   * Values as they come. Returns at the end and when the signal is aborted, throws when the client was lost; `left`
   * runs when the reader leaves.
   */
  async *read(left: () => Promise<void>, signal?: AbortSignal): AsyncGenerator<T, void, void> {
    const wake = (): void => this.#changed();
    signal?.addEventListener('abort', wake);
    try {
      for (;;) {
        if (signal?.aborted === true) return;
        const value = this.#waiting.shift();
        if (value !== undefined) {
          yield value;
        } else if (this.#over !== undefined) {
          if (this.#over.kind === 'lost') throw this.#over.error;
          return;
        } else {
          await this.change;
        }
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      await left();
    }
  }

  #changed(): void {
    const change = this.#change;
    this.#change = undefined;
    change?.resolve();
  }
}
