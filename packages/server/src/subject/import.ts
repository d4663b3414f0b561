import { UsageError } from '@apex/beep';
import { isService, isSubaddress } from '@apex/protocol';
import type { AccessRecord, PresenceRecord } from '../store/ports.ts';
import { endDisallowed, putAccess } from './access.ts';
import { type Context, type Decision, nextLastUpdate } from './decision.ts';
import type { AdministrationInput, ImportOutcome } from './input.ts';
import { entryOverLimit } from './limits.ts';
import type { SubjectState } from './state.ts';

/**
 * Entries come back from an export, or from another server. Each has a lastUpdate of its own, which decides about
 * conflicts: what is newer here stays, unless it is to be replaced. An entry that is as provisioning made it counts
 * as none, however young it is. What is imported has the lastUpdate that it came with, unless that would go back for
 * somebody who may have seen a later one (A4, P10): then it gets the next one.
 */

/** A clock of another server may be wrong by so much, in milliseconds. */
const SKEW_MS = 24 * 60 * 60 * 1000;

/** Subscribers learn of it as of a publish (RFC 3343 §4.4 step 6). */
export function decideImportPresence(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'import-presence' }>,
  context: Context,
  decision: Decision,
): void {
  const { entry, replace, outcome, answer } = input;
  const { endpoint, presence: current } = state;
  if (!state.exists || current === undefined || isSubaddress(endpoint)) {
    return decision.settle(answer, notProvisioned(endpoint));
  }
  const over = entryOverLimit(entry, context.limits);
  if (over !== undefined) return decision.settle(answer, new UsageError('import.limit', over.text));
  const isSame = entry.tuplesXml === current.tuplesXml && entry.publisherInfo === current.publisherInfo;
  const conflict = resolve(state, current, { ...entry, isSame, replace }, context);
  if (typeof conflict !== 'number') return answerWith(conflict);
  // P10: who subscribes has seen the present entry
  const recipients = state.list('subscribe');
  const mayGoBack = recipients.length === 0 || conflict > current.lastUpdate;
  const presence: PresenceRecord = {
    endpoint,
    lastUpdate: mayGoBack ? conflict : nextLastUpdate(context.now, current.lastUpdate),
    revision: current.revision + 1,
    publisherInfo: entry.publisherInfo,
    tuplesXml: entry.tuplesXml,
  };
  state.presence = presence;
  decision.writes.push({ kind: 'put-presence', presence });
  if (recipients.length > 0)
    decision.effects.push({ kind: 'publish', recipients, presence, at: context.now });
  answerWith('imported');

  function answerWith(result: ImportOutcome | UsageError): void {
    if (typeof result === 'string') outcome(result);
    decision.settle(answer, typeof result === 'string' ? undefined : result);
  }
}

/** It takes effect at once (A5). */
export function decideImportAccess(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'import-access' }>,
  context: Context,
  decision: Decision,
): void {
  const { access, replace, outcome, answer } = input;
  if (!state.exists) return decision.settle(answer, notProvisioned(state.endpoint));
  // A4: one that was removed is remembered, and may be the newer one
  const current = state.access.find(access.owner, access.actor);
  const isSame = current?.actions?.join(' ') === access.actions.join(' ');
  const lastUpdate = resolve(state, current, { ...access, isSame, replace }, context);
  if (lastUpdate instanceof UsageError) return decision.settle(answer, lastUpdate);
  if (typeof lastUpdate === 'number') {
    const record: AccessRecord = { ...access, lastUpdate };
    putAccess(state, record, decision);
    decision.effects.push({ kind: 'access-changed', access: record, by: undefined });
    endDisallowed(state, record, context, decision);
  }
  outcome(typeof lastUpdate === 'number' ? 'imported' : lastUpdate);
  decision.settle(answer);
}

/** The lastUpdate that the imported entry gets, or why it is not imported. */
function resolve(
  state: SubjectState,
  current: { readonly lastUpdate: number } | undefined,
  imported: { readonly lastUpdate: number; readonly isSame: boolean; readonly replace: boolean },
  context: Context,
): number | ImportOutcome | UsageError {
  const { lastUpdate, isSame, replace } = imported;
  if (lastUpdate > context.now + SKEW_MS) {
    return new UsageError(
      'import.future',
      'its lastUpdate is more than a day ahead of the clock of this server',
    );
  }
  if (current === undefined || lastUpdate > current.lastUpdate) return lastUpdate;
  if (isSame && lastUpdate === current.lastUpdate) return 'unchanged';
  if (current.lastUpdate === state.createdAt) return lastUpdate;
  if (isSame) return 'unchanged';
  return replace ? nextLastUpdate(context.now, current.lastUpdate) : 'kept';
}

function notProvisioned(endpoint: string): UsageError {
  const text = isService(endpoint)
    ? `${endpoint} is no service of this server`
    : `${endpoint} is not provisioned: add it first (endpoint add or endpoint import, which give it a password)`;
  return new UsageError('import.unknown', text);
}
