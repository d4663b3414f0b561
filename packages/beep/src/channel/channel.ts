import { SessionLostError, UsageError } from '../errors.ts';
import type { FrameWriter } from '../frame/encoder.ts';
import type { DataHeader, DataKind, SeqFrame } from '../frame/frame.ts';
import type { Limits } from '../limits.ts';
import { emptyPayload, type OutgoingMessage } from '../message/message.ts';
import type { Payload } from '../octets.ts';
import type {
  Channel,
  ChannelEnd,
  ChannelHandler,
  Reply,
  SessionHandle,
  TunableSession,
} from '../session/profile.ts';
import { type Allowance, Share } from './allowance.ts';
import { type ChannelInput, type ChannelState, nextChannelState } from './channel-state.ts';
import { ClientExchanges, type ReplyQueue, ServerExchange, ServerExchanges } from './exchange.ts';
import { canLeave, cutShort, writeFragment } from './fragmentation.ts';
import { checkFrame, type OldestMessage, type ReceiveState, wrong } from './frame-rules.ts';
import { Reassembly } from './reassembly.ts';
import { ReceiveWindow, replyReserveOctets, SendWindow } from './window.ts';

/** What a channel asks of its session. */
export interface ChannelHost extends TunableSession {
  readonly limits: Limits;
  readonly allowNulPayload: boolean;
  /** Whether one of the peers is releasing the session: no new MSG then. */
  readonly isReleasing: boolean;
  /** Whether nothing may leave but replies (RFC 3080 §3.1.3.1). */
  readonly isQuiet: boolean;
  /** Whether the peer is beyond its rates: no window is opened. */
  readonly isSlowed: boolean;
  readonly allowance: Allowance;
  /** The channel may have a frame to send. */
  frameReady(channel: BeepChannel): void;
  /** The channel's receive window should be opened. */
  seqReady(channel: BeepChannel): void;
  /** The channel is to be closed. */
  closeChannel(channel: BeepChannel, onResult: CloseResult): void;
  /** Something may have to be done before the next octets leave. */
  attention(): void;
  /** The payload of a negative reply. */
  refusal(replyCode: number, text: string): Uint8Array;
  /** A handler has thrown: this session ends. */
  handlerFailed(error: unknown): void;
}

export type CloseResult = (refusal: { replyCode: number; text: string } | undefined) => void;

/** What is held back: everything until the start is answered, our MSGs until the peer has greeted. */
export type Hold = 'nothing' | 'messages' | 'everything';

/**
 * One channel: exchanges in both directions, segmentation and flow control.
 *
 * What leaves is chosen frame by frame: an unfinished message goes on; else the replies whose turn it
 * is, in the order of the peer's MSGs; else our next MSG. Replies go before MSGs so that two peers
 * that flood each other cannot block each other: every octet of window is first spent on what the
 * other waits for, and while we owe replies the last octets of the window are not spent on a new MSG.
 *
 * The window is opened as frames arrive, whether or not their message is complete, unless the profile
 * pauses the channel. While it leaves too many exchanges unanswered, or the peer does not take its
 * replies, only as much is given as replies of the peer need to get through, and nothing to a peer that
 * goes on beginning MSGs in it.
 */
export class BeepChannel implements Channel, ReceiveState, ReplyQueue {
  readonly number: number;
  readonly profileUri: string;
  readonly handler: ChannelHandler;
  readonly sending: SendWindow;
  readonly receiving: ReceiveWindow;
  state: ChannelState = 'open';
  /** RFC 3081 §3.1.2 rule 3: what the application may go by. */
  unsentOctets = 0;
  /** For the session: whether the channel waits for its turn to send a frame, or a SEQ. */
  inTurn = false;
  seqInTurn = false;
  /** For the session: those that have their turn behind this channel. */
  nextInTurn: BeepChannel | undefined = undefined;
  nextSeqInTurn: BeepChannel | undefined = undefined;

  readonly #host: ChannelHost;
  #hold: Hold;
  #paused = false;

  readonly #messages = new ClientExchanges();
  /** Begun and not finished, of either kind. */
  #leaving: OutgoingMessage | undefined = undefined;

  readonly #exchanges = new ServerExchanges();

