import { isService, type TimestampSuffix } from '@apex/protocol';
import type { SubjectLimitName } from '../figures/limit-name.ts';
import type { StoreWrite } from '../store/ports.ts';
import type { Effect } from './effects.ts';
import type { Answer, Input, OperationInput } from './input.ts';
import type { PresenceLimits } from './limits.ts';
import { type Operation, operationRecord } from './operation.ts';
import type { SubjectState } from './state.ts';
import type { Transactions } from './transactions.ts';

/** What a decision may look at besides the subject. */
export interface Context {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: number;
  /** Monotonic milliseconds. */
  readonly monotonic: number;
  readonly transactions: Transactions;
  readonly limits: PresenceLimits;
  /** The endpoint of anonymous peers. */
  readonly guest?: string | undefined;
  /** How the entry of a new endpoint writes its time (RFC 3343 §7). */
  readonly suffix: TimestampSuffix;
}

/**
 * What one input leads to: writes for the store and, once they are durable, effects. The subject
 * and the transIDs are changed while it is made; `undo` takes the transIDs back, and the subject is
 * then read from the store again.
 */
export class Decision {
  readonly input: Input;
  readonly writes: StoreWrite[] = [];
  readonly effects: Effect[] = [];
  /** Operations in the order in which they began or ended here. */
  readonly changes: { readonly began: boolean; readonly operation: Operation }[] = [];

  /** Of a publish that is accepted: how many are told. */
  subscribers: number | undefined;
  /** A publish that has the same tuples as the entry before it. */
  isUnchanged = false;
  /** What it was refused for, if that was a limit. */
  limit: SubjectLimitName | undefined;

  constructor(input: Input) {
    this.input = input;
  }

  /** A positive reply (RFC 3341 §4.5, RFC 3343 §4.7). */
  accept(input: OperationInput): void {
    this.effects.push(reply(input, 250, ''));
  }

  refuse(input: OperationInput, code: number, text: string, limit?: SubjectLimitName): void {
    this.limit = limit;
    // C17: no error goes to a service
    if (isService(input.originator)) return;
    this.effects.push(reply(input, code, text));
  }

  settle(answer: Answer, failure?: Error): void {
    this.effects.push({ kind: 'settle', settle: () => answer(failure) });
  }

  begin(state: SubjectState, operation: Operation, context: Context): void {
    state.add(operation);
    context.transactions.reserve(operation);
    this.writes.push({ kind: 'put-operation', operation: operationRecord(operation) });
    this.changes.push({ began: true, operation });
  }

  end(state: SubjectState, operation: Operation, context: Context): void {
    state.delete(operation);
    context.transactions.release(operation);
    const { originator, transID } = operation;
    this.writes.push({ kind: 'remove-operation', originator, transID });
    this.changes.push({ began: false, operation });
  }

  /** What is sent is decided here; what ends here is sent nothing that was decided before. */
  markGone(): void {
    for (const { began, operation } of this.changes) if (!began) operation.gone = true;
  }

  /** Takes the changes of transIDs back, last one first. */
  undo(transactions: Transactions): void {
    for (const { began, operation } of this.changes.toReversed()) {
      if (began) transactions.release(operation);
      else transactions.reserve(operation);
    }
  }
}

export function reply(input: OperationInput, code: number, text: string): Effect {
  const { service, originator, transID } = input;
  return { kind: 'reply', service, recipient: originator, transID, code, text };
}

/** A4: of access and presence entries alike; `previous` is remembered when an entry is removed. */
export function nextLastUpdate(now: number, previous: number | undefined): number {
  return previous === undefined ? now : Math.max(now, previous + 1);
}
