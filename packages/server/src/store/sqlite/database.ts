import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { heldConflict, notProvisioned, operationConflict } from '../errors.ts';
import { endpointOf } from '../owner.ts';
import type {
  AccessRecord,
  CredentialMechanism,
  Credentials,
  CredentialsOf,
  HeldRecord,
  OperationRecord,
  PresenceRecord,
  StoreWrite,
  SubjectRecords,
} from '../ports.ts';

type Row = Record<string, SQLOutputValue>;

const SQLITE_CONSTRAINT_UNIQUE = 2067;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;

const OPERATION = `subject, kind, originator, trans_id AS transID, duration_seconds AS durationSeconds, deadline`;
const ACCESS = `owner, actor, actions, last_update AS lastUpdate`;
const HELD = `id, recipient, arrived_at AS arrivedAt, deadline, payload`;

/** The port's methods in SQL, synchronous, on a database that is ready. Transactions are the caller's. */
export class Database {
  readonly #putEndpoint: StatementSync;
  readonly #removeEndpoint: StatementSync;
  readonly #putCredentials: StatementSync;
  readonly #removeCredentials: StatementSync;
  readonly #putPresence: StatementSync;
  readonly #putOperation: StatementSync;
  readonly #removeOperation: StatementSync;
  readonly #putAccess: StatementSync;
  readonly #endpoint: StatementSync;
  readonly #endpoints: StatementSync;
  readonly #presence: StatementSync;
  readonly #operations: StatementSync;
  readonly #allOperations: StatementSync;
  readonly #access: StatementSync;
  readonly #accessByActor: StatementSync;
  readonly #credentials: StatementSync;
  readonly #secret: StatementSync;
  readonly #putHeld: StatementSync;
  readonly #removeHeld: StatementSync;
  readonly #removeHeldOf: StatementSync;
  readonly #allHeld: StatementSync;
  readonly #held: StatementSync;

