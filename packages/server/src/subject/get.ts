import { findEntry } from './access.ts';
import type { Decision } from './decision.ts';
import type { GetInput } from './input.ts';
import { isAdmitted } from './requested.ts';
import type { SubjectState } from './state.ts';

/** The get operation of the access service (RFC 3341 §4.3). */
export function decideGet(state: SubjectState, input: GetInput, decision: Decision): void {
  const { owner, actor, service, originator, transID } = input;
  // 3341 §4.3 step 1, 3341 §4.3 step 2, 3341 §4.3 step 3
  if (!isAdmitted(state, input, 'access:get', decision, owner)) return;
  // 3341 §4.3 step 4, A6: the literal owner
  const access = findEntry(state, input);
  // 3341 §4.3 step 5, A3: a default entry cannot be got
  if (access === undefined) return decision.refuse(input, 551, `${owner} has no entry for ${actor}`);
  // 3341 §4.3 step 6
  decision.effects.push({ kind: 'entry', service, recipient: originator, transID, access });
}
