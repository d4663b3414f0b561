import type { PresenceRecord, SubjectRecords } from '../store/ports.ts';
import { AccessTable } from './access-table.ts';
import type { Operation } from './operation.ts';

/**
 * Everything about one subject: whether it is provisioned, its presence entry, the operations on
 * it, and the access entries of it and its subaddresses. Only its owner touches it.
 */
export class SubjectState {
  readonly endpoint: string;
  /** Milliseconds since the epoch; undefined while the endpoint is not provisioned. */
  createdAt: number | undefined;
  /** Kept when the endpoint is removed: its lastUpdate is remembered (A4). */
  presence: PresenceRecord | undefined;
  readonly access: AccessTable;
  /** Updates in the current second of the monotonic clock. */
  #published = { second: 0, count: 0 };
  readonly #operations = {
    subscribe: new Map<string, Operation>(),
    watch: new Map<string, Operation>(),
  };
  readonly #lists: { subscribe?: readonly Operation[]; watch?: readonly Operation[] } = {};

  constructor(endpoint: string, records: SubjectRecords | undefined, operations: Iterable<Operation>) {
    this.endpoint = endpoint;
    this.createdAt = records?.createdAt;
    this.presence = records?.presence;
    this.access = new AccessTable(endpoint, records?.access ?? []);
    for (const operation of operations) this.add(operation);
  }

  get exists(): boolean {
    return this.createdAt !== undefined;
  }

  /** Counts an update; false when there have been `limit` in this second. */
  mayPublish(monotonicMs: number, limit: number): boolean {
    const second = Math.floor(monotonicMs / 1000);
    if (second !== this.#published.second) this.#published = { second, count: 0 };
    this.#published.count += 1;
    return this.#published.count <= limit;
  }

  /** The in-progress operation of this kind and originator: 4.2 and 4.3 step 4 allow one. */
  find(kind: Operation['kind'], originator: string): Operation | undefined {
    return this.#operations[kind].get(originator);
  }

  count(kind: Operation['kind']): number {
    return this.#operations[kind].size;
  }

  get hasOperations(): boolean {
    return this.count('subscribe') > 0 || this.count('watch') > 0;
  }

  /** The in-progress operations of one kind; the array never changes, so that effects may keep it. */
  list(kind: Operation['kind']): readonly Operation[] {
    this.#lists[kind] ??= [...this.#operations[kind].values()];
    return this.#lists[kind];
  }

  add(operation: Operation): void {
    this.#operations[operation.kind].set(operation.originator, operation);
    delete this.#lists[operation.kind];
  }

  delete(operation: Operation): void {
    this.#operations[operation.kind].delete(operation.originator);
    delete this.#lists[operation.kind];
  }
}
