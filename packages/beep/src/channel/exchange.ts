import { UsageError } from '../errors.ts';
import { type DataKind, maxNumber } from '../frame/frame.ts';
import { emptyPayload, OutgoingMessage } from '../message/message.ts';
import type { Exchange, Reply } from '../session/profile.ts';

/** An exchange in which we are the client: our MSG and its reply. Linked in the order of the MSGs. */
export class ClientExchange extends OutgoingMessage {
  readonly onReply: (reply: Reply) => void;
  replyKind: DataKind | undefined = undefined;
  declare next: ClientExchange | undefined;

  constructor(msgno: number, payload: Uint8Array, onReply: (reply: Reply) => void) {
    super('MSG', msgno, 0, payload);
    this.onReply = onReply;
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
      throw new UsageError('exchange.answering', 'a one-to-many exchange is completed with end()');
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
  /** Octets of replies that have not left, with what it costs to keep them. */
  unsentOctets = 0;
  #first: ServerExchange | undefined = undefined;
  #last: ServerExchange | undefined = undefined;
  #msgnos: Set<number> | undefined = undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** The only one whose replies may leave. */
  get first(): ServerExchange | undefined {
    return this.#first;
  }

  /** `isNumbered` is false for the greeting only, which answers no MSG. */
  add(exchange: ServerExchange, isNumbered: boolean): void {
    if (isNumbered) {
      this.#msgnos ??= new Set();
      this.#msgnos.add(exchange.msgno);
    }
    if (this.#last === undefined) this.#first = exchange;
    else this.#last.next = exchange;
    this.#last = exchange;
    this.unanswered += 1;
  }

  has(msgno: number): boolean {
    return this.#msgnos?.has(msgno) === true;
  }

  replyAdded(octets: number): void {
    this.unsentOctets += octets + replyOverheadOctets;
  }

  /** A frame of the first reply has left. */
  replyLeft(reply: OutgoingMessage, octets: number): void {
    this.unsentOctets -= octets;
    const exchange = this.#first;
    if (!reply.sent || exchange === undefined) return;
    this.unsentOctets -= replyOverheadOctets;
    exchange.shift();
    if (reply.kind === 'ANS') return;
    this.#first = exchange.next;
    if (this.#first === undefined) this.#last = undefined;
    this.#msgnos?.delete(exchange.msgno);
    exchange.onSent?.();
  }

  clear(): void {
    this.#first = this.#last = undefined;
    this.#msgnos = undefined;
  }
}

/** What a queued reply costs beside its payload, roughly. */
const replyOverheadOctets = 64;

function complete(): UsageError {
  return new UsageError('exchange.complete', 'the exchange has its reply already');
}
