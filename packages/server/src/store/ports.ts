/**
 * What the server keeps in persistent storage (RFC 3343 §4, RFC 3341 §4), and the port to it.
 * Instants are milliseconds since the epoch (UTC, wall clock), so that they survive a restart.
 * Endpoints are written `local@domain` with the domain in lower case.
 */
export interface Store {
  /**
   * Applies all writes in order, all or none. Resolves when they are durable; rejects with
   * StoreError when none was applied (`store.lost`: when that is not known). Calls are applied in
   * the order in which they were made; a load sees every commit that was called before it.
   */
  commit(writes: readonly StoreWrite[]): Promise<void>;
  /** Everything about one endpoint and its subaddresses; undefined when it was never provisioned. */
  loadSubject(endpoint: string): Promise<SubjectRecords | undefined>;
  /** All in-progress operations, by subject, and those of a subject in the order in which they were put. */
  loadOperations(): Promise<readonly OperationRecord[]>;
  /** Provisioned endpoints (services included) in code unit order, those after `after`, at most `limit`. */
  listEndpoints(after: string, limit: number): Promise<readonly string[]>;
  /** The access entries that name `actor` literally, whoever owns them (removed ones excluded). */
  findAccessByActor(actor: string): Promise<readonly AccessRecord[]>;
  findCredentials<M extends CredentialMechanism>(
    endpoint: string,
    mechanism: M,
  ): Promise<CredentialsOf<M> | undefined>;
  /** 32 random octets that are the store's own: the same ones for as long as it lives. */
  secret(): Promise<Uint8Array>;
  /** Held data in the order of its ids, that with an id above `after`, at most `limit`. */
  listHeld(after: number, limit: number): Promise<readonly HeldRecord[]>;
  /** The held data of exactly this recipient, in the order of its ids. */
  findHeld(recipient: string): Promise<readonly HeldRecord[]>;
  close(): Promise<void>;
}

/** One change, of which a batch makes several at once. */
export type StoreWrite =
  /** Provisions an endpoint, or changes its createdAt; credentials and presence stay. */
  | { readonly kind: 'put-endpoint'; readonly endpoint: string; readonly createdAt: number }
  /**
   * Keeps the presence record, so that its lastUpdate is remembered (A4); drops credentials, and what
   * is held for the endpoint and its subaddresses (A8).
   */
  | { readonly kind: 'remove-endpoint'; readonly endpoint: string }
  /**
   * Replaces all credentials of the endpoint, so that no mechanism goes on with an old password; at most one
   * for each mechanism. Refused with `store.endpoint` when the endpoint is not provisioned.
   */
  | { readonly kind: 'put-credentials'; readonly endpoint: string; readonly credentials: Credentials }
  | { readonly kind: 'put-presence'; readonly presence: PresenceRecord }
  /**
   * Refused with `store.conflict` when the originator has another operation with this transID, or
   * another one of this kind on the subject: remove that one first. The very same one is replaced.
   */
  | { readonly kind: 'put-operation'; readonly operation: OperationRecord }
  | { readonly kind: 'remove-operation'; readonly originator: string; readonly transID: number }
  | { readonly kind: 'put-access'; readonly access: AccessRecord }
  /**
   * Refused with `store.endpoint` when the endpoint of the recipient is not provisioned, with
   * `store.conflict` when the id is taken.
   */
  | { readonly kind: 'put-held'; readonly held: HeldRecord }
  | { readonly kind: 'remove-held'; readonly id: number };

/** All that a store has of one endpoint. */
export interface SubjectRecords {
  readonly endpoint: string;
  /** When it was provisioned; undefined while it is removed. */
  readonly createdAt: number | undefined;
  readonly presence: PresenceRecord | undefined;
  /** In-progress operations on this subject. */
  readonly operations: readonly OperationRecord[];
  /** Entries owned by the endpoint and by its subaddresses, removed ones included. */
  readonly access: readonly AccessRecord[];
}

/** A presence entry (RFC 3343 §3). */
export interface PresenceRecord {
  readonly endpoint: string;
  readonly lastUpdate: number;
  /** Grows by one with each update. */
  readonly revision: number;
  /** Empty when absent. */
  readonly publisherInfo: string;
  /** The `tuple` elements as formatted by the protocol package. */
  readonly tuplesXml: string;
}

/** An in-progress subscribe or watch operation. (originator, transID) is unique. */
export interface OperationRecord {
  readonly subject: string;
  readonly kind: 'subscribe' | 'watch';
  readonly originator: string;
  readonly transID: number;
  /** As requested, before any cap. */
  readonly durationSeconds: number;
  readonly deadline: number;
}

/** An access entry (RFC 3341 §3). (owner, actor) is unique. */
export interface AccessRecord {
  readonly owner: string;
  readonly actor: string;
  /** Undefined for an entry that was removed: its lastUpdate is remembered (A4). */
  readonly actions: readonly string[] | undefined;
  readonly lastUpdate: number;
}

/** Data that waits for its recipient (RFC 3342 §3, C14). */
export interface HeldRecord {
  /** Unique; data is delivered in the order of ids. */
  readonly id: number;
  /** An endpoint or a subaddress. */
  readonly recipient: string;
  readonly arrivedAt: number;
  readonly deadline: number;
  /** The BEEP payload of a data element with this recipient alone. */
  readonly payload: Uint8Array;
}

/** What is kept of one password, for each mechanism that is to work with it; never the password itself. */
export type Credentials = readonly (ScramCredentials | DigestCredentials)[];

/** The mechanisms for which a store keeps credentials. */
export type CredentialMechanism = Credentials[number]['mechanism'];

/** What a store keeps for a mechanism. */
export type CredentialsOf<M extends CredentialMechanism> = M extends 'DIGEST-MD5'
  ? DigestCredentials
  : ScramCredentials;

/** DIGEST-MD5: whoever has this can authenticate with it, so that it is kept only where that is switched on. */
export interface DigestCredentials {
  readonly mechanism: 'DIGEST-MD5';
  /** The hash of endpoint, realm and password. */
  readonly storedKey: Uint8Array;
}

/** RFC 5802 §3 stored keys. */
export interface ScramCredentials {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-1';
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}
