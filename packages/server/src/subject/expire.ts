import type { Context, Decision } from './decision.ts';
import type { ExpireInput } from './input.ts';
import { endOperations } from './notices.ts';
import type { SubjectState } from './state.ts';

/** The time of an operation is over (RFC 3343 §4.2 step 6.3, §4.3 step 6.3), or the cap of P7 is reached. */
export function decideExpire(
  state: SubjectState,
  input: ExpireInput,
  context: Context,
  decision: Decision,
): void {
  const operation = context.transactions.find(input.originator, input.transID);
  // A replacement has a generation, and a deadline, of its own.
  if (operation?.generation !== input.generation) return;
  // 3343 §4.2 step 6.3, 3343 §4.3 step 6.3, P7
  endOperations(state, [operation], { code: 250, text: '' }, context, decision);
}
