import type { Context, Decision } from './decision.ts';
import type { TerminateInput } from './input.ts';
import { notifyWatchers } from './notices.ts';
import type { SubjectState } from './state.ts';

/** The terminate operation of an application (RFC 3343 §4.5). */
export function decideTerminate(
  state: SubjectState,
  input: TerminateInput,
  context: Context,
  decision: Decision,
): void {
  const operation = context.transactions.find(input.originator, input.transID);
  // 3343 §4.5 step 1, P3
  if (operation === undefined || operation.subject !== state.endpoint) {
    return decision.refuse(input, 550, `transID ${input.transID} refers to no operation in progress`);
  }
  // 3343 §4.5 step 2
  decision.end(state, operation, context);
  decision.accept(input);
  // P5
  if (operation.kind === 'subscribe') notifyWatchers(state, [operation], 'terminate', decision);
}
