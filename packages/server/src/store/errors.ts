/**
 * A store could not do what it was asked to do. `code` is stable:
 *
 * - `store.conflict`: a write breaks a uniqueness rule of the port; nothing of its batch was applied.
 * - `store.endpoint`: credentials or data for an endpoint that is not provisioned; nothing was applied.
 * - `store.failed`: the storage below failed (full disk, I/O error); nothing was applied.
 * - `store.corrupt`: the file is damaged.
 * - `store.foreign`: the file is not a store of this server.
 * - `store.newer`: the file was written by a newer version.
 * - `store.missing`: there is no database.
 * - `store.exists`: there is one already.
 * - `store.domain`: the file is of another domain.
 * - `store.locked`: another process uses the data folder.
 * - `store.closed`: the store was closed.
 * - `store.lost`: the store's worker ended; whether pending writes are durable is not known.
 */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** The causes of a store's error. */
export type StoreErrorCode =
  | 'store.conflict'
  | 'store.endpoint'
  | 'store.failed'
  | 'store.corrupt'
  | 'store.foreign'
  | 'store.newer'
  | 'store.missing'
  | 'store.exists'
  | 'store.domain'
  | 'store.locked'
  | 'store.closed'
  | 'store.lost';

/** The refusal of a `put-operation`, worded alike in every store. */
export function operationConflict(operation: {
  readonly subject: string;
  readonly kind: string;
  readonly originator: string;
  readonly transID: number;
}): StoreError {
  const { subject, kind, originator, transID } = operation;
  return new StoreError(
    'store.conflict',
    `${originator} already has an operation with transID ${transID} or a ${kind} operation on ${subject}`,
  );
}

/** The refusal of a `put-credentials` or a `put-held`, worded alike in every store. */
export function notProvisioned(endpoint: string): StoreError {
  return new StoreError('store.endpoint', `${endpoint} is not provisioned: add the endpoint first`);
}

/** The refusal of a `put-held`, worded alike in every store. */
export function heldConflict(id: number): StoreError {
  return new StoreError('store.conflict', `there is held data with id ${id} already`);
}
