import { UsageError } from '../errors.ts';
import { type DataKind, maxNumber } from '../frame/frame.ts';
import { emptyPayload, OutgoingMessage } from '../message/message.ts';
import type { Payload } from '../octets.ts';
import type { Exchange, Reply } from '../session/profile.ts';

/** An exchange (RFC 3080 §2.1.1) in which we are the client: our MSG and its reply. Linked in the order of the MSGs. */
export class ClientExchange extends OutgoingMessage {
  readonly onReply: (reply: Reply) => void;
  replyKind: DataKind | undefined = undefined;
  declare next: ClientExchange | undefined;

  constructor(msgno: number, payload: Payload, onReply: (reply: Reply) => void) {
    super('MSG', msgno, 0, payload);
    this.onReply = onReply;
  }
}

/** The exchanges of one channel in which we are the client, in the order of their MSGs. */
export class ClientExchanges {
  /** Those whose reply is not complete. */
  outstanding = 0;
  #nextMsgno = 1;
  #oldest: ClientExchange | undefined = undefined;
  #last: ClientExchange | undefined = undefined;
  #unsent: ClientExchange | undefined = undefined;

  /** The only one that can be replied to (RFC 3080 §2.6.1). */
  get oldest(): ClientExchange | undefined {
    return this.#oldest;
  }

  /** The first whose MSG has not left in whole. */
  get unsent(): ClientExchange | undefined {
    return this.#unsent;
  }

  /** Whether the first frame of a MSG with that number has ever left. */
  hasSent(msgno: number): boolean {
    const unsent = this.#unsent;
    const next = unsent === undefined || unsent.begun ? this.#nextMsgno : unsent.msgno;
    return msgno < next;
  }