  readonly #reassembly = new Reassembly();
  /** 3080 §2.6.3: the unfinished MSG has its negative reply already. */
  #ignoring = false;
  /** Octets of MSGs that began in what is kept for replies, since there is too much to do. */
  #reserveSpent = 0;
  readonly #share: Share;

  constructor(
    host: ChannelHost,
    number: number,
    profileUri: string,
    handler: ChannelHandler,
    hold: Hold = 'nothing',
    firstSeqno = 0,
  ) {
    this.#host = host;
    this.number = number;
    this.profileUri = profileUri;
    this.handler = handler;
    this.#hold = hold;
    this.#share = new Share(host.allowance);
    this.sending = new SendWindow(firstSeqno);
    this.receiving = new ReceiveWindow(firstSeqno);
    this.#considerSeq();
  }

  get session(): SessionHandle {
    return this.#host;
  }

  send(payload: Payload, onReply: (reply: Reply) => void): void {
    if (this.state !== 'open' || this.#host.isReleasing) {
      throw new UsageError('channel.closed', `channel ${this.number} takes no new MSG`);
    }
    this.sendMessage(payload, onReply);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#considerSeq();
  }

  close(onResult: CloseResult = () => {}): void {
    this.#host.closeChannel(this, onResult);
  }

  // --- for the session

  /** As `send`, whatever the state: channel zero sends its own close. */
  sendMessage(payload: Payload, onReply: (reply: Reply) => void): void {
    this.#messages.add(payload, onReply);
    this.unsentOctets += payload.length;
    this.#host.frameReady(this);
  }

  /**
   * 3080 §2.3.1.1: the greetings are replies to MSG 0 that nobody sent. Returns the exchange that
   * our greeting answers; the peer's goes to `onReply`.
   */
  expectGreeting(onReply: (reply: Reply) => void): ServerExchange {
    this.#messages.addGreeting(onReply);
    const exchange = new ServerExchange(0, emptyPayload, this);
    this.#exchanges.add(exchange, false);
    return exchange;
  }

  release(hold: Hold): void {
    this.#hold = hold;
    this.#considerSeq();
    this.#host.frameReady(this);
  }

  /** Takes an input of the table; false when it cannot happen in this state. */
  take(input: ChannelInput): boolean {
    const next = nextChannelState(this.state, input);
    if (next !== undefined) this.state = next;
    return next !== undefined;
  }

  get outstanding(): number {
    return this.#messages.outstanding;
  }

  /** Whether no exchange is in progress in either direction, and nothing is on its way. */
  get isIdle(): boolean {
    return this.outstanding === 0 && this.#exchanges.isEmpty && this.unfinished === undefined;
  }

  /** Replies that we owe, or that have not left. */
  get owed(): number {
    return this.#exchanges.count;
  }

  /** What was held back while the session was quiet may leave. */
  wake(): void {
    this.#considerSeq();
    this.#host.frameReady(this);
  }

  // --- receiving

  get expectedSeqno(): number {
    return this.receiving.expected;
  }

  get windowLeft(): number {
    return this.receiving.left;
  }

  get oldestMessage(): OldestMessage | undefined {
    return this.#messages.oldest;
  }

  isUnanswered(msgno: number): boolean {
    return this.#exchanges.has(msgno);
  }

  hasSent(msgno: number): boolean {
    return this.#messages.hasSent(msgno);
  }

  get unfinished(): { readonly kind: DataKind; readonly msgno: number } | undefined {
    return this.#reassembly.unfinished;
  }

