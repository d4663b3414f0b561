import type { Context, Decision } from './decision.ts';
import type { WatchInput } from './input.ts';
import { beginOperation, isAdmitted, isFree } from './requested.ts';
import type { SubjectState } from './state.ts';

/** The watch operation (RFC 3343 §4.3). */
export function decideWatch(
  state: SubjectState,
  input: WatchInput,
  context: Context,
  decision: Decision,
): void {
  // 3343 §4.3 step 1, 3343 §4.3 step 2, 3343 §4.3 step 3
  if (!isAdmitted(state, input, 'presence:watch', decision)) return;
  // 3343 §4.3 step 4, P4: also when the new one is then refused, or is a poll
  const previous = state.find('watch', input.originator);
  if (previous !== undefined) decision.end(state, previous, context);
  // 3343 §4.3 step 5, P11
  if (!isFree(state, input, context, decision)) return;
  // 3343 §4.3 step 6, 3343 §4.3 step 6.1
  decision.accept(input);
  // 3343 §4.3 step 6.2, P5
  const subscriptions = state.list('subscribe');
  const { originator, transID } = input;
  const watches = [{ originator, transID, gone: false }];
  if (subscriptions.length > 0) {
    decision.effects.push({
      kind: 'notify',
      subject: state.endpoint,
      watches,
      subscriptions,
      action: 'subscribe',
    });
  }
  // 3343 §4.3 step 6.3
  if (input.durationSeconds > 0) beginOperation(state, input, context, decision);
}
