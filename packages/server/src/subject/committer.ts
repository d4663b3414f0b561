import type { Store } from '../store/ports.ts';
import type { Decision } from './decision.ts';

/** A decision with the way on which its effects leave. */
export interface Pending {
  readonly decision: Decision;
  /** Its batch and all earlier ones are durable: its effects may leave. */
  released(): void;
}

/**
 * Decisions on their way to the store, in their order. One group of them is being committed; what is
 * decided meanwhile forms the next. A decision is released once its writes and those of all before
 * it are durable; one without writes waits its turn too. When a group fails, it and everything
 * behind it fails together.
 */
export class Committer<P extends Pending> {
  readonly #store: Pick<Store, 'commit'>;
  readonly #onFailure: (failed: readonly P[], error: Error) => void;
  #inFlight: readonly P[] = [];
  /** Durable, and on their way out. */
  #releasing: readonly P[] = [];
  #waiting: P[] = [];
  #isScheduled = false;

  /** `onFailure` takes back what was decided; the pendings come in the order of their decisions. */
  constructor(store: Pick<Store, 'commit'>, onFailure: (failed: readonly P[], error: Error) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** Decisions that have not been released. */
  get backlog(): number {
    return this.#releasing.length + this.#inFlight.length + this.#waiting.length;
  }

  add(pending: P): void {
    if (this.backlog === 0 && pending.decision.writes.length === 0) return pending.released();
    this.#waiting.push(pending);
    if (this.#isScheduled || this.#inFlight.length > 0) return;
    // What is decided in the same turn goes into the same group.
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#next();
    });
  }

  #next(): void {
    const group = this.#waiting.splice(0, GROUP);
    if (group.length === 0) return;
    this.#inFlight = group;
    const writes = group.flatMap(({ decision }) => decision.writes);
    if (writes.length === 0) return queueMicrotask(() => this.#durable());
    this.#store.commit(writes).then(
      () => this.#durable(),
      (error: unknown) => this.#failed(error instanceof Error ? error : new Error(String(error))),
    );
  }

  // P10: the reply and the fan-out follow the durable write
  #durable(): void {
    this.#releasing = this.#inFlight;
    this.#inFlight = [];
    // The next group is written while this one leaves.
    this.#next();
    for (const pending of this.#releasing) pending.released();
    this.#releasing = [];
  }

  #failed(error: Error): void {
    const failed = [...this.#inFlight, ...this.#waiting];
    this.#inFlight = [];
    this.#waiting = [];
    this.#onFailure(failed, error);
  }
}

/** Decisions in one group. */
const GROUP = 1024;
