import type { Decision } from './decision.ts';
import type { QueryInput } from './input.ts';
import { isAdmitted } from './requested.ts';
import type { SubjectState } from './state.ts';

/** The query operation of the access service (RFC 3341 §4.2). */
export function decideQuery(state: SubjectState, input: QueryInput, decision: Decision): void {
  const { owner, actor, actions, service, originator, transID } = input;
  // 3341 §4.2 step 1, 3341 §4.2 step 2, 3341 §4.2 step 3
  if (!isAdmitted(state, input, 'access:query', decision, owner)) return;
  // 3341 §4.2 step 4
  const grant = state.access.grant(owner, actor);
  // 3341 §4.2 step 5, 3341 §4.2 step 6
  const allowed = actions.every((action) => grant.allows(action));
  decision.effects.push({ kind: 'verdict', service, recipient: originator, transID, allowed });
}
