import { UsageError } from '@apex/beep';
import { matchesActor, parseActor, parseEndpoint } from '@apex/protocol';
import type { AccessRecord } from '../store/ports.ts';
import { type Context, type Decision, nextLastUpdate } from './decision.ts';
import type { AccessChange, AdministrationInput } from './input.ts';
import { endOperations } from './notices.ts';
import type { Operation } from './operation.ts';
import type { SubjectState } from './state.ts';

/** Administration sets or removes one access entry (RFC 3341 §3). */
export function decideSetAccess(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'set-access' }>,
  context: Context,
  decision: Decision,
): void {
  const { access, answer } = input;
  if (!state.exists) {
    return decision.settle(
      answer,
      new UsageError('endpoint.unknown', `${state.endpoint} is not provisioned`),
    );
  }
  const changed = changeAccess(state, access, context, decision);
  if (changed === undefined) {
    const text = `${access.owner} has no access entry for ${access.actor}`;
    return decision.settle(answer, new UsageError('access.unknown', text));
  }
  decision.settle(answer);
}

/**
 * Sets an entry, or removes it (`actions` undefined), with what follows from it (A5). Gives the new
 * record; undefined when there was nothing to remove.
 */
export function changeAccess(
  state: SubjectState,
  change: AccessChange,
  context: Context,
  decision: Decision,
): AccessRecord | undefined {
  const { owner, actor, actions } = change;
  const previous = state.access.find(owner, actor);
  if (actions === undefined && previous?.actions === undefined) return undefined;
  // A4
  const lastUpdate = nextLastUpdate(context.now, previous?.lastUpdate);
  const access = { owner, actor, actions, lastUpdate };
  putAccess(state, access, decision);
  if (owner === state.endpoint) endDisallowed(state, actor, context, decision);
  return access;
}

export function putAccess(state: SubjectState, access: AccessRecord, decision: Decision): void {
  state.access.put(access);
  decision.writes.push({ kind: 'put-access', access });
}

/** A5: what the entries no longer allow ends at once; only originators that `actor` stands for are concerned. */
function endDisallowed(state: SubjectState, actor: string, context: Context, decision: Decision): void {
  const pattern = parseActor(actor);
  const isDisallowed = ({ kind, originator }: Operation): boolean =>
    matchesActor(pattern, parseEndpoint(originator)) &&
    !state.access.allows(state.endpoint, originator, `presence:${kind}`);
  const ended = [
    ...state.list('watch').filter(isDisallowed),
    ...state.list('subscribe').filter(isDisallowed),
  ];
  endOperations(state, ended, { code: 537, text: 'no longer allowed' }, context, decision);
}
