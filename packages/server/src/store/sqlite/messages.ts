import type { StoreErrorCode } from '../errors.ts';
import type { Store } from '../ports.ts';

/**
 * What the store and its worker say to each other: batches of calls one way, the outcomes of each
 * batch back, in order. The worker's first message is the outcome of opening the database, as if
 * a batch had asked for it. `close` is the last call of the last batch.
 */
export interface Call {
  readonly method: keyof Store;
  readonly args: readonly unknown[];
}

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: StoreErrorCode; readonly message: string };
