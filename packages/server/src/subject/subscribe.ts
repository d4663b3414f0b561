import type { Context, Decision } from './decision.ts';
import type { SubscribeInput } from './input.ts';
import { notifyWatchers } from './notices.ts';
import { beginOperation, isAdmitted, isFree } from './requested.ts';
import type { SubjectState } from './state.ts';

/** The subscribe operation (RFC 3343 §4.2). */
export function decideSubscribe(
  state: SubjectState,
  input: SubscribeInput,
  context: Context,
  decision: Decision,
): void {
  // 3343 §4.2 step 1, 3343 §4.2 step 2, 3343 §4.2 step 3
  if (!isAdmitted(state, input, 'presence:subscribe', decision)) return;
  const { presence } = state;
  if (presence === undefined) return decision.refuse(input, 550, `${state.endpoint} has no presence entry`);
  // 3343 §4.2 step 4
  const previous = state.find('subscribe', input.originator);
  if (previous !== undefined) decision.end(state, previous, context);
  // 3343 §4.2 step 5, P11
  const isAccepted = isFree(state, input, context, decision);
  const lasts = isAccepted && input.durationSeconds > 0;
  // P4, P5: a lasting subscription replaces the previous one; a poll or a refusal ends it
  if (previous !== undefined && !lasts) notifyWatchers(state, [previous], 'terminate', decision);
  if (!isAccepted) return;
  // 3343 §4.2 step 6, 3343 §4.2 step 6.3
  if (lasts) beginOperation(state, input, context, decision);
  // 3343 §4.2 step 6.1
  const { originator, transID } = input;
  const recipients = [{ originator, transID, gone: false }];
  decision.effects.push({ kind: 'publish', recipients, presence, at: context.now });
  // 3343 §4.2 step 6.2, P5: polls included
  notifyWatchers(state, [input], 'subscribe', decision);
}
