import { FrameError } from '../errors.ts';
import { type DataHeader, maxHeaderOctets, type SeqFrame, trailerOctets } from './frame.ts';
import { formatHeader, HeaderReader } from './header.ts';

/** Takes what a decoder reads. Every method may throw FrameError to refuse. */
export interface FrameSink {
  /**
   * A header has been read; nothing of the payload has been kept yet. The object is valid during
   * the call, and during the `frame` call for the same frame.
   */
  header(header: DataHeader): void;
  /**
   * The frame of the last header is complete. `payload` is valid during the call only: it is part of
   * the input, or of a buffer that is used again. Returns false to stop the decoder.
   */
  frame(header: DataHeader, payload: Uint8Array): boolean;
  /** A SEQ frame. Returns false to stop the decoder. */
  seq(frame: SeqFrame): boolean;
}

/**
 * `need-more`: all input was read. `paused`: the sink asked to stop; input behind that frame was not
 * looked at. A FrameError: the octets are wrong, and nothing more can be read.
 */
export type DecodeResult = 'need-more' | 'paused' | FrameError;

/**
 * Cuts octets into frames. Input is taken in pieces of any size; only what is incomplete is kept: the
 * beginning of a header line, or the beginning of a payload whose header the sink has seen and not
 * refused. A payload that lies in the input in one piece is passed on without a copy.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #header = new HeaderReader();
  /** Beginning of a header line, or of payload and trailer. */
  #kept: Uint8Array | undefined;
  #keptOctets = 0;
  #inBody = false;
  /** Where the input goes on behind the frame at which the sink stopped. */
  stoppedAt = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Reads input. After `paused` or an error the decoder is not used again. */
  receive(octets: Uint8Array): DecodeResult {
    try {
      let at = 0;
      const end = octets.length;
      while (at < end) {
        at = this.#inBody ? this.#continueBody(octets, at) : this.#continueFrame(octets, at);
        if (at === stopped) return 'paused';
      }
      return 'need-more';
    } catch (error) {
      if (error instanceof FrameError) return error;
      throw error;
    }
  }

  /** Reads from a header on; returns the offset behind what was used. */
  #continueFrame(octets: Uint8Array, at: number): number {
    const header = this.#header;
    const behindHeader = this.#readHeader(octets, at);
    if (behindHeader === undefined) return octets.length;
    if (header.isSeq) {
      const { channel, seqno, size } = header;
      const goOn = this.#sink.seq({ kind: 'SEQ', channel, ackno: seqno, window: size });
      return goOn ? behindHeader : this.#stop(behindHeader);
    }
    this.#sink.header(header);
    const trailer = behindHeader + header.size;
    if (octets.length - trailer < trailerOctets) {
      this.#inBody = true;
      return behindHeader === octets.length ? behindHeader : this.#continueBody(octets, behindHeader);
    }
    this.#checkTrailer(octets, trailer, trailerOctets);
    const goOn = this.#sink.frame(header, octets.subarray(behindHeader, trailer));
    return goOn ? trailer + trailerOctets : this.#stop(trailer + trailerOctets);
  }

  #readHeader(octets: Uint8Array, at: number): number | undefined {
    if (this.#kept === undefined) {
      const behind = this.#header.read(octets, at, octets.length);
      if (behind === undefined) {
        this.#kept = new Uint8Array(maxHeaderOctets);
        this.#kept.set(octets.subarray(at));
        this.#keptOctets = octets.length - at;
      }
      return behind;
    }
    const before = this.#keptOctets;
    const added = Math.min(octets.length - at, maxHeaderOctets - before);
    this.#kept.set(octets.subarray(at, at + added), before);
    const behind = this.#header.read(this.#kept, 0, before + added);
    if (behind === undefined) {
      this.#keptOctets = before + added;
      return undefined;
    }
    this.#kept = undefined;
    this.#keptOctets = 0;
    return at + behind - before;
  }

  /** Keeps payload and trailer until both are complete. */
  #continueBody(octets: Uint8Array, at: number): number {
    const header = this.#header;
    const wanted = header.size + trailerOctets;
    const filled = this.#keptOctets;
    const taken = Math.min(wanted - filled, octets.length - at);
    const kept = this.#reserve(filled + taken, wanted);
    kept.set(octets.subarray(at, at + taken), filled);
    this.#keptOctets = filled + taken;
    this.#checkTrailer(kept, header.size, this.#keptOctets - header.size);
    if (this.#keptOctets < wanted) return octets.length;
    this.#kept = undefined;
    this.#keptOctets = 0;
    this.#inBody = false;
    return this.#sink.frame(header, kept.subarray(0, header.size)) ? at + taken : this.#stop(at + taken);
  }

  #stop(at: number): number {
    this.stoppedAt = at;
    return stopped;
  }

  /** Memory follows what has arrived, not what a header promises. */
  #reserve(needed: number, wanted: number): Uint8Array {
    const kept = this.#kept;
    if (kept !== undefined && kept.length >= needed) return kept;
    const larger = new Uint8Array(Math.min(wanted, Math.max(needed, 2 * (kept?.length ?? 512))));
    if (kept !== undefined) larger.set(kept.subarray(0, this.#keptOctets));
    this.#kept = larger;
    return larger;
  }

  // 3080 §2.2.1.3
  #checkTrailer(octets: Uint8Array, at: number, available: number): void {
    for (let index = 0; index < available; index += 1) {
      if (octets[at + index] !== trailer[index]) {
        throw new FrameError(
          'frame.trailer',
          'the payload is not followed by END CRLF',
          formatHeader(this.#header),
        );
      }
    }
  }
}

const stopped = -1;
const trailer = [0x45, 0x4e, 0x44, 0x0d, 0x0a] as const;
