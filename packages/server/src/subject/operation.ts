import type { OperationRecord } from '../store/ports.ts';

/** Who gets a message about an operation: RFC 3343 §4.4 to §4.6 name both in each one they send. */
export interface Addressee {
  readonly originator: string;
  readonly transID: number;
  /** The end of the operation has left, or is about to: a fan-out decided before passes it over. */
  readonly gone: boolean;
}

/** An in-progress subscribe or watch operation as it lives in memory. */
export interface Operation extends OperationRecord, Addressee {
  /** Differs for each operation of this process, so that an old timer never ends a replacement. */
  readonly generation: number;
  /** When it ends, in monotonic milliseconds (P14). */
  due: number;
  /** Its place among the scheduler's deadlines; -1 while it has none. */
  position: number;
  gone: boolean;
}

/** What the store keeps of it. */
export function operationRecord(operation: OperationRecord): OperationRecord {
  const { subject, kind, originator, transID, durationSeconds, deadline } = operation;
  return { subject, kind, originator, transID, durationSeconds, deadline };
}
