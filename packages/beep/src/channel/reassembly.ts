import type { DataHeader, DataKind } from '../frame/frame.ts';
import { copyOf } from '../octets.ts';

/**
 * Puts the messages that a peer sends on one channel together again. One message at a time is
 * unfinished, but for the answers of a one-to-many exchange: those may be interleaved, and their
 * numbers tell them apart (RFC 3080 §2.2.1.1).
 */
export class Reassembly {
  /** The message, or the reply with its answers, that has begun and not ended. */
  unfinished: { readonly kind: DataKind; readonly msgno: number } | undefined = undefined;
  /** Octets of all that is unfinished. */
  octets = 0;
  #partial: Partial | undefined = undefined;
  #answers: Map<number, Partial> | undefined = undefined;

  get answersInProgress(): number {
    return this.#answers?.size ?? 0;
  }

  isInProgress(ansno: number): boolean {
    return this.#answers?.has(ansno) === true;
  }

  /** Takes a frame; returns the payload of its message when that is complete, an array of its own. */
  add(header: DataHeader, payload: Uint8Array): Uint8Array | undefined {
    if (header.kind === 'ANS') return this.#addAnswer(header, payload);
    const partial = this.#partial;
    if (!header.more && partial === undefined) {
      this.unfinished = undefined;
      return copyOf(payload);
    }
    if (partial === undefined) {
      this.#partial = new Partial(payload);
      this.unfinished ??= { kind: header.kind, msgno: header.msgno };
    } else {
      partial.append(payload);
    }
    this.octets += payload.length;
    return header.more ? undefined : this.#finish();
  }

  /** Notes a frame whose payload is ignored, and forgets what came before it. */
  ignore(header: DataHeader): void {
    this.#partial = undefined;
    this.octets = 0;
    this.unfinished = header.more ? { kind: header.kind, msgno: header.msgno } : undefined;
  }

  #finish(): Uint8Array | undefined {
    const whole = this.#partial?.whole();
    this.#partial = undefined;
    this.unfinished = undefined;
    this.octets = 0;
    return whole;
  }

  #addAnswer({ ansno, msgno, more }: DataHeader, payload: Uint8Array): Uint8Array | undefined {
    const partial = this.#answers?.get(ansno);
    if (more) {
      this.#answers ??= new Map();
      if (partial === undefined) this.#answers.set(ansno, new Partial(payload));
      else partial.append(payload);
      this.octets += payload.length;
      this.unfinished ??= { kind: 'ANS', msgno };
      return undefined;
    }
    if (partial === undefined) return copyOf(payload);
    this.octets -= partial.length;
    partial.append(payload);
    this.#answers?.delete(ansno);
    if (this.#answers?.size === 0) this.unfinished = undefined;
    return partial.whole();
  }
}

/** Payload that comes in several frames. Memory follows what has arrived. */
class Partial {
  length: number;
  #octets: Uint8Array;

  constructor(first: Uint8Array) {
    this.length = first.length;
    this.#octets = new Uint8Array(first);
  }

  append(payload: Uint8Array): void {
    const length = this.length + payload.length;
    if (length > this.#octets.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#octets.length));
      larger.set(this.#octets.subarray(0, this.length));
      this.#octets = larger;
    }
    this.#octets.set(payload, this.length);
    this.length = length;
  }

  whole(): Uint8Array {
    return this.length === this.#octets.length ? this.#octets : this.#octets.slice(0, this.length);
  }
}
