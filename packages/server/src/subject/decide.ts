import { decideSetAccess } from './access.ts';
import { type Context, Decision } from './decision.ts';
import { decideEndOperation } from './end-operation.ts';
import { decideExpire } from './expire.ts';
import { decideGet } from './get.ts';
import { decideImportAccess, decideImportPresence } from './import.ts';
import type { Input } from './input.ts';
import { decideProvision, decideSetCredentials } from './provision.ts';
import { decidePublish } from './publish.ts';
import { decideQuery } from './query.ts';
import { decideRemove, decideRemoveOriginator } from './remove.ts';
import { decideSet } from './set.ts';
import type { SubjectState } from './state.ts';
import { decideSubscribe } from './subscribe.ts';
import { decideTerminate } from './terminate.ts';
import { decideWatch } from './watch.ts';

/**
 * Decides one input of one subject, in one step: nothing can come between its first check and the
 * change of state. Pure but for the state and the transIDs that it changes in place.
 */
export function decide(state: SubjectState, input: Input, context: Context): Decision {
  const decision = new Decision(input);
  switch (input.kind) {
    case 'subscribe':
      decideSubscribe(state, input, context, decision);
      break;
    case 'watch':
      decideWatch(state, input, context, decision);
      break;
    case 'publish':
      decidePublish(state, input, context, decision);
      break;
    case 'terminate':
      decideTerminate(state, input, context, decision);
      break;
    case 'query':
      decideQuery(state, input, decision);
      break;
    case 'get':
      decideGet(state, input, decision);
      break;
    case 'set':
      decideSet(state, input, context, decision);
      break;
    case 'expire':
      decideExpire(state, input, context, decision);
      break;
    case 'provision':
      decideProvision(state, input, context, decision);
      break;
    case 'set-credentials':
      decideSetCredentials(state, input, decision);
      break;
    case 'set-access':
      decideSetAccess(state, input, context, decision);
      break;
    case 'import-presence':
      decideImportPresence(state, input, context, decision);
      break;
    case 'import-access':
      decideImportAccess(state, input, context, decision);
      break;
    case 'remove':
      decideRemove(state, input, context, decision);
      break;
    case 'remove-originator':
      decideRemoveOriginator(state, input, context, decision);
      break;
    case 'end-operation':
      decideEndOperation(state, input, context, decision);
      break;
    case 'read':
      input.read(state);
      decision.settle(input.answer);
  }
  return decision;
}