  add(payload: Payload, onReply: (reply: Reply) => void): void {
    // 3080 §2.2.1.1 rule 12; 3080 §2.7: the numbers of the two directions have nothing to do with each other
    const message = new ClientExchange(this.#nextMsgno, payload, onReply);
    this.#nextMsgno = this.#nextMsgno === maxNumber ? 0 : this.#nextMsgno + 1;
    this.#append(message);
    this.#unsent ??= message;
  }

  /** 3080 §2.3.1.1: the greeting is a reply to MSG 0, which nobody sends. */
  addGreeting(onReply: (reply: Reply) => void): void {
    const message = new ClientExchange(0, emptyPayload, onReply);
    message.begun = true;
    message.sent = true;
    this.#append(message);
  }

  /** The first unsent MSG has left in whole: its payload is not kept. */
  left(): void {
    const message = this.#unsent;
    if (message === undefined) return;
    message.payload = emptyPayload;
    message.sentOctets = 0;
    this.#unsent = message.next;
  }

  /** The reply to the oldest is complete. A MSG that was cut short has its last frame still to send. */
  replied(message: ClientExchange): void {
    this.#oldest = message.next;
    if (message === this.#last && message.sent) this.#last = undefined;
    this.outstanding -= 1;
  }

  /** Forgets all, and returns those whose reply will not come. */
  clear(): ClientExchange[] {
    const waiting: ClientExchange[] = [];
    for (let message = this.#oldest; message !== undefined; message = message.next) waiting.push(message);
    this.#oldest = this.#last = this.#unsent = undefined;
    this.outstanding = 0;
    return waiting;
  }

  #append(message: ClientExchange): void {
    if (this.#last !== undefined) this.#last.next = message;
    this.#last = message;
    this.#oldest ??= message;
    this.outstanding += 1;
  }
}

/** What a server exchange asks of its channel. */
export interface ReplyQueue {
  /** A reply message was added to the exchange. */
  replyAdded(exchange: ServerExchange, octets: number): void;
  /** The profile has given its last word. */
  answered(): void;
}

/**
 * An exchange in which we are the server. Exchanges of a channel are linked in the order of the MSGs;
 * the replies of the first may leave, those of the others wait for their turn (RFC 3080 §2.6.1).
 */
export class ServerExchange implements Exchange {
  readonly msgno: number;
  readonly payload: Uint8Array;
  readonly #queue: ReplyQueue;
  /** Replies that have not left, in order. */
  firstReply: OutgoingMessage | undefined = undefined;
  #lastReply: OutgoingMessage | undefined = undefined;
  #nextAnsno = 0;
  #kind: 'ANS' | 'complete' | undefined = undefined;
  /** Runs when the complete reply has left; for the session's own use, inside `takeOutput`. */
  onSent: (() => void) | undefined = undefined;
  next: ServerExchange | undefined = undefined;

  constructor(msgno: number, payload: Uint8Array, queue: ReplyQueue) {
    this.msgno = msgno;
    this.payload = payload;
    this.#queue = queue;
  }

  /** Whether the profile has given its last word. */
  get isAnswered(): boolean {
    return this.#kind === 'complete';
  }

  reply(payload: Uint8Array): void {
    this.#single('RPY', payload);
  }

  error(payload: Uint8Array): void {
    this.#single('ERR', payload);
  }

  answer(payload: Uint8Array): number {
    if (this.#kind === 'complete') throw complete();
    // 3080 §2.2.1.1 rule 14
    const ansno = this.#nextAnsno;
    this.#nextAnsno = ansno === maxNumber ? 0 : ansno + 1;
    this.#kind = 'ANS';
    this.#add(new OutgoingMessage('ANS', this.msgno, ansno, payload));
    return ansno;
  }

  end(): void {
    if (this.#kind === 'complete') throw complete();
    this.#last(new OutgoingMessage('NUL', this.msgno, 0, emptyPayload));
  }

  /** Drops the first reply, which has left. */
  shift(): void {
    this.firstReply = this.firstReply?.next;
    if (this.firstReply === undefined) this.#lastReply = undefined;
  }

  #single(kind: 'RPY' | 'ERR', payload: Uint8Array): void {
    if (this.#kind === 'complete') throw complete();
    if (this.#kind === 'ANS') {
      throw new UsageError('exchange.answering', 'answers are completed with end()');
    }
    this.#last(new OutgoingMessage(kind, this.msgno, 0, payload));
  }

  #last(message: OutgoingMessage): void {
    this.#kind = 'complete';
    this.#queue.answered();
    this.#add(message);
  }

  #add(message: OutgoingMessage): void {
    if (this.#lastReply === undefined) this.firstReply = message;
    else this.#lastReply.next = message;
    this.#lastReply = message;
    this.#queue.replyAdded(this, message.payload.length);
  }
}

/** The exchanges of one channel in which we are the server, in the order of their MSGs. */
export class ServerExchanges {
  /** Those whose profile has not given its last word. */
  unanswered = 0;
  /** Those whose complete reply has not left. */
  count = 0;
  /** Octets of their MSGs, and of replies that have not left, with what it costs to keep them. */
  octets = 0;
  #first: ServerExchange | undefined = undefined;
  #last: ServerExchange | undefined = undefined;
  /** Answers the MSG 0 that nobody sent. */
  #greeting: ServerExchange | undefined = undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** The only one whose replies may leave. */
  get first(): ServerExchange | undefined {
    return this.#first;
  }

  /** `isNumbered` is false for the greeting only, which answers no MSG. */
  add(exchange: ServerExchange, isNumbered: boolean): void {
    if (!isNumbered) this.#greeting = exchange;
    if (this.#last === undefined) this.#first = exchange;
    else this.#last.next = exchange;
    this.#last = exchange;
    this.unanswered += 1;
    this.count += 1;
    this.octets += exchange.payload.length + overheadOctets;
  }

  /** Looked for: there are few as a rule, and as many as the limits allow at most. */
  has(msgno: number): boolean {
    for (let exchange = this.#first; exchange !== undefined; exchange = exchange.next) {
      if (exchange.msgno === msgno && exchange !== this.#greeting) return true;
    }
    return false;
  }

  replyAdded(octets: number): void {
    this.octets += octets + overheadOctets;
  }

  /** A frame of the first reply has left. */
  replyLeft(reply: OutgoingMessage, octets: number): void {
    this.octets -= octets;
    const exchange = this.#first;
    if (!reply.sent || exchange === undefined) return;
    this.octets -= overheadOctets;
    exchange.shift();
    if (reply.kind === 'ANS') return;
    this.octets -= exchange.payload.length + overheadOctets;
    this.count -= 1;
    this.#first = exchange.next;
    if (exchange === this.#greeting) this.#greeting = undefined;
    if (this.#first === undefined) this.#last = undefined;
    exchange.onSent?.();
  }

  clear(): void {
    this.#first = this.#last = this.#greeting = undefined;
    this.octets = 0;
  }
}

/** What an exchange or a queued reply costs beside its payload, roughly: an object, and an array with its buffer. */
const overheadOctets = 256;

function complete(): UsageError {
  return new UsageError('exchange.complete', 'the exchange has its reply already');
}
