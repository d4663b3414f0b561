import type { Clock } from './clock.ts';
import { counter, type Figure } from './figures/figure.ts';
import { durationBounds, Histogram, sizeBounds } from './figures/histogram.ts';
import { Tally } from './figures/tally.ts';
import { StoreError, type StoreErrorCode } from './store/errors.ts';
import type { Store } from './store/ports.ts';

/** What happens to a store that its operator has to know. */
export type StoreTrouble =
  /** The first commit of a row, or a load, could not be carried out. */
  | { readonly kind: 'failed'; readonly operation: Operation; readonly error: StoreError }
  /** Commits succeed again; how many did not, and for how long. */
  | { readonly kind: 'recovered'; readonly failures: number; readonly ms: number };

type Operation = 'commit' | 'load';

/**
 * A store of which is known how long it takes, and when it fails: `store` is used in place of the one behind it. Whoever
 * asked is told of a failure in one word; the reason is for the operator.
 */
export class StoreMeasurement {
  readonly store: Store;
  readonly #commitSeconds = new Histogram(durationBounds);
  readonly #commitWrites = new Histogram(sizeBounds);
  readonly #loadSeconds = new Histogram(durationBounds);
  readonly #failures = new Tally<Operation>(['commit', 'load']);
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #onTrouble: (trouble: StoreTrouble) => void;
  /** Commits that have failed since the last one that did not, and since when. */
  #failing: { readonly since: number; failures: number } | undefined;

  constructor(
    behind: Store,
    clock: Pick<Clock, 'monotonic'>,
    onTrouble: (trouble: StoreTrouble) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onTrouble = onTrouble;
    const measured = <T>(kind: Operation, seconds: Histogram, call: Promise<T>): Promise<T> => {
      const startedAt = clock.monotonic();
      return call.then(
        (result) => {
          seconds.add((clock.monotonic() - startedAt) / 1000);
          if (kind === 'commit') this.#committed();
          return result;
        },
        (error: unknown) => {
          this.#failures.add(kind);
          this.#failed(kind, error);
          throw error;
        },
      );
    };
    this.store = {
      commit: (writes) => {
        this.#commitWrites.add(writes.length);
        return measured('commit', this.#commitSeconds, behind.commit(writes));
      },
      loadSubject: (endpoint) => measured('load', this.#loadSeconds, behind.loadSubject(endpoint)),
      loadOperations: () => behind.loadOperations(),
      listEndpoints: (after, limit) => behind.listEndpoints(after, limit),
      findAccessByActor: (actor) => behind.findAccessByActor(actor),
      findCredentials: (endpoint, mechanism) => behind.findCredentials(endpoint, mechanism),
      secret: () => behind.secret(),
      listHeld: (after, limit) => behind.listHeld(after, limit),
      findHeld: (recipient) => behind.findHeld(recipient),
      close: () => behind.close(),
    };
  }

  #committed(): void {
    if (this.#failing === undefined) return;
    const { since, failures } = this.#failing;
    this.#failing = undefined;
    this.#onTrouble({ kind: 'recovered', failures, ms: Math.round(this.#clock.monotonic() - since) });
  }

  #failed(operation: Operation, error: unknown): void {
    // What the store refuses for what it is says nothing about the store.
    if (!(error instanceof StoreError) || !TROUBLE.has(error.code)) return;
    if (operation === 'commit') {
      this.#failing ??= { since: this.#clock.monotonic(), failures: 0 };
      this.#failing.failures += 1;
      if (this.#failing.failures > 1) return;
    }
    this.#onTrouble({ kind: 'failed', operation, error });
  }

  figures(): readonly Figure[] {
    return [
      this.#commitSeconds.figure(
        'apex_store_commit_duration_seconds',
        'How long the store took to make a batch of writes durable.',
      ),
      this.#commitWrites.figure('apex_store_commit_writes', 'Writes in one batch.'),
      this.#loadSeconds.figure(
        'apex_store_load_duration_seconds',
        'How long the store took to give the records of a subject.',
      ),
      counter(
        'apex_store_failures_total',
        'Calls of the store that failed.',
        this.#failures.samples('operation'),
      ),
    ];
  }
}

/** Codes that say that the storage below has failed. */
const TROUBLE: ReadonlySet<StoreErrorCode> = new Set(['store.failed', 'store.corrupt', 'store.lost']);
