import { isService } from '@apex/protocol';
import { changeAccess, endDisallowed, findEntry } from './access.ts';
import type { Context, Decision } from './decision.ts';
import type { SetInput } from './input.ts';
import { isAdmitted } from './requested.ts';
import type { SubjectState } from './state.ts';

/** The set operation of the access service (RFC 3341 §4.4). */
export function decideSet(state: SubjectState, input: SetInput, context: Context, decision: Decision): void {
  const { access: change, lastUpdate, service, transID } = input;
  const { owner, actor, actions } = change;
  // 3341 §4.4 step 1, 3341 §4.4 step 2, 3341 §4.4 step 3
  if (!isAdmitted(state, input, 'access:set', decision, owner)) return;
  // 3341 §4.4 step 4, A6: the literal owner
  const present = findEntry(state, change);
  if (present === undefined) {
    // 3341 §4.4 step 5
    if (lastUpdate !== undefined) return decision.refuse(input, 555, `${owner} has no entry for ${actor}`);
    // A7
    if (actions === undefined) return decision.refuse(input, 551, `${owner} has no entry for ${actor}`);
    const isNew = state.access.find(owner, actor) === undefined;
    if (isNew && state.access.size >= context.limits.accessEntries) {
      return decision.refuse(
        input,
        554,
        `an endpoint may have ${context.limits.accessEntries} access entries`,
        'accessEntriesPerEndpoint',
      );
    }
  } else if (lastUpdate?.ms !== present.lastUpdate) {
    // 3341 §4.4 step 7, A4
    return decision.refuse(input, 555, 'the access entry has another lastUpdate');
  }
  // 3341 §4.4 step 6, 3341 §4.4 steps 6.1 and 6.2, 3341 §4.4 step 8, 3341 §4.4 step 8.1
  // 3341 §4.4 step 9, 3341 §4.4 steps 9.1 and 9.2
  const changed = changeAccess(state, change, input.originator, context, decision);
  // 3341 §4.4 step 6.3, 3341 §4.4 step 8.2, 3341 §4.4 step 9.3
  decision.accept(input);
  // 3341 §4 rule 5, 3341 §4.4 step 6.4, 3341 §4.4 step 8.3, 3341 §4.4 step 9.4; C17: none goes to a service
  if (!isService(owner)) {
    // As the text has it, what is deleted is told with the lastUpdate that it had (RFC 3341 §2.3).
    const access = actions === undefined && present !== undefined ? { ...present, actions } : changed;
    decision.effects.push({ kind: 'entry', service, recipient: owner, transID, access });
  }
  // A5
  endDisallowed(state, change, context, decision);
}
