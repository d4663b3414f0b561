import { UsageError } from '@apex/beep';
import type { Context, Decision } from './decision.ts';
import type { AdministrationInput } from './input.ts';
import { endOperations } from './notices.ts';
import type { SubjectState } from './state.ts';

/** Administration no longer considers an operation to be in progress (RFC 3343 §4.5): its originator is told. */
export function decideEndOperation(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'end-operation' }>,
  context: Context,
  decision: Decision,
): void {
  const { originator, transID } = input.operation;
  const operation = context.transactions.find(originator, transID);
  if (operation === undefined || operation.subject !== state.endpoint) {
    const message = `${originator} has no operation with transID ${transID} in progress on ${state.endpoint}`;
    return decision.settle(input.answer, new UsageError('operation.over', message));
  }
  endOperations(state, [operation], input.reason, context, decision);
  decision.settle(input.answer);
}
