import { FrameError } from '../errors.ts';
import { FrameDecoder } from '../frame/decoder.ts';
import type { DataHeader, Frame } from '../frame/frame.ts';

/** What one side of a connection sent, frame by frame. */
export interface Transcript {
  readonly frames: readonly Frame[];
  /** Octets behind the last whole frame. */
  readonly rest: Uint8Array;
}

/** Cuts octets into frames, whatever their meaning. Throws FrameError. */
export function transcript(octets: Uint8Array): Transcript {
  const frames: Frame[] = [];
  let used = 0;
  const decoder = new FrameDecoder({
    header: () => {},
    frame: (header, payload) => {
      frames.push({ ...plain(header), payload: new Uint8Array(payload) });
      return true;
    },
    seq: (frame) => {
      frames.push(frame);
      return true;
    },
  });
  // Octet by octet, so that the end of the last whole frame is known.
  for (let at = 0; at < octets.length; at += 1) {
    const before = frames.length;
    const result = decoder.receive(octets.subarray(at, at + 1));
    if (result instanceof FrameError) throw result;
    if (frames.length > before) used = at + 1;
  }
  return { frames, rest: octets.subarray(used) };
}

/** A whole message, its frames put together. */
export interface TranscriptMessage {
  readonly kind: DataHeader['kind'];
  readonly channel: number;
  readonly msgno: number;
  /** 0 unless ANS. */
  readonly ansno: number;
  readonly payload: Uint8Array;
}

/** The messages of a transcript, in the order in which they were completed. */
export function messages({ frames }: Transcript): TranscriptMessage[] {
  const unfinished = new Map<string, Uint8Array[]>();
  const complete: TranscriptMessage[] = [];
  for (const frame of frames) {
    if (frame.kind === 'SEQ') continue;
    const { kind, channel, msgno, ansno, more, payload } = frame;
    const key = `${channel} ${kind} ${msgno} ${ansno}`;
    const pieces = [...(unfinished.get(key) ?? []), payload];
    if (more) {
      unfinished.set(key, pieces);
    } else {
      unfinished.delete(key);
      complete.push({ kind, channel, msgno, ansno, payload: concatenate(pieces) });
    }
  }
  return complete;
}

/** All octets as one array. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((octets, piece) => octets + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function plain({ kind, channel, msgno, more, seqno, size, ansno }: DataHeader): DataHeader {
  return { kind, channel, msgno, more, seqno, size, ansno };
}
