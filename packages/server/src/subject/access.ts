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
  const previous = findEntry(state, access);
  if (previous === undefined && access.actions === undefined) {
    const text = `${access.owner} has no access entry for ${access.actor}`;
    return decision.settle(answer, new UsageError('access.unknown', text));
  }
  changeAccess(state, access, undefined, context, decision);
  endDisallowed(state, access, context, decision);
  decision.settle(answer);
}

/** The explicit entry with literally this actor (RFC 3341 §3.2). */
export function findEntry(
  state: SubjectState,
  { owner, actor }: Pick<AccessChange, 'owner' | 'actor'>,
): AccessRecord | undefined {
  const record = state.access.find(owner, actor);
  return record?.actions === undefined ? undefined : record;
}

/** Sets an entry, or removes it (`actions` undefined), for an originator or for administration. Gives the new record. */
export function changeAccess(
  state: SubjectState,
  { owner, actor, actions }: AccessChange,
  by: string | undefined,
  context: Context,
  decision: Decision,
): AccessRecord {
  // A4
  const lastUpdate = nextLastUpdate(context.now, state.access.find(owner, actor)?.lastUpdate);
  const access = { owner, actor, actions, lastUpdate };
  putAccess(state, access, decision);
  decision.effects.push({ kind: 'access-changed', access, by });
  return access;
}

export function putAccess(state: SubjectState, access: AccessRecord, decision: Decision): void {
  state.access.put(access);
  decision.writes.push({ kind: 'put-access', access });
}

/**
 * A5: what a change of an entry no longer allows ends at once; only originators that its actor stands
 * for are concerned.
 */
export function endDisallowed(
  state: SubjectState,
  { owner, actor }: AccessChange,
  context: Context,
  decision: Decision,
): void {
  // Entries of a subaddress say nothing about presence (P6).
  if (owner !== state.endpoint) return;
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
