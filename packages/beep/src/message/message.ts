import type { DataKind } from '../frame/frame.ts';
import type { Payload } from '../octets.ts';

/**
 * A message on its way out, segmented frame by frame as the peer's window allows (RFC 3080 §2.2).
 * Messages of one queue are linked through `next`, so that a queue costs nothing but its messages.
 */
export class OutgoingMessage {
  readonly kind: DataKind;
  readonly msgno: number;
  /** 0 unless `kind` is ANS. */
  readonly ansno: number;
  payload: Payload;
  /** Payload octets that have left in frames. */
  sentOctets = 0;
  /** Whether its first frame has left. */
  begun = false;
  /** Whether its last frame has left. */
  sent = false;
  next: OutgoingMessage | undefined = undefined;

  constructor(kind: DataKind, msgno: number, ansno: number, payload: Payload) {
    this.kind = kind;
    this.msgno = msgno;
    this.ansno = ansno;
    this.payload = payload;
  }

  get unsentOctets(): number {
    return this.payload.length - this.sentOctets;
  }
}

export const emptyPayload: Uint8Array = new Uint8Array(0);
