import type { Credentials } from '../store/ports.ts';
import type { Span } from '../tracing.ts';
import type { SubjectState } from './state.ts';

/** What the owner of a subject takes, one at a time. */
export type Input = OperationInput | ExpireInput | AdministrationInput;

/** An operation of a service. */
export type OperationInput = PresenceInput | AccessInput;

/** An operation of the presence service (RFC 3343 §4.2 to §4.5). */
export type PresenceInput = SubscribeInput | WatchInput | PublishInput | TerminateInput;

/** An operation of the access service (RFC 3341 §4.2 to §4.4). */
export type AccessInput = QueryInput | GetInput | SetInput;

interface Requested {
  /** The endpoint of the service that was addressed; it answers, and its domain is the administrative domain. */
  readonly service: string;
  readonly originator: string;
  readonly transID: number;
  /** In which it is asked for, and once the owner has it that of the operation; where there is tracing. */
  readonly span?: Span | undefined;
}

export interface SubscribeInput extends Requested {
  readonly kind: 'subscribe';
  readonly durationSeconds: number;
}

export interface WatchInput extends Requested {
  readonly kind: 'watch';
  readonly durationSeconds: number;
}

export interface PublishInput extends Requested {
  readonly kind: 'publish';
  readonly entry: PublishedEntry;
}

export interface TerminateInput extends Requested {
  readonly kind: 'terminate';
}

/** The owner is the subject, or a subaddress of it. */
export interface QueryInput extends Requested {
  readonly kind: 'query';
  readonly owner: string;
  /** An endpoint. */
  readonly actor: string;
  readonly actions: readonly string[];
}

export interface GetInput extends Requested {
  readonly kind: 'get';
  readonly owner: string;
  readonly actor: string;
}

export interface SetInput extends Requested {
  readonly kind: 'set';
  readonly access: AccessChange;
  /** Absent when the set has none; without milliseconds when the service never gave out such an instant. */
  readonly lastUpdate?: { readonly ms: number | undefined };
}

/** The presence element of a publish element, as far as a decision needs it. */
export interface PublishedEntry {
  readonly publisher: string;
  /** Milliseconds since the epoch; undefined when the instant is none that the service ever gave out. */
  readonly lastUpdate: number | undefined;
  /** Empty when absent. */
  readonly publisherInfo: string;
  /** The `tuple` elements as formatted by the protocol package. */
  readonly tuplesXml: string;
  readonly tupleCount: number;
  /** UTF-8 octets of all capabilities. */
  readonly capabilityOctets: number;
}

/** The time of an operation is over. */
export interface ExpireInput {
  readonly kind: 'expire';
  readonly originator: string;
  readonly transID: number;
  readonly generation: number;
}

/** What administration asks for; the outcome goes to `answer`. */
export type AdministrationInput =
  | { readonly kind: 'provision'; readonly provision: Provision; readonly answer: Answer }
  | { readonly kind: 'set-credentials'; readonly credentials: Credentials; readonly answer: Answer }
  | { readonly kind: 'remove'; readonly answer: Answer }
  | { readonly kind: 'set-access'; readonly access: AccessChange; readonly answer: Answer }
  | {
      readonly kind: 'import-presence';
      readonly entry: DatedEntry;
      readonly replace: boolean;
      /** Told before the answer, unless that is a failure. */
      readonly outcome: (outcome: ImportOutcome) => void;
      readonly answer: Answer;
    }
  | {
      readonly kind: 'import-access';
      readonly access: DatedAccess;
      readonly replace: boolean;
      readonly outcome: (outcome: ImportOutcome) => void;
      readonly answer: Answer;
    }
  /** P12: ends the operations on this subject of an endpoint and of its subaddresses. */
  | { readonly kind: 'remove-originator'; readonly endpoint: string; readonly answer: Answer }
  /** Ends one operation on this subject. */
  | {
      readonly kind: 'end-operation';
      readonly operation: { readonly originator: string; readonly transID: number };
      readonly reason: { readonly code: number; readonly text: string };
      readonly answer: Answer;
    }
  /** Reads the state, in its turn. */
  | { readonly kind: 'read'; readonly read: (state: SubjectState) => void; readonly answer: Answer };

/** Called once: with undefined when it is done and durable, else with what stood in the way. */
export type Answer = (failure: Error | undefined) => void;

export interface Provision {
  /** Absent: the endpoint cannot authenticate by password. */
  readonly credentials?: Credentials;
  /** Entries that the endpoint gets besides that of its subaddresses (C8). */
  readonly access: readonly { readonly actor: string; readonly actions: readonly string[] }[];
}

/** What became of an entry that was to be imported; `kept` is a newer one. */
export type ImportOutcome = 'imported' | 'unchanged' | 'kept';

/** A presence entry with the lastUpdate that it has. */
export interface DatedEntry extends PublishedEntry {
  readonly lastUpdate: number;
}

/** An access entry with the lastUpdate that it has. */
export interface DatedAccess extends AccessChange {
  readonly actions: readonly string[];
  readonly lastUpdate: number;
}

export interface AccessChange {
  /** The subject, or a subaddress of it. */
  readonly owner: string;
  readonly actor: string;
  /** Undefined removes the entry. */
  readonly actions: readonly string[] | undefined;
}
