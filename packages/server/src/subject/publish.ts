import { type Context, type Decision, nextLastUpdate } from './decision.ts';
import type { PublishInput } from './input.ts';
import { entryOverLimit } from './limits.ts';
import { isAdmitted } from './requested.ts';
import type { SubjectState } from './state.ts';

/** The publish operation (RFC 3343 §4.4). */
export function decidePublish(
  state: SubjectState,
  input: PublishInput,
  context: Context,
  decision: Decision,
): void {
  const { entry } = input;
  // 3343 §4.4 step 1
  if (entry.publisher !== state.endpoint) {
    return decision.refuse(input, 503, 'publish and presence name different publishers');
  }
  // 3343 §4.4 step 2, 3343 §4.4 step 3, 3343 §4.4 step 4
  if (!isAdmitted(state, input, 'presence:publish', decision)) return;
  const current = state.presence;
  // 3343 §4.4 step 5, P1: the lastUpdate of the presence element
  if (current === undefined || entry.lastUpdate !== current.lastUpdate) {
    return decision.refuse(input, 555, 'the presence entry has another lastUpdate');
  }
  const { limits } = context;
  // P11
  const over = entryOverLimit(entry, limits);
  if (over !== undefined) return decision.refuse(input, 554, over.text, over.limit);
  if (!state.mayPublish(context.monotonic, limits.publishesPerSecond)) {
    return decision.refuse(
      input,
      450,
      `at most ${limits.publishesPerSecond} updates a second; try again`,
      'publishesPerSecond',
    );
  }
  decision.isUnchanged =
    entry.tuplesXml === current.tuplesXml && entry.publisherInfo === current.publisherInfo;
  // 3343 §4.4 step 6, 3343 §4.4 step 6.1, 3343 §4.4 step 6.2
  const presence = {
    endpoint: state.endpoint,
    lastUpdate: nextLastUpdate(context.now, current.lastUpdate),
    revision: current.revision + 1,
    publisherInfo: entry.publisherInfo,
    tuplesXml: entry.tuplesXml,
  };
  state.presence = presence;
  decision.writes.push({ kind: 'put-presence', presence });
  // 3343 §4.4 step 6.3
  decision.accept(input);
  // 3343 §4.2 step 6.3
  const recipients = state.list('subscribe');
  decision.subscribers = recipients.length;
  if (recipients.length > 0)
    decision.effects.push({ kind: 'publish', recipients, presence, at: context.now });
}