  /** All that can be said about a frame from its header. Throws FrameError. */
  checkHeader(header: DataHeader): void {
    checkFrame(header, this, this.#host.allowNulPayload);
    const { kind, size, more, ansno } = header;
    if (kind === 'MSG') {
      const isUnbounded = size === 0 && this.#isOverloaded;
      if (this.unfinished === undefined && (isUnbounded || this.#host.allowance.isOverfull)) {
        throw wrong(header, 'limit.exchanges', 'too many MSGs without a reply');
      }
      return;
    }
    const { octets, answersInProgress } = this.#reassembly;
    if (octets + size > this.#messageOctets) {
      throw wrong(header, 'limit.message', `a reply of more than ${this.#messageOctets} octets`);
    }
    if (more && !this.#host.allowance.hasRoomFor(size)) {
      throw wrong(header, 'limit.unfinished', 'more has begun to arrive than may be kept');
    }
    const tooMany = answersInProgress >= this.#host.limits.answersInProgress;
    if (kind === 'ANS' && more && tooMany && !this.#reassembly.isInProgress(ansno)) {
      throw wrong(header, 'limit.answers', `more than ${answersInProgress} answers in progress`);
    }
  }

  /** A frame whose header was checked. Throws FrameError, and whatever a handler throws. */
  receive(header: DataHeader, payload: Uint8Array): void {
    if (header.kind === 'MSG' && this.unfinished === undefined && this.receiving.left <= replyReserveOctets) {
      this.#reserveSpent += header.size;
    }
    this.receiving.received(header.size);
    this.#share.window(this.receiving.left);
    if (header.kind === 'MSG') this.#receiveMessage(header, payload);
    else this.#receiveReply(header, payload);
    this.#considerSeq();
    this.#progressed();
  }

  /** Returns false when the SEQ cannot be (3081 §3.1.3). */
  receiveSeq(frame: SeqFrame): boolean {
    if (!this.sending.update(frame.ackno, frame.window)) return false;
    this.#host.frameReady(this);
    return true;
  }

  #receiveMessage(header: DataHeader, payload: Uint8Array): void {
    const { msgno, more } = header;
    if (this.#ignoring) {
      // 3080 §2.6.3: up to and including the final frame
      this.#ignoring = more;
      this.#reassembly.ignore(header);
    } else if (this.#reassembly.octets + payload.length > this.#messageOctets) {
      this.#refuse(header, 'the message is too long');
      this.#host.report('limit.message', `a message of more than ${this.#messageOctets} octets`);
    } else if (more && !this.#host.allowance.hasRoomFor(payload.length)) {
      this.#refuse(header, 'too much has begun to arrive');
      this.#host.report(
        'limit.unfinished',
        `unfinished messages of more than ${this.#host.limits.unfinishedOctets} octets`,
      );
    } else {
      const whole = this.#reassemble(header, payload);
      if (whole !== undefined) this.handler.message(this.#addExchange(msgno, whole));
    }
  }

  #refuse(header: DataHeader, text: string): void {
    this.#ignoring = header.more;
    this.#reassembly.ignore(header);
    this.#share.unfinished(this.#reassembly.octets);
    this.#addExchange(header.msgno, emptyPayload).error(this.#host.refusal(554, text));
  }

