import { UsageError } from '@apex/beep';
import { formatApexUrl, formatTimestamp, formatTuples, isSubaddress, literalActor } from '@apex/protocol';
import { putAccess } from './access.ts';
import { type Context, type Decision, nextLastUpdate } from './decision.ts';
import type { AdministrationInput } from './input.ts';
import type { SubjectState } from './state.ts';

/** An endpoint becomes valid, with its presence entry and its access entries from the start. */
export function decideProvision(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'provision' }>,
  context: Context,
  decision: Decision,
): void {
  const { endpoint } = state;
  const { provision, answer } = input;
  if (isSubaddress(endpoint)) {
    const text = `${endpoint} is a subaddress: provision its endpoint`;
    return decision.settle(answer, new UsageError('endpoint.subaddress', text));
  }
  if (state.exists) {
    return decision.settle(answer, new UsageError('endpoint.exists', `${endpoint} is already provisioned`));
  }
  state.createdAt = context.now;
  decision.writes.push({ kind: 'put-endpoint', endpoint, createdAt: context.now });
  const { credentials } = provision;
  if (credentials !== undefined) decision.writes.push({ kind: 'put-credentials', endpoint, credentials });
  putInitialPresence(state, context, decision);
  // C7, C8
  for (const { actor, actions } of provision.access) {
    const lastUpdate = nextLastUpdate(context.now, state.access.find(endpoint, actor)?.lastUpdate);
    putAccess(state, { owner: endpoint, actor, actions, lastUpdate }, decision);
  }
  decision.settle(answer);
}

/** C8: a subaddress may act for its own endpoint. */
export function ownEntry(endpoint: string): { readonly actor: string; readonly actions: readonly string[] } {
  return { actor: literalActor(endpoint).replace('@', '/*@'), actions: ['all:all'] };
}

/** P2: the entity was available until now, since an entry has at least one tuple. */
function putInitialPresence(state: SubjectState, context: Context, decision: Decision): void {
  const { endpoint } = state;
  // A4: later than the entry that a former endpoint of this name has left
  const lastUpdate = nextLastUpdate(context.now, state.presence?.lastUpdate);
  const tuple = {
    destination: formatApexUrl(endpoint),
    availableUntil: formatTimestamp(lastUpdate, { suffix: context.suffix }),
    tupleInfo: '',
    capabilities: [],
  };
  state.presence = {
    endpoint,
    lastUpdate,
    revision: (state.presence?.revision ?? 0) + 1,
    publisherInfo: '',
    tuplesXml: formatTuples([tuple]),
  };
  decision.writes.push({ kind: 'put-presence', presence: state.presence });
}

export function decideSetCredentials(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'set-credentials' }>,
  decision: Decision,
): void {
  const { endpoint } = state;
  const { credentials, answer } = input;
  if (!state.exists) {
    return decision.settle(answer, new UsageError('endpoint.unknown', `${endpoint} is not provisioned`));
  }
  decision.writes.push({ kind: 'put-credentials', endpoint, credentials });
  decision.settle(answer);
}
