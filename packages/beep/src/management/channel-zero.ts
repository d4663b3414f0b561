import { BeepChannel, type CloseResult } from '../channel/channel.ts';
import type { ServerExchange } from '../channel/exchange.ts';
import { FrameError, MessageError, ReplyError } from '../errors.ts';
import { beepXmlBody } from '../message/mime.ts';
import type { Greeting } from '../session/facts.ts';
import type { ChannelEnd, ChannelHandler, ChannelStart, Reply, StartedChannel } from '../session/profile.ts';
import { Closing } from './closing.ts';
import { type ErrorElement, type ManagementElement, parseManagement } from './elements.ts';
import {
  encodeManagement,
  lostBy,
  type ManagementExchanges,
  type ManagementHost,
  malformed,
} from './host.ts';
import { Starting } from './starting.ts';

/**
 * The channel management profile (RFC 3080 §2.3). MSGs of the peer are processed one after the other:
 * the next one waits until the last has its answer, so that what a start decides (an authenticated
 * peer, say) holds for the start behind it.
 */
export class ChannelZero implements ChannelHandler, ManagementExchanges {
  readonly channel: BeepChannel;
  readonly #host: ManagementHost;
  readonly #starting: Starting;
  readonly #closing: Closing;
  #busy = false;
  #waiting: ServerExchange[] | undefined = undefined;

  constructor(host: ManagementHost) {
    this.#host = host;
    this.channel = new BeepChannel(host, 0, '', this, 'messages');
    this.#starting = new Starting(host, this);
    this.#closing = new Closing(host, this);
  }

  /** 3080 §2.3.1.1: at once, without waiting for the peer's. Returns the exchange that carries it. */
  greet(greeting: Greeting): void {
    this.#openWith((exchange) => exchange.reply(encodeManagement({ kind: 'greeting', ...greeting })));
  }

  /** 3080 §2.4: the negative reply of a listener that is unavailable. `sent` runs inside `takeOutput`. */
  declineSession(replyCode: number, text: string, sent: () => void): void {
    this.#openWith((exchange) => {
      exchange.onSent = sent;
      exchange.error(encodeManagement({ kind: 'error', code: replyCode, text }));
    });
  }

  start(start: ChannelStart, onResult: (result: StartedChannel | Error) => void): void {
    this.#starting.start(start, onResult);
  }

  closeChannel(channel: BeepChannel, onResult: CloseResult): void {
    this.#closing.closeChannel(channel, onResult);
  }

  release(): void {
    this.#closing.release();
  }

  /** Does what waited for exchanges to complete. */
  progress(): void {
    this.#closing.progress();
  }

  /** When `tick` has something to do, on the clock of the host. */
  get deadline(): number | undefined {
    return this.#closing.deadline;
  }

  tick(now: number): void {
    this.#closing.tick(now);
  }

  // 3080 §2.3.1.5 rules 1 to 3: the text is for people, so one language will do
  error(replyCode: number, text: string): ErrorElement {
    const first = this.#host.facts.localize[0];
    const isExpected = first === undefined || first === 'i-default' || /^en\b/i.test(first);
    const lang = text === '' || isExpected ? {} : { lang: 'en' };
    return { kind: 'error', code: replyCode, text, ...lang };
  }

  answer(exchange: ServerExchange, element: ManagementElement): void {
    const payload = encodeManagement(element);
    if (element.kind === 'error') exchange.error(payload);
    else exchange.reply(payload);
    this.answered();
  }

  answered(): void {
    this.#busy = false;
    this.#host.attention();
    // 3080 §2.6.1
    while (!this.#busy && this.#waiting !== undefined && this.channel.state !== 'closed') {
      const next = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#waiting = undefined;
      if (next !== undefined) this.#process(next);
    }
  }

  ask<Kind extends 'profile' | 'ok'>(
    element: ManagementElement,
    expected: Kind,
    onReply: (reply: Extract<ManagementElement, { kind: Kind }> | Error) => void,
  ): void {
    this.channel.sendMessage(encodeManagement(element), (reply) => {
      if (reply.kind === 'lost') return onReply(reply.error);
      let answer: Extract<ManagementElement, { kind: Kind }> | Error;
      try {
        answer = reply.kind === 'ERR' ? this.#refusal(reply) : this.#positive(reply, expected);
      } catch (error) {
        // The exchange is over, so that nobody else tells; but for answers, of which more may come.
        if (error instanceof FrameError && reply.kind !== 'ANS') onReply(lostBy(error));
        throw error;
      }
      onReply(answer);
    });
  }

  // --- ChannelHandler

  message(exchange: ServerExchange): void {
    if (this.#busy) {
      this.#waiting ??= [];
      this.#waiting.push(exchange);
    } else {
      this.#process(exchange);
    }
  }

  closed(_reason: ChannelEnd): void {
    this.#waiting = undefined;
  }

  #process(exchange: ServerExchange): void {
    this.#busy = true;
    let element: ManagementElement;
    try {
      element = parseManagement(beepXmlBody(exchange.payload));
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      // 3080 §2.2.2.1, §2.3.1.5 rule 4, B7
      this.answer(exchange, this.error(error.replyCode, error.message));
      this.#host.report(error.code, error.message);
      return;
    }
    switch (element.kind) {
      case 'start':
        this.#starting.asked(exchange, element);
        return;
      case 'close':
        this.#closing.asked(exchange, element);
        return;
      case 'greeting':
      case 'profile':
      case 'ok':
      case 'error':
        // 3080 §2.3.1.5 rule 4, §2.7
        this.answer(exchange, this.error(501, `<${element.kind}> is not a request`));
        this.#host.report('element.name', `<${element.kind}> is not a request`);
    }
  }

  #openWith(reply: (exchange: ServerExchange) => void): void {
    const exchange = this.channel.expectGreeting((greeting) => this.#greetingReceived(greeting));
    reply(exchange);
  }

  #greetingReceived(reply: Reply): void {
    if (reply.kind === 'lost') return;
    if (reply.kind === 'ERR') {
      this.#host.notGreeted(this.#refusal(reply)); // 3080 §2.4
      return;
    }
    const { profiles, features, localize } = this.#positive(reply, 'greeting');
    this.#host.greeted({ profiles, features, localize });
    this.channel.release('nothing');
  }

  #refusal(reply: Reply): ReplyError {
    const { code, text } = this.#parse(reply, 'error');
    return new ReplyError(code, text);
  }

  #positive<Kind extends ManagementElement['kind']>(
    reply: Reply,
    expected: Kind,
  ): Extract<ManagementElement, { kind: Kind }> {
    if (reply.kind !== 'RPY') throw malformed(`${reply.kind} instead of ${expected}`);
    return this.#parse(reply, expected);
  }

  #parse<Kind extends ManagementElement['kind']>(
    reply: Reply,
    expected: Kind,
  ): Extract<ManagementElement, { kind: Kind }> {
    if (!('payload' in reply)) throw malformed(`${reply.kind} instead of ${expected}`);
    try {
      const element = parseManagement(beepXmlBody(reply.payload));
      if (element.kind === expected) return element as Extract<ManagementElement, { kind: Kind }>;
      throw malformed(`<${element.kind}> instead of <${expected}>`);
    } catch (error) {
      if (error instanceof MessageError) throw malformed(error.message);
      throw error;
    }
  }
}
