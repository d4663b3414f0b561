import type { Clock } from './clock.ts';
import { counter, type Figure } from './figures/figure.ts';
import { durationBounds, Histogram, sizeBounds } from './figures/histogram.ts';
import { Tally } from './figures/tally.ts';
import type { Store } from './store/ports.ts';

/** A store of which is known how long it takes: `store` is used in place of the one behind it. */
export class StoreMeasurement {
  readonly store: Store;
  readonly #commitSeconds = new Histogram(durationBounds);
  readonly #commitWrites = new Histogram(sizeBounds);
  readonly #loadSeconds = new Histogram(durationBounds);
  readonly #failures = new Tally<'commit' | 'load'>(['commit', 'load']);

  constructor(behind: Store, clock: Pick<Clock, 'monotonic'>) {
    const measured = <T>(kind: 'commit' | 'load', seconds: Histogram, call: Promise<T>): Promise<T> => {
      const startedAt = clock.monotonic();
      return call.then(
        (result) => {
          seconds.add((clock.monotonic() - startedAt) / 1000);
          return result;
        },
        (error: unknown) => {
          this.#failures.add(kind);
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
