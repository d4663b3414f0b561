import { type DataKind, type Frame, maxHeaderOctets, trailerOctets } from './frame.ts';

/**
 * Writes frames one behind the other into memory that is used again; `take` copies out what was
 * written, in one array.
 */
export class FrameWriter {
  #octets = new Uint8Array(16_384);
  #length = 0;

  /** Octets written since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** A data frame whose payload is `size` octets of `payload` from `offset` on. */
  data(
    kind: DataKind,
    channel: number,
    msgno: number,
    more: boolean,
    seqno: number,
    ansno: number,
    payload: Uint8Array,
    offset: number,
    size: number,
  ): void {
    this.#reserve(maxHeaderOctets + size + trailerOctets);
    const octets = this.#octets;
    this.#keyword(kind);
    this.#number(channel);
    this.#number(msgno);
    octets[this.#length++] = 0x20;
    octets[this.#length++] = more ? 0x2a : 0x2e;
    this.#number(seqno);
    this.#number(size);
    if (kind === 'ANS') this.#number(ansno);
    octets[this.#length++] = 0x0d;
    octets[this.#length++] = 0x0a;
    octets.set(size === payload.length ? payload : payload.subarray(offset, offset + size), this.#length);
    this.#length += size;
    octets[this.#length++] = 0x45;
    octets[this.#length++] = 0x4e;
    octets[this.#length++] = 0x44;
    octets[this.#length++] = 0x0d;
    octets[this.#length++] = 0x0a;
  }

  seq(channel: number, ackno: number, window: number): void {
    this.#reserve(maxHeaderOctets);
    this.#keyword('SEQ');
    this.#number(channel);
    this.#number(ackno);
    this.#number(window);
    this.#octets[this.#length++] = 0x0d;
    this.#octets[this.#length++] = 0x0a;
  }

  /** What was written, as an array of its own; begins anew. */
  take(): Uint8Array {
    const taken = this.#octets.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #keyword(keyword: DataKind | 'SEQ'): void {
    for (let index = 0; index < 3; index += 1) this.#octets[this.#length++] = keyword.charCodeAt(index);
  }

  /** A space and the number in decimal. */
  #number(value: number): void {
    const octets = this.#octets;
    octets[this.#length++] = 0x20;
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits += 1;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at -= 1) {
      const tens = Math.floor(rest / 10);
      octets[at] = 0x30 + rest - tens * 10;
      rest = tens;
    }
    this.#length += digits;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#octets.length));
    larger.set(this.#octets.subarray(0, this.#length));
    this.#octets = larger;
  }
}

/** One frame as octets. */
export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new FrameWriter();
  if (frame.kind === 'SEQ') {
    writer.seq(frame.channel, frame.ackno, frame.window);
  } else {
    const { kind, channel, msgno, more, seqno, ansno, payload } = frame;
    writer.data(kind, channel, msgno, more, seqno, ansno, payload, 0, payload.length);
  }
  return writer.take();
}
