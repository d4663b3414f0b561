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
  #publishedSecond = 0;
  #published = 0;
  readonly #subscriptions = new Operations();
  /** Made for those who are watched. */
  #watches: Operations | undefined = undefined;

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
    if (second !== this.#publishedSecond) {
      this.#publishedSecond = second;
      this.#published = 0;
    }
    this.#published += 1;
    return this.#published <= limit;
  }

  /** The in-progress operation of this kind and originator: 4.2 and 4.3 step 4 allow one. */
  find(kind: Operation['kind'], originator: string): Operation | undefined {
    return this.#of(kind)?.find(originator);
  }

  count(kind: Operation['kind']): number {
    return this.#of(kind)?.size ?? 0;
  }

  get hasOperations(): boolean {
    return this.count('subscribe') > 0 || this.count('watch') > 0;
  }

  /** The in-progress operations of one kind; the array never changes, so that effects may keep it. */
  list(kind: Operation['kind']): readonly Operation[] {
    return this.#of(kind)?.list ?? NONE;
  }

  add(operation: Operation): void {
    if (operation.kind === 'watch') this.#watches ??= new Operations();
    this.#of(operation.kind)?.add(operation);
  }

  delete(operation: Operation): void {
    this.#of(operation.kind)?.delete(operation);
  }

  #of(kind: Operation['kind']): Operations | undefined {
    return kind === 'subscribe' ? this.#subscriptions : this.#watches;
  }
}

/** The operations of one kind, by originator, in their order. */
class Operations {
  readonly #byOriginator = new Map<string, Operation>();
  #list: readonly Operation[] | undefined = undefined;

  get size(): number {
    return this.#byOriginator.size;
  }

  /** Made when it is asked for, and anew once something has changed. */
  get list(): readonly Operation[] {
    this.#list ??= [...this.#byOriginator.values()];
    return this.#list;
  }

  find(originator: string): Operation | undefined {
    return this.#byOriginator.get(originator);
  }

  add(operation: Operation): void {
    this.#byOriginator.set(operation.originator, operation);
    this.#list = undefined;
  }

  delete({ originator }: Operation): void {
    this.#byOriginator.delete(originator);
    this.#list = undefined;
  }
}

const NONE: readonly Operation[] = [];