  constructor(database: DatabaseSync) {
    const sql = (text: string) => database.prepare(text);
    this.#putEndpoint = sql(
      `INSERT INTO endpoint (endpoint, code_units, created_at) VALUES (?, ?, ?)
       ON CONFLICT (endpoint) DO UPDATE SET created_at = excluded.created_at`,
    );
    this.#removeEndpoint = sql(`UPDATE endpoint SET created_at = NULL WHERE endpoint = ?`);
    this.#putCredentials = sql(
      `INSERT INTO credentials (endpoint, mechanism, salt, iterations, stored_key, server_key)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#removeCredentials = sql(`DELETE FROM credentials WHERE endpoint = ?`);
    this.#putPresence = sql(
      `INSERT INTO presence (endpoint, last_update, revision, publisher_info, tuples_xml) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (endpoint) DO UPDATE SET last_update = excluded.last_update, revision = excluded.revision,
         publisher_info = excluded.publisher_info, tuples_xml = excluded.tuples_xml`,
    );
    // The very same operation may be put again; any other clash of (originator, transID) changes no row.
    this.#putOperation = sql(
      `INSERT INTO operation (subject, kind, originator, trans_id, duration_seconds, deadline) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (originator, trans_id) DO UPDATE
         SET duration_seconds = excluded.duration_seconds, deadline = excluded.deadline
         WHERE subject = excluded.subject AND kind = excluded.kind`,
    );
    this.#removeOperation = sql(`DELETE FROM operation WHERE originator = ? AND trans_id = ?`);
    this.#putAccess = sql(
      `INSERT INTO access (owner, actor, owner_endpoint, actions, last_update) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (owner, actor) DO UPDATE SET actions = excluded.actions, last_update = excluded.last_update`,
    );
    this.#endpoint = sql(`SELECT created_at AS createdAt FROM endpoint WHERE endpoint = ?`);
    this.#endpoints = sql(
      `SELECT endpoint FROM endpoint WHERE code_units > ? AND created_at IS NOT NULL ORDER BY code_units LIMIT ?`,
    );
    this.#presence = sql(
      `SELECT endpoint, last_update AS lastUpdate, revision, publisher_info AS publisherInfo, tuples_xml AS tuplesXml
       FROM presence WHERE endpoint = ?`,
    );
    this.#operations = sql(`SELECT ${OPERATION} FROM operation WHERE subject = ? ORDER BY id`);
    this.#allOperations = sql(`SELECT ${OPERATION} FROM operation ORDER BY subject, id`);
    this.#access = sql(`SELECT ${ACCESS} FROM access WHERE owner_endpoint = ?`);
    this.#accessByActor = sql(`SELECT ${ACCESS} FROM access WHERE actor = ? AND actions IS NOT NULL`);
    this.#credentials = sql(
      `SELECT mechanism, salt, iterations, stored_key AS storedKey, server_key AS serverKey
       FROM credentials WHERE endpoint = ? AND mechanism = ?`,
    );
    this.#secret = sql(`SELECT octets FROM secret`);
    this.#putHeld = sql(
      `INSERT INTO held (id, recipient, recipient_endpoint, arrived_at, deadline, payload)
       SELECT ?, ?, endpoint, ?, ?, ? FROM endpoint WHERE endpoint = ? AND created_at IS NOT NULL`,
    );
    this.#removeHeld = sql(`DELETE FROM held WHERE id = ?`);
    this.#removeHeldOf = sql(`DELETE FROM held WHERE recipient_endpoint = ?`);
    this.#allHeld = sql(`SELECT ${HELD} FROM held WHERE id > ? ORDER BY id LIMIT ?`);
    this.#held = sql(`SELECT ${HELD} FROM held WHERE recipient = ? ORDER BY id`);
  }

  commit(writes: readonly StoreWrite[]): void {
    for (const write of writes) this.#apply(write);
  }

  loadSubject(endpoint: string): SubjectRecords | undefined {
    const row = this.#endpoint.get(endpoint);
    if (row === undefined) return undefined;
    return {
      endpoint,
      createdAt: (row['createdAt'] as number | null) ?? undefined,
      presence: this.#presence.get(endpoint) as PresenceRecord | undefined,
      operations: this.#operations.all(endpoint) as unknown as OperationRecord[],
      access: this.#access.all(endpoint).map(accessOf),
    };
  }

  loadOperations(): readonly OperationRecord[] {
    return this.#allOperations.all() as unknown as OperationRecord[];
  }

  listEndpoints(after: string, limit: number): readonly string[] {
    return this.#endpoints.all(codeUnits(after), Math.max(0, limit)).map((row) => row['endpoint'] as string);
  }

  findAccessByActor(actor: string): readonly AccessRecord[] {
    return this.#accessByActor.all(actor).map(accessOf);
  }

  findCredentials<M extends CredentialMechanism>(
    endpoint: string,
    mechanism: M,
  ): CredentialsOf<M> | undefined {
    const row = this.#credentials.get(endpoint, mechanism);
    if (row === undefined) return undefined;
    const { storedKey, ...rest } = row;
    return (
      mechanism === 'DIGEST-MD5' ? { mechanism, storedKey } : { ...rest, storedKey }
    ) as CredentialsOf<M>;
  }

  secret(): Uint8Array {
    return this.#secret.get()?.['octets'] as Uint8Array;
  }

  listHeld(after: number, limit: number): readonly HeldRecord[] {
    return this.#allHeld.all(after, Math.max(0, limit)) as unknown as HeldRecord[];
  }

  findHeld(recipient: string): readonly HeldRecord[] {
    return this.#held.all(recipient) as unknown as HeldRecord[];
  }

  #apply(write: StoreWrite): void {
    switch (write.kind) {
      case 'put-endpoint':
        this.#putEndpoint.run(write.endpoint, codeUnits(write.endpoint), write.createdAt);
        return;
      case 'remove-endpoint': // A4: the presence record stays
        this.#removeEndpoint.run(write.endpoint);
        this.#removeCredentials.run(write.endpoint);
        this.#removeHeldOf.run(write.endpoint);
        return;
      case 'put-credentials':
        this.#replaceCredentials(write.endpoint, write.credentials);
        return;
      case 'put-presence': {
        const { endpoint, lastUpdate, revision, publisherInfo, tuplesXml } = write.presence;
        this.#putPresence.run(endpoint, lastUpdate, revision, publisherInfo, tuplesXml);
        return;
      }
      case 'put-operation':
        this.#insertOperation(write.operation);
        return;
      case 'remove-operation':
        this.#removeOperation.run(write.originator, write.transID);
        return;
      case 'put-access': {
        const { owner, actor, actions, lastUpdate } = write.access;
        this.#putAccess.run(
          owner,
          actor,
          endpointOf(owner),
          actions ? JSON.stringify(actions) : null,
          lastUpdate,
        );
        return;
      }
      case 'put-held':
        this.#insertHeld(write.held);
        return;
      case 'remove-held':
        this.#removeHeld.run(write.id);
        return;
    }
  }

  #insertHeld({ id, recipient, arrivedAt, deadline, payload }: HeldRecord): void {
    const endpoint = endpointOf(recipient);
    let changes: number | bigint;
    try {
      ({ changes } = this.#putHeld.run(id, recipient, arrivedAt, deadline, payload, endpoint));
    } catch (error) {
      throw errcodeOf(error) === SQLITE_CONSTRAINT_PRIMARYKEY ? heldConflict(id) : error;
    }
    if (changes === 0) throw notProvisioned(endpoint);
  }

  #replaceCredentials(endpoint: string, credentials: Credentials): void {
    const createdAt = this.#endpoint.get(endpoint)?.['createdAt'] ?? undefined;
    if (createdAt === undefined) throw notProvisioned(endpoint);
    this.#removeCredentials.run(endpoint);
    for (const each of credentials) {
      const { mechanism, storedKey } = each;
      if (each.mechanism === 'DIGEST-MD5') {
        this.#putCredentials.run(endpoint, mechanism, null, null, storedKey, null);
      } else {
        this.#putCredentials.run(endpoint, mechanism, each.salt, each.iterations, storedKey, each.serverKey);
      }
    }
  }

  #insertOperation(operation: OperationRecord): void {
    const { subject, kind, originator, transID, durationSeconds, deadline } = operation;
    let changes: number | bigint;
    try {
      ({ changes } = this.#putOperation.run(subject, kind, originator, transID, durationSeconds, deadline));
    } catch (error) {
      if (errcodeOf(error) !== SQLITE_CONSTRAINT_UNIQUE) throw error;
      changes = 0;
    }
    if (changes === 0) throw operationConflict(operation);
  }
}

function errcodeOf(error: unknown): unknown {
  return (error as { errcode?: unknown }).errcode;
}

function accessOf(row: Row): AccessRecord {
  const { owner, actor, actions, lastUpdate } = row as { [key in keyof AccessRecord]: never } & {
    actions: string | null;
  };
  return {
    owner,
    actor,
    actions: actions === null ? undefined : (JSON.parse(actions) as string[]),
    lastUpdate,
  };
}

/** A key whose byte order is the code unit order of the text. */
function codeUnits(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le').swap16();
}
