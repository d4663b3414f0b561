/** Flow control of one channel, each with windows of its own (RFC 3081 §3, §3.1). Sequence numbers count modulo 2^32. */

/** 3081 §3.1.1 */
export const initialWindowOctets = 4096;

/**
 * What is kept of a window for replies: where a peer that owes replies begins no new MSG, and what a
 * receiver with too much to do still gives. Without it two peers that each wait for the other to take
 * their replies could wait for ever.
 */
export const replyReserveOctets = 1024;

/** What the peer allows us to send. */
export class SendWindow {
  /** Sequence number of the next octet to send. */
  next = 0;
  #ackno = 0;
  #window = initialWindowOctets;

  /** `first` is the sequence number of the first octet: 0, but for tests of the wrap. */
  constructor(first = 0) {
    this.next = first;
    this.#ackno = first;
  }

  /** Octets that may be sent now; 0 also where the peer has shrunk the window (B3). */
  get available(): number {
    return Math.max(0, this.#window - this.#inFlight);
  }

  get #inFlight(): number {
    return (this.next - this.#ackno) >>> 0;
  }

  sent(octets: number): void {
    this.next = (this.next + octets) >>> 0;
  }

  /** A SEQ has arrived. Returns false, and changes nothing, when its ackno cannot be (B3). */
  update(ackno: number, window: number): boolean {
    if ((ackno - this.#ackno) >>> 0 > this.#inFlight) return false;
    this.#ackno = ackno;
    this.#window = window;
    return true;
  }
}

/** What we allow the peer to send. Its right edge never moves left (3081 §3.1.4 rule 6, B3). */
export class ReceiveWindow {
  /** Sequence number of the next octet to come. */
  expected = 0;
  /** Octets that the peer may still send. */
  left = initialWindowOctets;

  constructor(first = 0) {
    this.expected = first;
  }

  received(octets: number): void {
    this.expected = (this.expected + octets) >>> 0;
    this.left -= octets;
  }

  /** 3081 §3.1.4 rule 3, with half of the buffer as the step: small frames share one SEQ. */
  isDue(windowOctets: number): boolean {
    return windowOctets > this.left && (windowOctets - this.left) * 2 >= windowOctets;
  }

  open(windowOctets: number): void {
    if (windowOctets > this.left) this.left = windowOctets;
  }
}
