import type { BeepChannel } from '../channel/channel.ts';
import { FrameWriter } from '../frame/encoder.ts';

/**
 * The order in which frames leave a session (RFC 3081 §3.1.4): SEQ frames first, then one data frame
 * of each channel that has one, in turn (B6; 3081 §3.1.4 rules 2 and 5). No other order holds between
 * channels (3080 §2.6.2).
 */
export class Output {
  readonly #frames: BeepChannel[] = [];
  readonly #seqs: BeepChannel[] = [];

  get isEmpty(): boolean {
    return this.#frames.length === 0 && this.#seqs.length === 0;
  }

  /** Gives the channel its turn, if it has a frame that can leave. */
  frameReady(channel: BeepChannel): boolean {
    if (channel.inTurn || !channel.hasFrame) return false;
    channel.inTurn = true;
    this.#frames.push(channel);
    return true;
  }

  /** 3081 §3.1.4 rule 4: one SEQ for all frames that came since the last one. */
  seqReady(channel: BeepChannel): boolean {
    if (channel.seqInTurn) return false;
    channel.seqInTurn = true;
    this.#seqs.push(channel);
    return true;
  }

  /** Frames in one array; it ends with the frame that reaches `maxOctets`. */
  take(maxOctets: number): Uint8Array | undefined {
    while (writer.length < maxOctets) {
      this.#writeSeqs();
      const channel = this.#frames.shift();
      if (channel === undefined) break;
      channel.inTurn = false;
      channel.writeFrame(writer);
      this.frameReady(channel);
    }
    return writer.length === 0 ? undefined : writer.take();
  }

  clear(): void {
    this.#frames.length = 0;
    this.#seqs.length = 0;
  }

  #writeSeqs(): void {
    for (const channel of this.#seqs) {
      channel.seqInTurn = false;
      channel.writeSeq(writer);
    }
    this.#seqs.length = 0;
  }
}

/** Shared by all sessions: it is empty whenever `take` is not running. */
const writer = new FrameWriter();
