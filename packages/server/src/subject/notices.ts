import type { Context, Decision } from './decision.ts';
import type { NotifiedSubscription } from './effects.ts';
import type { Addressee, Operation } from './operation.ts';
import type { SubjectState } from './state.ts';

/** P5: tells all who watch the subject of these subscriptions. */
export function notifyWatchers(
  state: SubjectState,
  subscriptions: readonly NotifiedSubscription[],
  action: 'subscribe' | 'terminate',
  decision: Decision,
  watches: readonly Addressee[] = state.list('watch'),
): void {
  if (watches.length === 0 || subscriptions.length === 0) return;
  decision.effects.push({ kind: 'notify', subject: state.endpoint, watches, subscriptions, action });
}

/**
 * The service ends operations of its own accord: their originators get a terminate, and those who
 * still watch, or `watches`, get a notify for each subscription (RFC 3343 §4.5, P5).
 */
export function endOperations(
  state: SubjectState,
  operations: readonly Operation[],
  reason: { readonly code: number; readonly text: string },
  context: Context,
  decision: Decision,
  watches?: readonly Addressee[],
): void {
  if (operations.length === 0) return;
  for (const operation of operations) decision.end(state, operation, context);
  const { code, text } = reason;
  decision.effects.push({ kind: 'terminate', subject: state.endpoint, operations, code, text });
  const subscriptions = operations.filter((operation) => operation.kind === 'subscribe');
  notifyWatchers(state, subscriptions, 'terminate', decision, watches);
}
