import type { BeepChannel } from '../channel/channel.ts';
import { FrameWriter } from '../frame/encoder.ts';

/**
 * The order in which frames leave a session (RFC 3081 §3.1.4): SEQ frames first, then one data frame
 * of each channel that has one, in turn (B6; 3081 §3.1.4 rules 2 and 5). No other order holds between
 * channels (3080 §2.6.2). Those that wait are linked through the channels themselves: each session has
 * an output, and most have nothing in it.
 */
export class Output {
  #firstFrame: BeepChannel | undefined = undefined;
  #lastFrame: BeepChannel | undefined = undefined;
  #firstSeq: BeepChannel | undefined = undefined;
  #lastSeq: BeepChannel | undefined = undefined;

  get isEmpty(): boolean {
    return this.#firstFrame === undefined && this.#firstSeq === undefined;
  }

  /** Gives the channel its turn, if it has a frame that can leave. */
  frameReady(channel: BeepChannel): boolean {
    if (channel.inTurn || !channel.hasFrame) return false;
    channel.inTurn = true;
    if (this.#lastFrame === undefined) this.#firstFrame = channel;
    else this.#lastFrame.nextInTurn = channel;
    this.#lastFrame = channel;
    return true;
  }

  /** 3081 §3.1.4 rule 4: one SEQ for all frames that came since the last one. */
  seqReady(channel: BeepChannel): boolean {
    if (channel.seqInTurn) return false;
    channel.seqInTurn = true;
    if (this.#lastSeq === undefined) this.#firstSeq = channel;
    else this.#lastSeq.nextSeqInTurn = channel;
    this.#lastSeq = channel;
    return true;
  }

  /** Frames in one array; it ends with the frame that reaches `maxOctets`. */
  take(maxOctets: number): Uint8Array | undefined {
    while (writer.length < maxOctets) {
      this.#writeSeqs();
      const channel = this.#firstFrame;
      if (channel === undefined) break;
      this.#firstFrame = channel.nextInTurn;
      if (this.#firstFrame === undefined) this.#lastFrame = undefined;
      channel.nextInTurn = undefined;
      channel.inTurn = false;
      channel.writeFrame(writer);
      this.frameReady(channel);
    }
    return writer.length === 0 ? undefined : writer.take();
  }

  clear(): void {
    this.#firstFrame = this.#lastFrame = this.#firstSeq = this.#lastSeq = undefined;
  }

  #writeSeqs(): void {
    while (this.#firstSeq !== undefined) {
      const channel = this.#firstSeq;
      this.#firstSeq = channel.nextSeqInTurn;
      channel.nextSeqInTurn = undefined;
      channel.seqInTurn = false;
      channel.writeSeq(writer);
    }
    this.#lastSeq = undefined;
  }
}

/** Shared by all sessions: it is empty whenever `take` is not running. */
const writer = new FrameWriter();

/** The memory of what was taken last may be written over. */
export function giveBack(octets: Uint8Array): void {
  writer.giveBack(octets);
}
