import { ReplyError } from '@apex/beep';
import { type DataMessage, domainOf, encodeDataMessage, type Party } from '@apex/protocol';
import type { Span } from '../tracing.ts';
import type { DataPassage } from './passage.ts';
import type { Relay, Settled } from './relay.ts';

/**
 * Step 5 of RFC 3340 §4.4.4.1 for one recipient: to a relay of another domain, to a service, or to an
 * application. Without a passage nobody asks what became of it (C4).
 */
export function route(
  relay: Relay,
  message: DataMessage,
  recipient: Party,
  passage: DataPassage | undefined,
  span?: Span,
): void {
  const asked: Settled =
    passage === undefined ? settledSilently : (failure) => passage.settle(outcomeOf(failure));
  const delivery = span?.begin('apex.deliver', { 'apex.recipient': recipient.identity });
  const settled = delivery === undefined ? asked : traced(delivery, asked);
  // 3340 §4.4.4.1 step 5.1, C5
  if (passage?.refusal !== undefined) return relay.drop(passage.refusal, settled);
  if (passage?.hop === 'intermediate') return forward(relay, message, recipient, passage, settled);
  const { data } = message;
  const originator = data.originator.identity;
  const service = relay.service(recipient.identity);
  if (service === undefined && passage === undefined) {
    return relay.deliver(originator, recipient.identity, encode, settled);
  }
  // C7: a service of the own domain is checked as every endpoint is
  relay.allowed(recipient.identity, originator, (refusal) => {
    if (refusal !== undefined) return relay.drop(refusal, settled);
    if (passage?.isSettled === true) return settled(undefined);
    if (service === undefined) return relay.transmit(recipient.identity, encode, settled);
    service.receive({ originator, recipient: recipient.identity, message, span: delivery });
    settled(undefined);
  });

  /** 3340 §5 rule 14 and 15: all options stay */
  function encode(): Uint8Array {
    return encodeDataMessage({ ...message, data: { ...data, recipients: [recipient] } });
  }
}

/** 3340 §4.4.4.1 step 5.2, 3340 §4.5.2 rule 2: whoever it is from and for. */
function forward(
  relay: Relay,
  message: DataMessage,
  recipient: Party,
  passage: DataPassage,
  settled: Settled,
): void {
  const domain = domainOf(recipient.identity);
  let onward: DataMessage;
  try {
    onward = passage.goesOn(message, recipient);
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    return relay.drop(error, settled);
  }
  if (relay.mesh === undefined) {
    return relay.drop(new ReplyError(550, `no way from here to the domain ${domain}`), settled);
  }
  const left = passage.expiresAfterMs - passage.elapsedMs;
  const withinMs = Number.isFinite(left) ? Math.max(0, left) : undefined;
  const payload = encodeDataMessage(onward);
  relay.mesh.forward({ domain, originator: passage.originator, payload, withinMs }, (failure) => {
    const refusal = outcomeOf(failure);
    if (refusal === undefined) settled(undefined);
    else relay.drop(refusal, settled);
  });
}

function traced(delivery: Span, settled: Settled): Settled {
  return (failure) => {
    delivery.end(outcomeOf(failure));
    settled(failure);
  };
}

/** What a report says of it: a session that ended is no refusal, but the data is not delivered. */
function outcomeOf(failure: Error | undefined): ReplyError | undefined {
  if (failure === undefined || failure instanceof ReplyError) return failure;
  return new ReplyError(550, `not acknowledged: ${failure.message}`);
}

/** C4: best effort; the counters have it. */
function settledSilently(): void {}
