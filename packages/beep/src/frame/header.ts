import { FrameError } from '../errors.ts';
import { type DataHeader, type DataKind, maxNumber, maxSeqno, type SeqFrame } from './frame.ts';

/**
 * Header lines, read by hand from octets. The reader refuses the first octet that cannot be part of
 * a header, so a line can never be longer than its keyword allows (B4: ten digits a number) and a
 * wrong one is refused before its end has arrived.
 */
const space = 0x20;
const star = 0x2a;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const cr = 0x0d;
const lf = 0x0a;

/** Reads one header at a time; the fields hold the last one. SEQ has its ackno in `seqno`, its window in `size`. */
export class HeaderReader implements DataHeader {
  kind: DataKind = 'MSG';
  isSeq = false;
  channel = 0;
  msgno = 0;
  more = false;
  seqno = 0;
  size = 0;
  ansno = 0;

  #octets = noOctets;
  #at = 0;
  #end = 0;
  #value = 0;

  /**
   * Reads the header that starts at `start`. Returns the offset behind it, or undefined when the
   * octets up to `end` are only its beginning. Throws FrameError.
   */
  read(octets: Uint8Array, start: number, end: number): number | undefined {
    this.#octets = octets;
    this.#at = start;
    this.#end = end;
    let complete: boolean;
    try {
      complete = this.#keyword() && (this.isSeq ? this.#seqParameters() : this.#dataParameters());
    } catch (error) {
      throw error instanceof Wrong
        ? new FrameError(error.code, error.message, visible(octets, start, end))
        : error;
    }
    this.#octets = noOctets;
    return complete ? this.#at : undefined;
  }

  // 3080 §2.2.1.1 rule 1
  #keyword(): boolean {
    if (this.#at >= this.#end) return false;
    const keyword = keywords[this.#octets[this.#at] as number];
    for (let index = 0; index < 3; index += 1) {
      if (this.#at >= this.#end) return false;
      if (this.#octets[this.#at] !== keyword?.charCodeAt(index)) {
        throw new Wrong('frame.keyword', 'a header starts with MSG, RPY, ERR, ANS, NUL or SEQ');
      }
      this.#at += 1;
    }
    this.isSeq = keyword === 'SEQ';
    if (keyword !== undefined && keyword !== 'SEQ') this.kind = keyword;
    return true;
  }

  // 3080 §2.2.1.1 rule 2
  #dataParameters(): boolean {
    if (!this.#number(maxNumber)) return false;
    this.channel = this.#value;
    if (!this.#number(maxNumber)) return false;
    this.msgno = this.#value;
    if (!this.#octet(space) || this.#at >= this.#end) return false;
    const more = this.#octets[this.#at];
    if (more !== star && more !== point) {
      throw new Wrong('frame.parameter', 'the continuation indicator is neither "*" nor "."');
    }
    this.more = more === star;
    this.#at += 1;
    if (!this.#number(maxSeqno)) return false;
    this.seqno = this.#value;
    if (!this.#number(maxNumber)) return false;
    this.size = this.#value;
    this.ansno = 0;
    if (this.kind === 'ANS') {
      if (!this.#number(maxNumber)) return false; // B5
      this.ansno = this.#value;
    }
    return this.#octet(cr) && this.#octet(lf);
  }

  // 3081 §3.1.3
  #seqParameters(): boolean {
    if (!this.#number(maxNumber)) return false;
    this.channel = this.#value;
    if (!this.#number(maxSeqno)) return false;
    this.seqno = this.#value;
    if (!this.#number(maxNumber)) return false;
    this.size = this.#value;
    return this.#octet(cr) && this.#octet(lf);
  }

  #octet(expected: number): boolean {
    if (this.#at >= this.#end) return false;
    if (this.#octets[this.#at] !== expected) {
      throw new Wrong('frame.parameter', 'one space separates the parameters, and CRLF ends them');
    }
    this.#at += 1;
    return true;
  }

  /** Reads a space and a number of one to ten digits (B4) into `#value`; the octet behind it must be there. */
  #number(largest: number): boolean {
    if (!this.#octet(space)) return false;
    const octets = this.#octets;
    const end = this.#end;
    const first = this.#at;
    let at = first;
    let value = 0;
    while (at < end) {
      const octet = octets[at] as number;
      if (octet < zero || octet > nine) break;
      if (at - first === 10) throw new Wrong('frame.parameter', 'a number has more than ten digits');
      value = value * 10 + (octet - zero);
      at += 1;
    }
    if (value > largest) throw new Wrong('frame.parameter', 'a number is out of its range');
    if (at === end) return false;
    if (at === first) throw new Wrong('frame.parameter', 'a number is missing');
    this.#at = at;
    this.#value = value;
    return true;
  }
}

/** By their first octet. */
const keywords: readonly (DataKind | 'SEQ' | undefined)[] = Array.from({ length: 256 }, (_, octet) =>
  (['MSG', 'RPY', 'ERR', 'ANS', 'NUL', 'SEQ'] as const).find((keyword) => keyword.charCodeAt(0) === octet),
);

const noOctets: Uint8Array = new Uint8Array(0);

/** What is wrong with a header, before its text is known. */
class Wrong extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The line that starts at `start`, at most 80 characters, with other than visible ASCII as `\xNN`. */
function visible(octets: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end && text.length < 80; at += 1) {
    const octet = octets[at] as number;
    if (octet === cr || octet === lf) break;
    text +=
      octet >= 0x20 && octet < 0x7f
        ? String.fromCharCode(octet)
        : `\\x${octet.toString(16).padStart(2, '0')}`;
  }
  return text.slice(0, 80);
}

/** The header line without CRLF. */
export function formatHeader(header: DataHeader | SeqFrame): string {
  if (header.kind === 'SEQ') return `SEQ ${header.channel} ${header.ackno} ${header.window}`;
  const { kind, channel, msgno, more, seqno, size, ansno } = header;
  const common = `${kind} ${channel} ${msgno} ${more ? '*' : '.'} ${seqno} ${size}`;
  return kind === 'ANS' ? `${common} ${ansno}` : common;
}
