import { Worker } from 'node:worker_threads';
import { StoreError } from '../errors.ts';
import type {
  AccessRecord,
  CredentialMechanism,
  CredentialsOf,
  HeldRecord,
  OperationRecord,
  Store,
  StoreWrite,
  SubjectRecords,
} from '../ports.ts';
import { createDatabase } from './create-database.ts';
import { databasePath } from './data-dir.ts';
import type { Call, Outcome } from './messages.ts';

/** Where the database is. */
export type SqliteStoreOptions = (
  | { /** The database file. */ readonly path: string }
  | { /** The data folder; the database is `apex.db` in it. */ readonly dataDir: string }
) & {
  /** Told when the store is lost (`store.lost`), before those who wait are: all its calls fail from then on. */
  readonly onLost?: (error: StoreError) => void;
};

/** Batches on their way to the worker: while it works on one, the next one is already there. */
const MAX_BATCHES = 2;
/** Calls and writes in one batch, beyond which the next call waits for the next transaction. */
const MAX_BATCH_SIZE = 4096;

/**
 * Opens or creates the embedded store: SQLite in a worker thread, in write-ahead mode with
 * synchronous=FULL, so that a commit resolves once its octets are synced to the disk. Calls that
 * are made while the worker is busy share the next transaction; each is all-or-nothing by itself.
 * A new folder has mode 0700, a new file 0600.
 *
 * For one process at a time: take `lockDataDir` first.
 *
 * Rejects with StoreError `store.newer`, `store.foreign`, `store.corrupt` or `store.failed`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = 'path' in options ? options.path : databasePath(options.dataDir);
  createDatabase(path);
  const store = new SqliteStore(path, options.onLost);
  await store.opened;
  return store;
}

interface Answer {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

interface Pending extends Answer {
  readonly call: Call;
  readonly size: number;
}

class SqliteStore implements Store {
  readonly opened: Promise<void>;
  readonly #path: string;
  readonly #worker: Worker;
  readonly #onLost: ((error: StoreError) => void) | undefined;
  #waiting: Pending[] = [];
  /** Sent to the worker, oldest first: it answers in order. */
  readonly #sent: Answer[][] = [];
  #dispatching = false;
  #isOpen = false;
  /** Why no more calls are taken. */
  #ended: StoreError | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string, onLost: ((error: StoreError) => void) | undefined) {
    this.#path = path;
    this.#onLost = onLost;
    // Sources run as they are where types are stripped; dist holds JavaScript.
    const source = import.meta.url.endsWith('.ts');
    this.#worker = new Worker(new URL(source ? './worker.ts' : './worker.js', import.meta.url), {
      name: 'apex-store',
      workerData: { path },
      ...(source && !process.features.typescript && { execArgv: ['--experimental-strip-types'] }),
    });
    this.opened = new Promise((resolve, reject) => {
      this.#sent.push([{ resolve: () => resolve(), reject }]); // the worker's first message answers it
    });
    this.opened.then(
      () => {
        this.#isOpen = true;
      },
      () => {}, // told by whoever opens it
    );
    this.#worker.on('message', (outcomes: readonly Outcome[]) => this.#answer(outcomes));
    this.#worker.on('error', (cause) => this.#lose(cause));
    this.#worker.on('exit', () => this.#lose());
  }

  commit(writes: readonly StoreWrite[]): Promise<void> {
    return this.#call('commit', [writes], writes.length);
  }

  loadSubject(endpoint: string): Promise<SubjectRecords | undefined> {
    return this.#call('loadSubject', [endpoint]);
  }

  loadOperations(): Promise<readonly OperationRecord[]> {
    return this.#call('loadOperations', []);
  }

  listEndpoints(after: string, limit: number): Promise<readonly string[]> {
    return this.#call('listEndpoints', [after, limit]);
  }

  findAccessByActor(actor: string): Promise<readonly AccessRecord[]> {
    return this.#call('findAccessByActor', [actor]);
  }

  findCredentials<M extends CredentialMechanism>(
    endpoint: string,
    mechanism: M,
  ): Promise<CredentialsOf<M> | undefined> {
    return this.#call('findCredentials', [endpoint, mechanism]);
  }

  secret(): Promise<Uint8Array> {
    return this.#call('secret', []);
  }

  listHeld(after: number, limit: number): Promise<readonly HeldRecord[]> {
    return this.#call('listHeld', [after, limit]);
  }

  findHeld(recipient: string): Promise<readonly HeldRecord[]> {
    return this.#call('findHeld', [recipient]);
  }

  /** Takes no more calls; resolves once all earlier ones are answered and the file is closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = this.#call<void>('close', []);
    this.#ended = new StoreError('store.closed', `the store ${this.#path} is closed`);
    await closed;
  }

  #call<T>(method: Call['method'], args: readonly unknown[], size = 1): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        call: { method, args },
        size,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      this.#scheduleDispatch();
    });
  }

  /** Calls of the same turn travel together. */
  #scheduleDispatch(): void {
    if (this.#dispatching || this.#sent.length >= MAX_BATCHES) return;
    this.#dispatching = true;
    queueMicrotask(() => {
      this.#dispatching = false;
      while (this.#waiting.length > 0 && this.#sent.length < MAX_BATCHES) this.#send(this.#nextBatch());
    });
  }

  #nextBatch(): Pending[] {
    let size = 0;
    let end = 0;
    while (end < this.#waiting.length && size < MAX_BATCH_SIZE) size += 1 + this.#waiting[end++]!.size;
    const batch = this.#waiting.slice(0, end);
    this.#waiting = this.#waiting.slice(end);
    return batch;
  }

  #send(batch: Pending[]): void {
    try {
      this.#worker.postMessage(batch.map((pending) => pending.call));
      this.#sent.push(batch);
    } catch (cause) {
      // Something in a record is not plain data.
      for (const { reject } of batch)
        reject(new StoreError('store.failed', `${this.#path}: ${cause}`, { cause }));
    }
  }

  #answer(outcomes: readonly Outcome[]): void {
    const batch = this.#sent.shift() ?? [];
    batch.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index]!;
      if (outcome.ok) resolve(outcome.value);
      else reject(new StoreError(outcome.code, outcome.message));
    });
    this.#scheduleDispatch();
  }

  #lose(cause?: unknown): void {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    const message = `the worker of the store ${this.#path} ended${why}; whether pending writes are on the disk is not known: restart the server`;
    const error = new StoreError('store.lost', message, { cause });
    const isUnasked = this.#ended === undefined;
    this.#ended ??= error;
    if (isUnasked && this.#isOpen) this.#onLost?.(error);
    const pending = [...this.#sent.flat(), ...this.#waiting];
    this.#sent.length = 0;
    this.#waiting = [];
    for (const { reject } of pending) reject(error);
  }
}
