import {
  beepXml,
  beepXmlBody,
  type Channel,
  type ChannelEnd,
  type ChannelHandler,
  type Exchange,
  MessageError,
  type Payload,
  parseXml,
  type Reply,
  ReplyError,
  SessionLostError,
  UsageError,
} from '@apex/beep';
import { formatAttach, parseAttach } from '../core/attach.ts';
import { formatBind, parseBind } from '../core/bind.ts';
import { type ApexPayload, type DataMessage, dataMessageOf, parsePayload } from '../core/content.ts';
import { formatError, parseError } from '../core/error.ts';
import { isUsualOk, OK_PAYLOAD, parseOk } from '../core/ok.ts';
import type { Attach, Bind, Terminate } from '../core/schemas.ts';
import { formatTerminate, parseTerminate } from '../core/terminate.ts';

/** How an operation of the peer is answered; exactly one call, now or later. */
export interface Answer {
  ok(): void;
  error(code: number, text: string): void;
}

/**
 * What an APEX channel tells its owner. An operation without a handler is refused with 550: an
 * endpoint has none for attach and bind. A MessageError that a handler throws before it answers is
 * answered with its code, as one of the element itself would be.
 */
export interface ApexHandler {
  attach?(attach: Attach, answer: Answer): void;
  bind?(bind: Bind, answer: Answer): void;
  terminate?(terminate: Terminate, answer: Answer): void;
  /** `payload` is the message as it came. */
  data?(message: DataMessage, answer: Answer, payload: Uint8Array): void;
  /** See `ChannelHandler.closing`. */
  closing?(done: () => void): void;
  /** Called once. */
  closed(end: ChannelEnd): void;
}

/** The outcome of an exchange: undefined for `ok`. */
export type Refusal = ReplyError | SessionLostError;
/** Gets the outcome of an operation of our own, once; undefined when it was answered `ok`. */
export type OnResult = (refusal: Refusal | undefined) => void;

/**
 * The exchanges of the APEX profile (RFC 3340 §4.3) on one BEEP channel, as an application and as a
 * relay have them. It is the channel's handler: made first, `open`ed with the channel it belongs to.
 */
export class ApexChannel implements ChannelHandler {
  readonly #handler: ApexHandler;
  #channel: Channel | undefined;

  /** `handlerFor` makes the handler, which may keep the channel that it is given. */
  constructor(handlerFor: (apex: ApexChannel) => ApexHandler) {
    this.#handler = handlerFor(this);
  }

  /** Gives it its channel. Called once, before anything is sent. */
  open(channel: Channel): void {
    this.#channel = channel;
  }

