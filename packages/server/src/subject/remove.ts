import { UsageError } from '@apex/beep';
import { putAccess } from './access.ts';
import type { Context, Decision } from './decision.ts';
import type { AdministrationInput } from './input.ts';
import { endOperations } from './notices.ts';
import type { SubjectState } from './state.ts';

/**
 * An endpoint is removed (P12, A8). What stands at other subjects, its operations on them and the
 * entries that name it, is ended there, by inputs of their own.
 */
export function decideRemove(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'remove' }>,
  context: Context,
  decision: Decision,
): void {
  const { endpoint } = state;
  if (!state.exists) {
    return decision.settle(
      input.answer,
      new UsageError('endpoint.unknown', `${endpoint} is not provisioned`),
    );
  }
  const reason = { code: 550, text: `${endpoint} was removed` };
  // P12, P5: the subscriptions end first, so that those who watch are told; as addressees of their own,
  // since the watches end in the same step, and what has ended is sent nothing from before
  const watches = state
    .list('watch')
    .map(({ originator, transID }) => ({ originator, transID, gone: false }));
  endOperations(state, state.list('subscribe'), reason, context, decision, watches);
  endOperations(state, state.list('watch'), reason, context, decision);
  // A8, A4: the entries go, their lastUpdate stays
  for (const access of state.access.all()) putAccess(state, { ...access, actions: undefined }, decision);
  state.createdAt = undefined;
  decision.writes.push({ kind: 'remove-endpoint', endpoint });
  // P12
  decision.effects.push({ kind: 'detach', endpoint, ...reason });
  decision.settle(input.answer);
}

/** P12: the operations here of an endpoint that is being removed, and of its subaddresses. */
export function decideRemoveOriginator(
  state: SubjectState,
  input: Extract<AdministrationInput, { kind: 'remove-originator' }>,
  context: Context,
  decision: Decision,
): void {
  const own = [...context.transactions.ofEndpoint(input.endpoint)].filter(
    (operation) => operation.subject === state.endpoint,
  );
  const reason = { code: 550, text: `${input.endpoint} was removed` };
  endOperations(state, own, reason, context, decision);
  decision.settle(input.answer);
}
