import { heldConflict, notProvisioned, operationConflict, StoreError } from '../errors.ts';
import { endpointOf } from '../owner.ts';
import type {
  AccessRecord,
  CredentialMechanism,
  Credentials,
  CredentialsOf,
  HeldRecord,
  OperationRecord,
  PresenceRecord,
  Store,
  StoreWrite,
  SubjectRecords,
} from '../ports.ts';

interface StoredOperation {
  readonly operation: OperationRecord;
  /** Grows with each new operation: they are loaded in this order. */
  readonly order: number;
}

interface EndpointState {
  createdAt: number | undefined;
  credentials: Credentials;
}

/**
 * A store that lives as long as its process, for tests and for trying the server out. A commit is
 * applied within the call; each write leaves behind how to undo it, so that a batch that fails
 * half-way leaves no trace.
 */
export class MemoryStore implements Store {
  readonly #endpoints = new Map<string, EndpointState>();
  readonly #presence = new Map<string, PresenceRecord>();
  /** By originator, then by transID. */
  readonly #operations = new Map<string, Map<number, StoredOperation>>();
  /** By subject, then by kind and originator. */
  readonly #bySubject = new Map<string, Map<string, StoredOperation>>();
  #operationsPut = 0;
  /** By the owner's endpoint, then by owner and actor. */
  readonly #access = new Map<string, Map<string, AccessRecord>>();
  /** The endpoints of owners whose entries name an actor, by actor; a superset once entries are removed. */
  readonly #ownersByActor = new Map<string, Set<string>>();
  readonly #held = new Map<number, HeldRecord>();
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  #closed = false;