  #reassemble(header: DataHeader, payload: Uint8Array): Uint8Array | undefined {
    const whole = this.#reassembly.add(header, payload);
    this.#share.unfinished(this.#reassembly.octets);
    return whole;
  }

  #receiveReply(header: DataHeader, payload: Uint8Array): void {
    const message = this.#messages.oldest;
    if (message === undefined) throw wrong(header, 'frame.reply-unasked', 'the exchange is over');
    const { kind, ansno } = header;
    message.replyKind = kind;
    if (kind === 'ERR' && !message.sent) {
      // 3080 §2.6.3
      this.unsentOctets -= cutShort(message);
      this.#host.frameReady(this);
    }
    if (kind === 'NUL') {
      this.#messages.replied(message);
      message.onReply({ kind });
      return;
    }
    const whole = this.#reassemble(header, payload);
    if (whole === undefined) return;
    if (kind === 'ANS') {
      message.onReply({ kind, ansno, payload: whole });
      return;
    }
    this.#messages.replied(message);
    message.onReply({ kind: kind === 'ERR' ? 'ERR' : 'RPY', payload: whole });
  }

  get #messageOctets(): number {
    const { managementMessageOctets, messageOctets } = this.#host.limits;
    return this.number === 0 ? managementMessageOctets : messageOctets;
  }

  #addExchange(msgno: number, payload: Uint8Array): ServerExchange {
    const exchange = new ServerExchange(msgno, payload, this);
    this.#exchanges.add(exchange, true);
    this.#share.exchanges(this.#exchanges.octets);
    return exchange;
  }

  answered(): void {
    this.#exchanges.unanswered -= 1;
    this.#considerSeq();
  }

  replyAdded(exchange: ServerExchange, octets: number): void {
    if (this.state === 'closed') return;
    this.unsentOctets += octets;
    this.#exchanges.replyAdded(octets);
    this.#share.exchanges(this.#exchanges.octets);
    if (exchange === this.#exchanges.first) this.#host.frameReady(this);
  }

  // --- sending

  /** Whether a frame can leave now. */
  get hasFrame(): boolean {
    const message = this.#nextToLeave();
    return message !== undefined && canLeave(message, this.sending);
  }

  /** Writes one frame if one can leave. */
  writeFrame(writer: FrameWriter): void {
    const message = this.#nextToLeave();
    if (message === undefined || !canLeave(message, this.sending)) return;
    const limit = this.#host.limits.framePayloadOctets;
    const octets = writeFragment(writer, this.number, message, this.sending, limit);
    this.unsentOctets -= octets;
    this.#leaving = message.sent ? undefined : message;
    if (message.kind === 'MSG') {
      if (message.sent) this.#messages.left();
      return;
    }
    this.#exchanges.replyLeft(message, octets);
    this.#share.exchanges(this.#exchanges.octets);
    this.#considerSeq();
    this.#progressed();
  }

  /** A close or release may have waited for this. */
  #progressed(): void {
    if (this.state !== 'open' || this.#host.isReleasing || this.#host.isQuiet) this.#host.attention();
  }

  #nextToLeave(): OutgoingMessage | undefined {
    if (this.#hold === 'everything' || this.state === 'closed') return undefined;
    // 3080 §2.2.1.1 rule 13
    if (this.#leaving !== undefined) return this.#leaving;
    const reply = this.#exchanges.first?.firstReply;
    if (reply !== undefined) return reply;
    if (this.#hold === 'messages' || this.#host.isQuiet) return undefined;
    const isKept = !this.#exchanges.isEmpty && this.sending.available <= replyReserveOctets;
    return isKept ? undefined : this.#messages.unsent;
  }

  // 3081 §3.1.3 rule 4
  /** Writes the SEQ that is due, if it still is. */
  writeSeq(writer: FrameWriter): void {
    if (!this.#isSeqDue) return;
    const window = this.#windowOctets;
    this.receiving.open(window);
    this.#share.window(this.receiving.left);
    writer.seq(this.number, this.receiving.expected, window);
  }

  #considerSeq(): void {
    if (!this.#isOverloaded) this.#reserveSpent = 0;
    if (this.#isSeqDue) this.#host.seqReady(this);
  }

  get #isSeqDue(): boolean {
    return (
      this.receiving.isDue(this.#windowOctets) &&
      this.#hold !== 'everything' &&
      this.state !== 'closed' &&
      !this.#host.isQuiet &&
      !this.#host.isSlowed &&
      !this.#paused
    );
  }

  get #isOverloaded(): boolean {
    return this.#exchanges.unanswered > this.#host.limits.unansweredExchanges || this.#host.allowance.isFull;
  }

  get #windowOctets(): number {
    const { managementWindowOctets, receiveWindowOctets } = this.#host.limits;
    const whole = this.number === 0 ? managementWindowOctets : receiveWindowOctets;
    if (!this.#isOverloaded) return this.#share.windowOf(whole);
    // A peer that has yet to read our MSGs owes nothing and may begin some; a window of them is too many.
    return this.#reserveSpent > whole ? 0 : replyReserveOctets;
  }

  // --- the end

  /** Tells everyone who waits. The state is `closed` already. */
  end(reason: ChannelEnd): void {
    const lost: Reply = {
      kind: 'lost',
      error: reason.kind === 'lost' ? reason.error : new SessionLostError('the channel was closed'),
    };
    const waiting = this.#messages.clear();
    this.#exchanges.clear();
    this.#share.end();
    this.#leaving = undefined;
    this.unsentOctets = 0;
    for (const { onReply } of waiting) {
      try {
        onReply(lost);
      } catch (error) {
        this.#host.handlerFailed(error);
      }
    }
    try {
      this.handler.closed(reason);
    } catch (error) {
      this.#host.handlerFailed(error);
    }
  }
}
