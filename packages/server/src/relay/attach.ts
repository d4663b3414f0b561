import { ReplyError } from '@apex/beep';
import { type Attach, domainOf, hasAttachOverride, isService, parent } from '@apex/protocol';
import type { Outcome } from './outcome.ts';
import type { Relay } from './relay.ts';
import type { Attachment, RelayChannel } from './relay-session.ts';

/** The steps of RFC 3340 §4.4.1, in their order; `answer` is called once. */
export function attach(relay: Relay, channel: RelayChannel, request: Attach, answer: Outcome): void {
  const { endpoint, transID } = request;
  // 3340 §4.4.1 step 1
  if (channel.operations.has(transID)) {
    return answer(new ReplyError(555, `transID ${transID} is in use on this channel`));
  }
  // 3340 §4.4.1 step 2
  const wrong = elsewhere(relay, channel, domainOf(endpoint));
  if (wrong !== undefined) return answer(new ReplyError(553, wrong));
  // 3340 §4.4.1 step 3
  if (!mayAttach(channel, endpoint)) {
    return answer(new ReplyError(537, `not allowed to attach as ${endpoint}`));
  }
  // 3340 §4.4.1 step 4
  const refusal = relay.options.misunderstood(request.options, 'attach', 'final');
  if (refusal !== undefined) return answer(refusal);
  // Guests are all the same identity: none takes the place of another.
  const overrides =
    !channel.session.isGuest &&
    relay.options.understands('attachOverride', 'attach') &&
    hasAttachOverride(request.options);

  // The endpoint may have been removed since its peer authenticated; its own entries tell.
  relay.access.check(endpoint, endpoint, 'core:data', (verdict) => {
    if (verdict === 'unknown') return answer(new ReplyError(537, `${endpoint} is not provisioned`));
    if (verdict === 'failed') return answer(new ReplyError(451, 'the store did not answer; try again'));
    take(false);
  });

  /** `isKnown`: the present attachment is no mere memory of a peer that has left. */
  function take(isKnown: boolean): void {
    if (!relay.isOpen(channel)) return;
    if (channel.operations.has(transID)) {
      return answer(new ReplyError(555, `transID ${transID} is in use on this channel`));
    }
    const excess = relay.mayNot(channel.session);
    if (excess !== undefined) return answer(excess);
    const present = relay.attachments.find(endpoint);
    // C3: the same session may attach its endpoint once more.
    if (present !== undefined && present.channel.session !== channel.session) {
      // 3342 §1
      if (!overrides) {
        const { link } = present.channel;
        if (!isKnown && link.caughtUp !== undefined) return link.caughtUp(() => take(true));
        // 3340 §4.4.1 step 5
        return answer(new ReplyError(554, `${endpoint} is attached elsewhere; attachOverride takes it over`));
      }
      relay.detach(endpoint, 556, 'overridden');
    }
    // 3340 §4.4.1 step 6
    const attachment: Attachment = { kind: 'attachment', endpoint, transID, channel };
    channel.operations.set(transID, attachment);
    relay.attachments.add(attachment);
    answer(undefined);
    // 3342 §3
    relay.held.attached(endpoint);
  }
}

/** B15: a session that began with the name of a domain is of that one. */
function elsewhere(relay: Relay, channel: RelayChannel, domain: string): string | undefined {
  if (!relay.serves(domain)) return `this relay serves ${relay.domains.join(', ')}`;
  const serverName = channel.session.facts().serverName?.toLowerCase();
  const isOther = serverName !== undefined && serverName !== domain && relay.serves(serverName);
  return isOther ? `this session is of ${serverName}; begin one of ${domain}` : undefined;
}

/** 3340 §4.5.1 rule 1, C3: the identity function, extended to subaddresses; nobody attaches as a service. */
function mayAttach(channel: RelayChannel, endpoint: string): boolean {
  const identity = channel.session.facts().identity;
  if (identity === undefined || identity.authorization === '') return false;
  if (isService(endpoint)) return false;
  if (channel.session.isGuest && identity.authorization === endpoint) return false;
  return identity.authorization === parent(endpoint);
}