  async commit(writes: readonly StoreWrite[]): Promise<void> {
    this.#refuseClosed();
    const undo: (() => void)[] = [];
    try {
      for (const write of writes) undo.push(this.#apply(write));
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  async loadSubject(endpoint: string): Promise<SubjectRecords | undefined> {
    this.#refuseClosed();
    const state = this.#endpoints.get(endpoint);
    if (state === undefined) return undefined;
    return {
      endpoint,
      createdAt: state.createdAt,
      presence: this.#presence.get(endpoint),
      operations: inOrder(this.#bySubject.get(endpoint)),
      access: [...(this.#access.get(endpoint)?.values() ?? [])],
    };
  }

  async loadOperations(): Promise<readonly OperationRecord[]> {
    this.#refuseClosed();
    return [...this.#bySubject.values()].flatMap(inOrder);
  }

  async listEndpoints(after: string, limit: number): Promise<readonly string[]> {
    this.#refuseClosed();
    const provisioned = [...this.#endpoints].filter(
      ([name, state]) => state.createdAt !== undefined && name > after,
    );
    return provisioned
      .map(([name]) => name)
      .sort()
      .slice(0, limit);
  }

  async findAccessByActor(actor: string): Promise<readonly AccessRecord[]> {
    this.#refuseClosed();
    const owners = [...(this.#ownersByActor.get(actor) ?? [])];
    const entries = owners.flatMap((owner) => [...(this.#access.get(owner)?.values() ?? [])]);
    return entries.filter((entry) => entry.actor === actor && entry.actions !== undefined);
  }

  async findCredentials<M extends CredentialMechanism>(
    endpoint: string,
    mechanism: M,
  ): Promise<CredentialsOf<M> | undefined> {
    this.#refuseClosed();
    const found = this.#endpoints.get(endpoint)?.credentials.find((each) => each.mechanism === mechanism);
    return found && (copyOf(found) as CredentialsOf<M>);
  }

  async secret(): Promise<Uint8Array> {
    this.#refuseClosed();
    return this.#secret;
  }

  async listHeld(after: number, limit: number): Promise<readonly HeldRecord[]> {
    this.#refuseClosed();
    return inOrderOfIds([...this.#held.values()].filter(({ id }) => id > after)).slice(0, limit);
  }

  async findHeld(recipient: string): Promise<readonly HeldRecord[]> {
    this.#refuseClosed();
    return inOrderOfIds([...this.#held.values()].filter((held) => held.recipient === recipient));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #refuseClosed(): void {
    if (this.#closed) throw new StoreError('store.closed', 'the store is closed');
  }

  /** Applies one write and returns how to undo it. */
  #apply(write: StoreWrite): () => void {
    switch (write.kind) {
      case 'put-endpoint': {
        const credentials = this.#endpoints.get(write.endpoint)?.credentials ?? [];
        return put(this.#endpoints, write.endpoint, { createdAt: write.createdAt, credentials });
      }
      case 'remove-endpoint': // A4: the presence record stays
        if (!this.#endpoints.has(write.endpoint)) return () => {};
        return both(
          put(this.#endpoints, write.endpoint, { createdAt: undefined, credentials: [] }),
          this.#removeHeldOf(write.endpoint),
        );
      case 'put-credentials': {
        const createdAt = this.#endpoints.get(write.endpoint)?.createdAt;
        if (createdAt === undefined) throw notProvisioned(write.endpoint);
        return put(this.#endpoints, write.endpoint, {
          createdAt,
          credentials: write.credentials.map(copyOf),
        });
      }
      case 'put-presence':
        return put(this.#presence, write.presence.endpoint, write.presence);
      case 'put-operation':
        return this.#putOperation(write.operation);
      case 'remove-operation':
        return this.#removeOperation(write.originator, write.transID);
      case 'put-access':
        return this.#putAccess(write.access);
      case 'put-held': {
        const { id, recipient, payload } = write.held;
        const endpoint = endpointOf(recipient);
        if (this.#endpoints.get(endpoint)?.createdAt === undefined) throw notProvisioned(endpoint);
        if (this.#held.has(id)) throw heldConflict(id);
        return put(this.#held, id, { ...write.held, payload: Uint8Array.from(payload) });
      }
      case 'remove-held':
        return remove(this.#held, write.id);
    }
  }

  #removeHeldOf(endpoint: string): () => void {
    const held = [...this.#held.values()].filter(({ recipient }) => endpointOf(recipient) === endpoint);
    const undo = held.map(({ id }) => remove(this.#held, id));
    return () => {
      for (const step of undo) step();
    };
  }

  #putOperation(operation: OperationRecord): () => void {
    const { subject, originator, transID } = operation;
    const own = entryOf(this.#operations, originator, () => new Map<number, StoredOperation>());
    const onSubject = entryOf(this.#bySubject, subject, () => new Map<string, StoredOperation>());
    const previous = own.get(transID);
    // The very same operation may be put again; any other clash breaks a uniqueness rule.
    if (previous !== onSubject.get(keyOf(operation))) throw operationConflict(operation);
    const stored = { operation, order: previous?.order ?? ++this.#operationsPut };
    return both(put(own, transID, stored), put(onSubject, keyOf(operation), stored));
  }

  #removeOperation(originator: string, transID: number): () => void {
    const own = this.#operations.get(originator);
    const stored = own?.get(transID);
    if (own === undefined || stored === undefined) return () => {};
    const onSubject = entryOf(
      this.#bySubject,
      stored.operation.subject,
      () => new Map<string, StoredOperation>(),
    );
    return both(remove(own, transID), remove(onSubject, keyOf(stored.operation)));
  }

  #putAccess(entry: AccessRecord): () => void {
    const endpoint = endpointOf(entry.owner);
    entryOf(this.#ownersByActor, entry.actor, () => new Set<string>()).add(endpoint);
    const entries = entryOf(this.#access, endpoint, () => new Map<string, AccessRecord>());
    return put(entries, JSON.stringify([entry.owner, entry.actor]), entry);
  }
}

function inOrder(operations: Map<string, StoredOperation> | undefined): OperationRecord[] {
  const stored = [...(operations?.values() ?? [])];
  return stored.sort((a, b) => a.order - b.order).map(({ operation }) => operation);
}

function inOrderOfIds(held: HeldRecord[]): HeldRecord[] {
  return held.sort((a, b) => a.id - b.id);
}

function keyOf(operation: OperationRecord): string {
  return `${operation.kind} ${operation.originator}`;
}

function copyOf(credentials: Credentials[number]): Credentials[number] {
  const storedKey = Uint8Array.from(credentials.storedKey);
  if (credentials.mechanism === 'DIGEST-MD5') return { ...credentials, storedKey };
  const { salt, serverKey } = credentials;
  return { ...credentials, storedKey, salt: Uint8Array.from(salt), serverKey: Uint8Array.from(serverKey) };
}

function put<K, V>(map: Map<K, V>, key: K, value: V): () => void {
  const previous = map.get(key);
  map.set(key, value);
  return previous === undefined ? () => map.delete(key) : () => map.set(key, previous);
}

function remove<K, V>(map: Map<K, V>, key: K): () => void {
  const previous = map.get(key);
  map.delete(key);
  return previous === undefined ? () => {} : () => map.set(key, previous);
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
