import { StoreError } from './errors.ts';
import type {
  AccessRecord,
  CredentialMechanism,
  CredentialsOf,
  HeldRecord,
  OperationRecord,
  Store,
  StoreWrite,
  SubjectRecords,
} from './ports.ts';

/**
 * A store for tests that is slow, stands still or fails when it is told to. It keeps the promises
 * of the port: calls reach the store behind it one after the other, in the order in which they were
 * made, and a commit that fails has applied nothing.
 */
export class FaultyStore implements Store {
  /** Awaited before each call reaches the store behind; set it to delay calls. */
  delay: (() => Promise<unknown>) | undefined;
  readonly #inner: Store;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** How many calls may still go on; all of them unless holding. */
  #allowed = Number.POSITIVE_INFINITY;
  #wake: () => void = () => {};
  readonly #failures = { commit: 0, load: 0 };

  constructor(inner: Store, delay?: () => Promise<unknown>) {
    this.#inner = inner;
    this.delay = delay;
  }

  /** How many calls were made that have not reached the store behind. */
  get waiting(): number {
    return this.#waiting;
  }

  /** From now on no call goes on to the store behind. */
  hold(): void {
    this.#allowed = 0;
  }

  /** Lets `count` held calls go on, the oldest first; without a count, all of them, and stops holding. */
  release(count = Number.POSITIVE_INFINITY): void {
    this.#allowed += count;
    this.#wake();
  }

  /** The next `count` commits (or loads, all that are not commits) reject with StoreError `store.failed`. */
  failNext(count = 1, kind: 'commit' | 'load' = 'commit'): void {
    this.#failures[kind] += count;
  }

  commit(writes: readonly StoreWrite[]): Promise<void> {
    return this.#pass('commit', () => this.#inner.commit(writes));
  }

  loadSubject(endpoint: string): Promise<SubjectRecords | undefined> {
    return this.#pass('load', () => this.#inner.loadSubject(endpoint));
  }

  loadOperations(): Promise<readonly OperationRecord[]> {
    return this.#pass('load', () => this.#inner.loadOperations());
  }

  listEndpoints(after: string, limit: number): Promise<readonly string[]> {
    return this.#pass('load', () => this.#inner.listEndpoints(after, limit));
  }

  findAccessByActor(actor: string): Promise<readonly AccessRecord[]> {
    return this.#pass('load', () => this.#inner.findAccessByActor(actor));
  }

  findCredentials<M extends CredentialMechanism>(
    endpoint: string,
    mechanism: M,
  ): Promise<CredentialsOf<M> | undefined> {
    return this.#pass('load', () => this.#inner.findCredentials(endpoint, mechanism));
  }

  secret(): Promise<Uint8Array> {
    return this.#pass('load', () => this.#inner.secret());
  }

  listHeld(after: number, limit: number): Promise<readonly HeldRecord[]> {
    return this.#pass('load', () => this.#inner.listHeld(after, limit));
  }

  findHeld(recipient: string): Promise<readonly HeldRecord[]> {
    return this.#pass('load', () => this.#inner.findHeld(recipient));
  }

  /** Closes the store behind, once all earlier calls have reached it. */
  async close(): Promise<void> {
    this.release();
    await this.#last;
    await this.#inner.close();
  }

  #pass<T>(kind: 'commit' | 'load', call: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(async () => {
      while (this.#allowed < 1) await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#allowed--;
      await this.delay?.();
      this.#waiting--;
      if (this.#failures[kind] === 0) return call();
      this.#failures[kind]--;
      throw new StoreError('store.failed', `this ${kind} was told to fail`);
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
