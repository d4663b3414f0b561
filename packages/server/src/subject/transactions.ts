import { isSubaddress, parent } from '@apex/protocol';
import type { OperationRecord } from '../store/ports.ts';
import type { Operation } from './operation.ts';

/**
 * All in-progress operations by originator and transID (RFC 3340 §6.1.1 rule 2): a transID names one
 * operation of its originator, whichever subject it is about and whichever channel it came by. A decision reserves and releases
 * transIDs in the same step in which it changes its subject. An input that waits for its subject
 * holds its transID meanwhile, so that a terminate behind it finds the way.
 */
export class Transactions {
  readonly #operations = new Map<string, Map<number, Operation>>();
  readonly #holds = new Map<string, Map<number, Hold>>();
  /** Originators that are subaddresses, by endpoint. */
  readonly #subaddresses = new Map<string, Set<string>>();
  #generation = 0;
  readonly #counts = { subscribe: 0, watch: 0 };

  /** In-progress operations. */
  get size(): number {
    return this.#counts.subscribe + this.#counts.watch;
  }

  /** In-progress operations of each kind. */
  get counts(): Readonly<Record<'subscribe' | 'watch', number>> {
    return this.#counts;
  }

  /** An operation with a generation of its own; not yet in progress. `due` is monotonic milliseconds. */
  create(record: OperationRecord, due: number): Operation {
    return { ...record, generation: ++this.#generation, due, position: -1, gone: false };
  }

  find(originator: string, transID: number): Operation | undefined {
    return this.#operations.get(originator)?.get(transID);
  }

  /** In-progress operations of one originator. */
  count(originator: string): number {
    return this.#operations.get(originator)?.size ?? 0;
  }

  /** Whether the transID may be taken: neither in progress nor held by a waiting input. */
  isFree(originator: string, transID: number): boolean {
    return this.find(originator, transID) === undefined && this.#hold(originator, transID) === undefined;
  }

  /** The subject to which a terminate of this transID belongs. */
  subjectOf(originator: string, transID: number): string | undefined {
    return this.find(originator, transID)?.subject ?? this.#hold(originator, transID)?.subject;
  }

  /** The in-progress operations of an endpoint and of its subaddresses. */
  *ofEndpoint(endpoint: string): Iterable<Operation> {
    yield* this.#operations.get(endpoint)?.values() ?? [];
    for (const originator of this.#subaddresses.get(endpoint) ?? []) {
      yield* this.#operations.get(originator)?.values() ?? [];
    }
  }

  reserve(operation: Operation): void {
    const { originator, transID } = operation;
    entryOf(this.#operations, originator, newMap<Operation>).set(transID, operation);
    this.#counts[operation.kind] += 1;
    if (isSubaddress(originator)) {
      entryOf(this.#subaddresses, parent(originator), () => new Set<string>()).add(originator);
    }
  }

  release(operation: Operation): void {
    const { originator, transID } = operation;
    const own = this.#operations.get(originator);
    if (own?.get(transID) !== operation) return;
    own.delete(transID);
    this.#counts[operation.kind] -= 1;
    if (own.size > 0) return;
    this.#operations.delete(originator);
    if (!isSubaddress(originator)) return;
    const endpoint = parent(originator);
    const originators = this.#subaddresses.get(endpoint);
    originators?.delete(originator);
    if (originators?.size === 0) this.#subaddresses.delete(endpoint);
  }

  /** Holds a transID for an input that waits; undefined when it is not free. */
  hold(originator: string, transID: number, subject: string): Hold | undefined {
    if (!this.isFree(originator, transID)) return undefined;
    const hold: Hold = { originator, transID, subject };
    entryOf(this.#holds, originator, newMap<Hold>).set(transID, hold);
    return hold;
  }

  drop(hold: Hold): void {
    const held = this.#holds.get(hold.originator);
    held?.delete(hold.transID);
    if (held?.size === 0) this.#holds.delete(hold.originator);
  }

  #hold(originator: string, transID: number): Hold | undefined {
    return this.#holds.size === 0 ? undefined : this.#holds.get(originator)?.get(transID);
  }
}

/** The tentative reservation of an input that waits for its subject. */
export interface Hold {
  readonly originator: string;
  readonly transID: number;
  readonly subject: string;
}

function newMap<V>(): Map<number, V> {
  return new Map<number, V>();
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