  /** @throws UsageError `channel.closed` before `open` */
  get channel(): Channel {
    if (this.#channel === undefined) throw new UsageError('channel.closed', 'the channel is not open');
    return this.#channel;
  }

  /** @throws UsageError `value.invalid`, `channel.closed` */
  attach(attach: Attach, onResult: OnResult): void {
    this.#send(beepXml(formatAttach(attach)), onResult);
  }

  /** @throws UsageError `value.invalid`, `channel.closed` */
  bind(bind: Bind, onResult: OnResult): void {
    this.#send(beepXml(formatBind(bind)), onResult);
  }

  /** @throws UsageError `channel.closed` */
  terminate(terminate: Terminate, onResult: OnResult): void {
    this.#send(beepXml(formatTerminate(terminate)), onResult);
  }

  /**
   * Sends a payload with a data element, as `encodeDataMessage` and its like make it.
   * @throws UsageError `channel.closed`
   */
  data(payload: Payload, onResult: OnResult): void {
    this.#send(payload, onResult);
  }

  // ChannelHandler

  message(exchange: Exchange): void {
    const answer = new ExchangeAnswer(exchange);
    try {
      this.receive(parsePayload(exchange.payload), answer, exchange.payload);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      // B7, B18: 500 for what is not well formed, 501 for what is not valid; the channel lives on.
      answer.error(error.replyCode, error.message);
      // A peer may speak as soon as it has accepted a channel, before those who asked for it know.
      this.#channel?.session.report(error.code, error.message);
    }
  }

  closing(done: () => void): void {
    if (this.#handler.closing === undefined) done();
    else this.#handler.closing(done);
  }

  closed(end: ChannelEnd): void {
    this.#handler.closed(end);
  }

  /**
   * Hands an operation of the peer to the handler: a message, or the initialization of the channel.
   * @throws MessageError (500, 501)
   */
  receive(payload: ApexPayload, answer: Answer, octets: Uint8Array = noOctets): void {
    const { element } = payload;
    const handler = this.#handler;
    switch (element.name) {
      case 'data': {
        const message = dataMessageOf(payload);
        return handler.data === undefined ? refuse(answer) : handler.data(message, answer, octets);
      }
      case 'attach': {
        const attach = parseAttach(element);
        return handler.attach === undefined ? refuse(answer) : handler.attach(attach, answer);
      }
      case 'bind': {
        const bind = parseBind(element);
        return handler.bind === undefined ? refuse(answer) : handler.bind(bind, answer);
      }
      case 'terminate': {
        const terminate = parseTerminate(element);
        return handler.terminate === undefined ? refuse(answer) : handler.terminate(terminate, answer);
      }
      default:
        // B7
        throw new MessageError('element.name', 501, 'not an element that starts an APEX exchange');
    }
  }

  #send(payload: Payload, onResult: OnResult): void {
    this.channel.send(payload, (reply) => this.#settle(reply, onResult));
  }

  #settle(reply: Reply, onResult: OnResult): void {
    switch (reply.kind) {
      case 'RPY':
        if (isUsualOk(reply.payload)) onResult(undefined);
        else this.#readReply(reply, onResult);
        return;
      case 'ERR':
        this.#readReply(reply, onResult);
        return;
      case 'lost':
        onResult(lost('the session ended before the reply', reply.error));
        return;
      case 'ANS':
        // 3340 §8.1: no one-to-many exchanges. NUL follows and ends it.
        return;
      case 'NUL':
        this.#malformedReply(new MessageError('reply.kind', 501, 'a one-to-many reply'), onResult);
    }
  }

  #readReply(reply: Reply & { readonly payload: Uint8Array }, onResult: OnResult): void {
    let refusal: ReplyError | undefined;
    try {
      refusal = parseReplyPayload(reply.kind === 'RPY', reply.payload);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#malformedReply(error, onResult);
      return;
    }
    onResult(refusal);
  }

  /** 3080 §2.2.2.1 rule 2, B18: the channel is closed, and so everything on it is detached. */
  #malformedReply(error: MessageError, onResult: OnResult): void {
    onResult(lost('the peer sent a malformed reply', error));
    this.channel.close();
  }
}

class ExchangeAnswer implements Answer {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  ok(): void {
    this.#exchange.reply(OK_PAYLOAD);
  }

  error(code: number, text: string): void {
    this.#exchange.error(errorPayload(code, text));
  }
}

/** 3340 §8.1: ok in positive replies, error in negative ones. Undefined for ok. */
function parseReplyPayload(positive: boolean, payload: Uint8Array): ReplyError | undefined {
  const element = parseXml(beepXmlBody(payload));
  if (positive) {
    parseOk(element);
    return undefined;
  }
  const { code, text } = parseError(element);
  return new ReplyError(code, text);
}

const noOctets = new Uint8Array(0);

function refuse(answer: Answer): void {
  answer.error(550, 'not expected from this peer');
}

function errorPayload(code: number, text: string): Uint8Array {
  return beepXml(formatError({ kind: 'error', code, text }));
}

function lost(message: string, cause: Error): SessionLostError {
  return cause instanceof SessionLostError ? cause : new SessionLostError(message, { cause });
}
