import type { ApexServer, Drained, DrainProgress } from '@apex/server';
import type { Closers } from './closers.ts';

type OnProgress = (progress: DrainProgress) => void;

/**
 * How a server ends that serves: it is drained, once, whoever asks for it, be it a signal or a command; then all that
 * was opened is closed. Who asks with a signal while that goes on wants it over.
 */
export class Ending {
  /** Resolves when all is closed; rejects with what went wrong. */
  readonly ended: Promise<void>;
  readonly #server: Pick<ApexServer, 'drain'>;
  readonly #closers: Pick<Closers, 'close'>;
  readonly #graceMs: number;
  readonly #ended = Promise.withResolvers<void>();
  readonly #hurry = new AbortController();
  readonly #watchers = new Set<OnProgress>();
  #drained: Promise<Drained> | undefined;

  /** `graceMs`: of a drain for which no other is asked. */
  constructor(server: Pick<ApexServer, 'drain'>, closers: Pick<Closers, 'close'>, graceMs: number) {
    this.#server = server;
    this.#closers = closers;
    this.#graceMs = graceMs;
    this.ended = this.#ended.promise;
  }

  /** By a signal: the first one drains, the next one waits for nobody. */
  asked(): void {
    if (this.#drained !== undefined) return this.#hurry.abort();
    // What goes wrong is told by `ended`.
    this.drain().catch(() => {});
  }

  /** Resolves when the server is drained, just before all is closed. A drain that has begun keeps its grace. */
  drain(onProgress: OnProgress = () => {}, graceMs = this.#graceMs): Promise<Drained> {
    this.#watchers.add(onProgress);
    if (this.#drained === undefined) {
      this.#drained = this.#server.drain({
        graceMs,
        signal: this.#hurry.signal,
        onProgress: (progress) => {
          for (const watcher of this.#watchers) watcher(progress);
        },
      });
      void this.#close(this.#drained);
    }
    return this.#drained;
  }

  async #close(drained: Promise<Drained>): Promise<void> {
    const [outcome] = await Promise.allSettled([drained]);
    // Whoever has waited for the drain has its turn before.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      await this.#closers.close();
      if (outcome.status === 'rejected') throw outcome.reason;
      this.#ended.resolve();
    } catch (error) {
      this.#ended.reject(error);
    }
  }
}
