import { ReplyError } from '@apex/beep';
import type { Bind } from '@apex/protocol';
import type { Outcome } from './outcome.ts';
import type { Relay } from './relay.ts';
import type { RelayChannel, RelaySession } from './relay-session.ts';

/** The steps of RFC 3340 §4.4.2, in their order. */
export function bind(relay: Relay, channel: RelayChannel, request: Bind, answer: Outcome): void {
  const { relay: domain, transID } = request;
  // 3340 §4.4.2 step 1
  if (channel.operations.has(transID)) {
    return answer(new ReplyError(555, `transID ${transID} is in use on this channel`));
  }
  // 3340 §4.4.2 step 2, 3340 §4.5.2, 3340 §4.5.2 rule 1: the identity function
  if (!mayBind(relay, channel.session, domain)) {
    return answer(new ReplyError(537, `not allowed to bind for ${domain}`));
  }
  // 3340 §4.4.2 step 3
  const refusal =
    relay.options.misunderstood(request.options, 'bind', 'final') ?? relay.mayNot(channel.session);
  if (refusal !== undefined) return answer(refusal);
  // 3340 §4.4.2 step 4
  channel.operations.set(transID, { kind: 'binding', domain, transID });
  answer(undefined);
  relay.mesh?.bound(channel, domain);
}

/** Without a mesh there is nobody who knows more of relays than who they have authenticated as. */
function mayBind({ mesh }: Relay, session: RelaySession, domain: string): boolean {
  if (mesh !== undefined) return mesh.mayBind(session, domain);
  return session.facts().identity?.authorization === domain;
}
