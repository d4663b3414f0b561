import { ReplyError } from '@apex/beep';
import type { Terminate } from '@apex/protocol';
import type { Outcome } from './outcome.ts';
import type { Relay } from './relay.ts';
import type { RelayChannel } from './relay-session.ts';

/** The steps of RFC 3340 §4.4.3, in their order. */
export function terminate(relay: Relay, channel: RelayChannel, request: Terminate, answer: Outcome): void {
  const { transID } = request;
  // 3340 §4.4.3 step 1, C1
  if (transID === 0) {
    for (const other of channel.session.channels) relay.endOperations(other);
    return answer(undefined);
  }
  // 3340 §4.4.3 step 2
  if (!channel.operations.has(transID)) {
    const ours = channel.ours?.get(transID);
    if (ours !== undefined) {
      // 3340 §2.1: a relay may terminate any binding, also one that is not its own.
      channel.ours?.delete(transID);
      answer(undefined);
      return relay.mesh?.ended(channel, ours);
    }
    return answer(new ReplyError(550, `transID ${transID} is not in use on this channel`));
  }
  // 3340 §4.4.3 step 3
  relay.endOperation(channel, transID);
  answer(undefined);
}
