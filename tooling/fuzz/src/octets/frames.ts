import { encodeFrame, type Frame, FrameDecoder, FrameError } from '@apex/beep';

/** Octets as frames, as far as they are well formed, and what stands behind. */
export interface Frames {
  readonly frames: readonly Frame[];
  /** The octets of each frame. */
  readonly pieces: readonly Uint8Array[];
  readonly rest: Uint8Array;
}

export function framesOf(octets: Uint8Array): Frames {
  const frames: Frame[] = [];
  const pieces: Uint8Array[] = [];
  let rest = octets;
  for (;;) {
    let frame: Frame | undefined;
    const decoder: FrameDecoder = new FrameDecoder({
      header: () => {},
      frame: ({ kind, channel, msgno, more, seqno, size, ansno }, payload) => {
        frame = { kind, channel, msgno, more, seqno, size, ansno, payload: payload.slice() };
        return false;
      },
      seq: (seq) => {
        frame = seq;
        return false;
      },
    });
    const result = decoder.receive(rest);
    if (frame === undefined || result instanceof FrameError) return { frames, pieces, rest };
    frames.push(frame);
    pieces.push(rest.slice(0, decoder.stoppedAt));
    rest = rest.subarray(decoder.stoppedAt);
  }
}

/** The frames with the sequence numbers that follow from their payloads. */
export function renumbered(frames: readonly Frame[]): readonly Frame[] {
  const next = new Map<number, number>();
  return frames.map((frame) => {
    if (frame.kind === 'SEQ') return frame;
    const seqno = next.get(frame.channel) ?? 0;
    next.set(frame.channel, (seqno + frame.payload.length) % 2 ** 32);
    return { ...frame, seqno };
  });
}

export function encoded(frames: readonly Frame[]): readonly Uint8Array[] {
  return frames.map(encodeFrame);
}
