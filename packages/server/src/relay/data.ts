import { ReplyError } from '@apex/beep';
import { type DataMessage, domainOf, encodeDataMessage, type Party } from '@apex/protocol';
import { misunderstood } from './options.ts';
import type { Outcome } from './outcome.ts';
import { type Relay, refusalOf } from './relay.ts';
import type { RelayChannel } from './relay-session.ts';

/** The steps of RFC 3340 §4.4.4.1, in their order. */
export function data(relay: Relay, channel: RelayChannel, message: DataMessage, answer: Outcome): void {
  const { originator, recipients, options } = message.data;
  // 3340 §4.4.4.1 step 1
  if (!mayOriginate(relay, channel, originator.identity)) {
    return refuse(relay, answer, new ReplyError(537, `not attached as ${originator.identity}`));
  }
  // 3340 §4.4.4.1 step 2, C5
  const refusal = misunderstood(options, 'data', 'intermediate');
  if (refusal !== undefined) return refuse(relay, answer, refusal);
  // 3340 §4.4.4.1 step 3, C4: accepted, not delivered
  relay.counters.accepted += 1;
  answer(undefined);
  // 3340 §4.4.4.1 step 4
  const unprocessed = misunderstood(originator.options, 'originator', 'intermediate');
  if (unprocessed !== undefined) return;
  // 3340 §4.4.4.1 step 5
  for (const recipient of recipients) process(relay, message, recipient);
}

function refuse(relay: Relay, answer: Outcome, refusal: ReplyError): void {
  relay.counters.refused += 1;
  answer(refusal);
}

/** 3340 §4.5.1 rule 2, 3340 §4.5.2 rule 3, C2: any endpoint attached on the same session; a bound relay for the domains it is bound for. */
function mayOriginate(relay: Relay, channel: RelayChannel, originator: string): boolean {
  const domain = domainOf(originator);
  for (const other of channel.session.channels) {
    for (const operation of other.operations.values()) {
      if (operation.kind === 'attachment') {
        if (operation.endpoint === originator) return true;
      } else if (operation.domain === domain && domain !== relay.domain) return true;
    }
  }
  return false;
}

function process(relay: Relay, message: DataMessage, recipient: Party): void {
  const { data } = message;
  const local = domainOf(recipient.identity) === relay.domain;
  const hop = local ? 'final' : 'intermediate';
  // 3340 §4.4.4.1 step 5.1, 3340 §5 rule 13, C5: what is meant for the final hop is judged for each local recipient
  const unprocessed =
    misunderstood(recipient.options, 'recipient', hop) ??
    misunderstood(data.options, 'data', hop) ??
    misunderstood(data.originator.options, 'originator', hop);
  if (unprocessed !== undefined) return drop(relay);
  // 3340 §4.4.4.1 step 5.2: no relay accepts data for another domain yet
  if (!local) return drop(relay);
  const service = relay.service(recipient.identity);
  if (service === undefined) {
    relay.deliver(
      data.originator.identity,
      recipient.identity,
      // 3340 §5 rule 14 and 15: all options stay
      () => encodeDataMessage({ ...message, data: { ...data, recipients: [recipient] } }),
      settledSilently,
    );
    return;
  }
  // C7: a service of the own domain is checked as every endpoint is
  relay.access.check(recipient.identity, data.originator.identity, 'core:data', (verdict) => {
    if (refusalOf(verdict, recipient.identity) !== undefined) return drop(relay);
    service.receive({ originator: data.originator.identity, recipient: recipient.identity, message });
  });
}

function drop(relay: Relay): void {
  relay.counters.undelivered += 1;
}

/** C4: best effort; the counters have it. */
function settledSilently(): void {}
