import { blockOctets, type Payload } from '../octets.ts';
import { type DataKind, type Frame, maxHeaderOctets, trailerOctets } from './frame.ts';

/** Writes frames one behind the other; `take` gives out what was written, in one array. */
export class FrameWriter {
  #octets = new Uint8Array(blockOctets);
  /** Where what was not taken begins. */
  #begin = 0;
  #end = 0;

  /** Octets written since the last `take`. */
  get length(): number {
    return this.#end - this.#begin;
  }

  /** A data frame whose payload is `size` octets of `payload` from `offset` on. */
  data(
    kind: DataKind,
    channel: number,
    msgno: number,
    more: boolean,
    seqno: number,
    ansno: number,
    payload: Payload,
    offset: number,
    size: number,
  ): void {
    this.#reserve(maxHeaderOctets + size + trailerOctets);
    this.#text(kind);
    this.#number(channel);
    this.#number(msgno);
    this.#text(more ? ' *' : ' .');
    this.#number(seqno);
    this.#number(size);
    if (kind === 'ANS') this.#number(ansno);
    this.#text('\r\n');
    if (!(payload instanceof Uint8Array)) payload.write(this.#octets, this.#end, offset, size);
    else
      this.#octets.set(
        size === payload.length ? payload : payload.subarray(offset, offset + size),
        this.#end,
      );
    this.#end += size;
    this.#text('END\r\n');
  }

  seq(channel: number, ackno: number, window: number): void {
    this.#reserve(maxHeaderOctets);
    this.#text('SEQ');
    this.#number(channel);
    this.#number(ackno);
    this.#number(window);
    this.#text('\r\n');
  }

  /** What was written; begins anew. It is part of a block in which no place is used twice, unless it is given back. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#octets.buffer, this.#begin, this.length);
    this.#begin = this.#end;
    return taken;
  }

  /** Takes back the memory of what was taken last. */
  giveBack({ buffer, byteOffset, length }: Uint8Array): void {
    if (buffer === this.#octets.buffer && byteOffset + length === this.#end) {
      this.#begin = this.#end = byteOffset;
    }
  }

  #text(ascii: string): void {
    for (let index = 0; index < ascii.length; index += 1) this.#octets[this.#end++] = ascii.charCodeAt(index);
  }

  /** A space and the number in decimal. */
  #number(value: number): void {
    const octets = this.#octets;
    octets[this.#end++] = 0x20;
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits += 1;
    let rest = value;
    for (let at = this.#end + digits - 1; at >= this.#end; at -= 1) {
      const tens = Math.floor(rest / 10);
      octets[at] = 0x30 + rest - tens * 10;
      rest = tens;
    }
    this.#end += digits;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#octets.length) return;
    const { length } = this;
    const next = new Uint8Array(Math.max(2 * (length + more), blockOctets));
    next.set(this.#octets.subarray(this.#begin, this.#end));
    this.#octets = next;
    this.#begin = 0;
    this.#end = length;
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
