import type { FrameWriter } from '../frame/encoder.ts';
import { emptyPayload, type OutgoingMessage } from '../message/message.ts';
import type { SendWindow } from './window.ts';

/**
 * Whether a frame of the message can leave: it is empty or at its empty end, or the window is open.
 * Else it waits (RFC 3081 §3.1.2 rule 2).
 */
export function canLeave(message: OutgoingMessage, window: SendWindow): boolean {
  return message.unsentOctets === 0 || window.available > 0;
}

/**
 * Writes the next frame of the message, as large as the window and `frameOctets` allow
 * (RFC 3081 §3.1.2 rule 1). Returns its payload octets.
 */
export function writeFragment(
  writer: FrameWriter,
  channel: number,
  message: OutgoingMessage,
  window: SendWindow,
  frameOctets: number,
): number {
  const { kind, msgno, ansno, payload, sentOctets, unsentOctets } = message;
  // 3081 §3.1.2
  const size = Math.min(unsentOctets, frameOctets, window.available);
  const more = size < unsentOctets;
  writer.data(kind, channel, msgno, more, window.next, ansno, payload, sentOctets, size);
  window.sent(size);
  message.begun = true;
  message.sentOctets += size;
  message.sent = !more;
  return size;
}

/**
 * 3080 §2.6.3: the peer has replied with ERR before it had the whole MSG; what is left of it is an
 * empty complete frame. Returns the octets that need not be sent.
 */
export function cutShort(message: OutgoingMessage): number {
  const dropped = message.unsentOctets;
  message.payload = emptyPayload;
  message.sentOctets = 0;
  return dropped;
}
