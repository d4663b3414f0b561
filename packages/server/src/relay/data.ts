import { MessageError, ReplyError } from '@apex/beep';
import { type DataMessage, domainOf, type Party } from '@apex/protocol';
import { ending, type Span } from '../tracing.ts';
import type { Holding } from './held/held-data.ts';
import type { Outcome } from './outcome.ts';
import type { DataPassage } from './passage.ts';
import type { Relay } from './relay.ts';
import type { RelayChannel } from './relay-session.ts';
import { route } from './route.ts';

/** The steps of RFC 3340 §4.4.4.1, in their order. */
export function data(relay: Relay, channel: RelayChannel, message: DataMessage, answer: Outcome): void {
  if (relay.tracing === undefined) return take(relay, channel, message, answer, undefined);
  const { originator, recipients } = message.data;
  // What nobody has checked yet is named by those who were let in only.
  const span = relay.tracing.begin('apex.data', {
    'apex.recipients': recipients.length,
    ...(mayOriginate(relay, channel, originator.identity) ? { 'apex.originator': originator.identity } : {}),
  });
  take(relay, channel, message, ending(span, answer), span);
}

function take(
  relay: Relay,
  channel: RelayChannel,
  message: DataMessage,
  answer: Outcome,
  span: Span | undefined,
): void {
  const { originator, options } = message.data;
  // 3340 §4.4.4.1 step 1
  if (!mayOriginate(relay, channel, originator.identity)) {
    return answer(new ReplyError(537, `not attached as ${originator.identity}`));
  }
  // 3340 §4.4.4.1 step 2, C5
  const refusal = relay.options.misunderstood(options, 'data', 'intermediate');
  if (refusal !== undefined) return answer(refusal);
  let passages: readonly DataPassage[];
  try {
    passages = begin(relay, message);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    return answer(new ReplyError(error.replyCode, error.message));
  }
  const holdings = passages.some(({ isHeld }) => isHeld) ? holdingsOf(relay, message, passages) : [];
  if (holdings.length === 0) {
    // 3340 §4.4.4.1 step 3, C4: accepted, not delivered
    relay.counters.accepted += 1;
    answer(undefined);
    return proceed(relay, message, passages, NOT_HELD, span);
  }
  // C14: written before the sender's ok
  relay.held.hold(holdings, (failure) => {
    const isOpen = relay.isOpen(channel);
    if (failure !== undefined) {
      for (const passage of passages) passage.abandon();
      if (isOpen) answer(failure);
      else span?.end(failure);
      return;
    }
    relay.counters.accepted += 1;
    if (isOpen) answer(undefined);
    else span?.end();
    const held = new Set(holdings.map(({ passage }) => passage));
    proceed(relay, message, passages, held, span);
  });
}

/** Data that begins here, such as a report: nobody is to be answered, and nothing of it is held. */
export function originate(relay: Relay, message: DataMessage): void {
  proceed(relay, message, begin(relay, message));
}

/** Data without options has a passage only where it goes to another relay. */
function begin(relay: Relay, message: DataMessage): readonly DataPassage[] {
  const { options, originator, recipients } = message.data;
  const isPlain =
    options.length === 0 &&
    originator.options.length === 0 &&
    recipients.every(
      (recipient) => recipient.options.length === 0 && relay.passages.hopOf(recipient) === 'final',
    );
  return isPlain ? NONE : relay.passages.begin(message, relay.now());
}

/** 3340 §4.4.4.1 steps 4 and 5 */
function proceed(
  relay: Relay,
  message: DataMessage,
  passages: readonly DataPassage[],
  held: ReadonlySet<DataPassage> = NOT_HELD,
  span?: Span,
): void {
  const { recipients } = message.data;
  for (let index = 0; index < recipients.length; index += 1) {
    const passage = passages[index];
    if (passage === undefined || !held.has(passage)) {
      route(relay, message, recipients[index] as Party, passage, span);
    }
  }
}

/** RFC 3342 §3: hold4Endpoint is about endpoints of this domain; services are always there. */
function holdingsOf(
  relay: Relay,
  message: DataMessage,
  passages: readonly DataPassage[],
): readonly Holding[] {
  const holdings: Holding[] = [];
  for (const [index, recipient] of message.data.recipients.entries()) {
    const passage = passages[index];
    if (passage === undefined || !passage.isHeld || passage.hop !== 'final') continue;
    if (passage.refusal !== undefined || relay.service(recipient.identity) !== undefined) continue;
    holdings.push({ passage, message, recipient });
  }
  return holdings;
}

/**
 * 3340 §4.5.1 rule 2, 3340 §4.5.2 rule 3, C2: any endpoint attached on the same session; a bound relay for the domains
 * it is bound for, and for others than ours if it is trusted.
 */
function mayOriginate(relay: Relay, channel: RelayChannel, originator: string): boolean {
  const { session } = channel;
  if (session.dialled !== undefined && speaksFor(relay, session.dialled, originator)) return true;
  for (const other of session.channels) {
    for (const operation of other.operations.values()) {
      if (operation.kind === 'attachment') {
        if (operation.endpoint === originator) return true;
      } else if (speaksFor(relay, operation.domain, originator)) return true;
    }
  }
  return false;
}

function speaksFor(relay: Relay, bound: string, originator: string): boolean {
  const domain = domainOf(originator);
  return !relay.serves(domain) && (bound === domain || relay.mesh?.isTrusted(bound) === true);
}

const NONE: readonly DataPassage[] = [];
const NOT_HELD: ReadonlySet<DataPassage> = new Set();
