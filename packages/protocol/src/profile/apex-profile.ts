import {
  MessageError,
  type Profile,
  parseXml,
  ReplyError,
  type SessionFacts,
  type SessionHandle,
  type StartRequest,
} from '@apex/beep';
import { formatAttach } from '../core/attach.ts';
import { formatBind } from '../core/bind.ts';
import { formatError, parseError } from '../core/error.ts';
import { formatOk, parseOk } from '../core/ok.ts';
import type { Attach, Bind } from '../core/schemas.ts';
import { type Answer, ApexChannel, type ApexHandler, type Refusal } from './apex-channel.ts';

/** RFC 3340 §8.1. */
export const APEX_PROFILE_URI = 'http://iana.org/beep/APEX';

/** What the owner of the profile is asked. */
export interface ApexProfileOptions {
  /** Whether the profile is offered in the session as it is; absent: always. */
  available?(facts: SessionFacts): boolean;
  /**
   * A peer starts a channel. The handler gets the initialization, if there is one, before the
   * channel is open: it may send as soon as it has answered `ok`.
   */
  started(apex: ApexChannel, session: SessionHandle): ApexHandler;
}

/**
 * The profile as a session offers it (RFC 3340 §4.2): attach or bind may come with the start of the
 * channel. An initialization that fails leaves a channel that is open (B18).
 */
export function apexProfile(options: ApexProfileOptions): Profile {
  return {
    uri: APEX_PROFILE_URI,
    ...(options.available === undefined ? {} : { available: options.available.bind(options) }),
    start(request) {
      const apex: ApexChannel = new ApexChannel((self) => options.started(self, request.session));
      if (request.initialization === undefined) apex.open(request.accept(apex));
      else initialize(apex, request, request.initialization);
    },
  };
}

/** An attach or bind as the initialization of a channel that is to be started. @throws UsageError `value.invalid` */
export function formatInitialization(element: Attach | Bind): string {
  return element.kind === 'attach' ? formatAttach(element) : formatBind(element);
}

/**
 * What became of an initialization that was sent: undefined for ok. A peer that ignored it is
 * treated as one that refused it.
 * @throws MessageError (500, 501) for a reply that is neither ok nor error
 */
export function parseInitializationReply(reply: string | undefined): Refusal | undefined {
  if (reply === undefined || reply.trim() === '') {
    return new ReplyError(550, 'the peer did not process the initialization');
  }
  const element = parseXml(reply.trim());
  if (element.name === 'error') {
    const { code, text } = parseError(element);
    return new ReplyError(code, text);
  }
  parseOk(element);
  return undefined;
}

function initialize(apex: ApexChannel, request: StartRequest, initialization: string): void {
  // B18: a positive reply whose profile element carries ok or error.
  const answer: Answer = {
    ok: () => apex.open(request.accept(apex, formatOk())),
    error: (code, text) => apex.open(request.accept(apex, formatError({ kind: 'error', code, text }))),
  };
  try {
    const element = parseXml(initialization.trim());
    // 3340 §8.1: attach and bind are what may be exchanged during channel creation.
    if (element.name !== 'attach' && element.name !== 'bind') {
      throw new MessageError('element.name', 501, 'an initialization is attach or bind');
    }
    apex.receive({ element }, answer);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    answer.error(error.replyCode, error.message);
    request.session.report(error.code, error.message);
  }
}
