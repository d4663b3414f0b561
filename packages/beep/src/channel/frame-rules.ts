import { FrameError } from '../errors.ts';
import type { DataHeader, DataKind } from '../frame/frame.ts';
import { formatHeader } from '../frame/header.ts';

/** What a channel knows when a frame arrives. */
export interface ReceiveState {
  readonly expectedSeqno: number;
  /** Octets that the peer may still send. */
  readonly windowLeft: number;
  /** Of the message (or the answers of one reply) that has begun and not ended. */
  readonly unfinished: { readonly kind: DataKind; readonly msgno: number } | undefined;
  /** Our oldest MSG without a complete reply: the only one that can be replied to (RFC 3080 §2.6.1). */
  readonly oldestMessage: OldestMessage | undefined;
  /** Whether that MSG of the peer is complete and our reply has not left completely. */
  isUnanswered(msgno: number): boolean;
  /** Whether we ever sent a MSG with that number. */
  hasSent(msgno: number): boolean;
}

export interface OldestMessage {
  readonly msgno: number;
  /** Whether its first frame has left. */
  readonly begun: boolean;
  /** Keyword of the reply frames so far. */
  readonly replyKind: DataKind | undefined;
}

/**
 * The rules of RFC 3080 §2.2.1.1 that need the state of the channel, and the window (B2). They look
 * at the header only, before any of the payload is kept. Throws FrameError.
 *
 * Keyword and number are compared within one unfinished message, so MSG 1 and RPY 1 of one peer have
 * nothing to do with each other (B16).
 */
export function checkFrame(header: DataHeader, state: ReceiveState, allowNulPayload: boolean): void {
  const { kind, msgno, seqno, size } = header;
  // 3080 §2.2.1.1 rule 10, §2.2.1.2
  if (seqno !== state.expectedSeqno) {
    throw wrong(header, 'frame.seqno', `seqno is not ${state.expectedSeqno}`);
  }
  // B2
  if (size > state.windowLeft) {
    throw wrong(header, 'frame.window', `the payload passes the window by ${size - state.windowLeft} octets`);
  }
  // 3080 §2.2.1.1 rule 11, B17
  if (kind === 'NUL' && (header.more || (size !== 0 && !allowNulPayload))) {
    throw wrong(header, 'frame.nul', 'a NUL frame is complete and empty');
  }
  const { unfinished } = state;
  if (unfinished !== undefined) {
    // 3080 §2.2.1.1 rule 9
    if (unfinished.msgno !== msgno) {
      throw wrong(header, 'frame.interleaved', `${unfinished.kind} ${unfinished.msgno} is unfinished`);
    }
    // 3080 §2.2.1.1 rules 7 and 8
    if (unfinished.kind !== kind) {
      throw wrong(header, 'frame.keyword-changed', `${unfinished.kind} ${msgno} is unfinished`);
    }
    return;
  }
  if (kind === 'MSG') {
    // 3080 §2.2.1.1 rule 4
    if (state.isUnanswered(msgno)) {
      throw wrong(header, 'frame.msgno', 'a MSG with this number has no complete reply yet');
    }
    return;
  }
  checkReply(header, state);
}

function checkReply(header: DataHeader, state: ReceiveState): void {
  const { kind, msgno } = header;
  const oldest = state.oldestMessage;
  if (oldest === undefined || oldest.msgno !== msgno || !oldest.begun) {
    // 3080 §2.2.1.1 rules 5 and 6; 3080 §2.6.1 where a later MSG is replied to first
    throw state.hasSent(msgno)
      ? wrong(header, 'frame.reply-order', 'the reply is complete already, or comes out of order')
      : wrong(header, 'frame.reply-unasked', 'no MSG with this number was sent');
  }
  const before = oldest.replyKind;
  if (before !== undefined && before !== kind && !(kind === 'NUL' && before === 'ANS')) {
    // 3080 §2.2.1.1 rules 7 and 8
    throw wrong(header, 'frame.keyword-changed', `the reply began with ${before}`);
  }
}

/** A FrameError about a frame whose header could be read. */
export function wrong(header: DataHeader, code: string, message: string): FrameError {
  return new FrameError(code, message, formatHeader(header));
}
