import { expect } from 'vitest';
import type { Frame } from '../../src/frame/frame.ts';
import { concatenate, transcript } from '../../src/testing/index.ts';

/** Checks that a sender never passes the windows that its peer gives, and that those never shrink. */
export class WindowWatch {
  readonly #edges = new Map<number, number>();
  readonly #rests: Record<'given' | 'sent', Uint8Array> = {
    given: new Uint8Array(0),
    sent: new Uint8Array(0),
  };

  /** Octets of the peer. */
  given(octets: Uint8Array): void {
    for (const frame of this.#frames('given', octets)) {
      if (frame.kind !== 'SEQ') continue;
      const edge = frame.ackno + frame.window;
      expect(edge).toBeGreaterThanOrEqual(this.#edge(frame.channel));
      this.#edges.set(frame.channel, edge);
    }
  }

  /** Octets of the sender. */
  sent(octets: Uint8Array): void {
    for (const frame of this.#frames('sent', octets)) {
      if (frame.kind !== 'SEQ')
        expect(frame.seqno + frame.size).toBeLessThanOrEqual(this.#edge(frame.channel));
    }
  }

  #edge(channel: number): number {
    return this.#edges.get(channel) ?? 4096;
  }

  #frames(side: 'given' | 'sent', octets: Uint8Array): readonly Frame[] {
    const { frames, rest } = transcript(concatenate([this.#rests[side], octets]));
    this.#rests[side] = rest;
    return frames;
  }
}
