import { type DataHeader, FrameDecoder, FrameError, formatHeader, type SeqFrame, type Tap } from '@apex/beep';
import { Value } from '../external.ts';
import { type MessageText, messageText } from './message-text.ts';

/** A frame as it passed, or what came that is none. */
export interface WireEntry {
  readonly id: number;
  /** Counted from 1: a client that reconnects has one session after the other. */
  readonly session: number;
  readonly atMs: number;
  readonly direction: 'sent' | 'received';
  readonly channel: number;
  /** `MSG`, `RPY`, `ERR`, `ANS`, `NUL`, `SEQ`; `?` for octets that are no frame. */
  readonly kind: string;
  /** The header line. */
  readonly header: string;
  /** The message that is complete with this frame; undefined for SEQ, and for a frame that is to be continued. */
  readonly message: () => MessageText | undefined;
}

/** Frames that are kept. */
export const MOST_ENTRIES = 1000;
/** Of messages that are not complete yet, for all channels together, in octets. */
const MOST_UNFINISHED = 4 * 1024 * 1024;
/** So often who shows the log is told. */
const TELL_MS = 100;

/** The frames of the sessions of a client, the newest last. Octets go through the decoder that BEEP itself uses. */
export class WireLog {
  readonly entries = new Value<readonly WireEntry[]>([]);
  readonly isPaused = new Value(false);
  /** Frames that passed while it was paused. */
  readonly missed = new Value(0);
  #kept: WireEntry[] = [];
  #missed = 0;
  #id = 0;
  #session = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What the octets of the next session are told to. */
  session(): Tap {
    this.#session += 1;
    const session = this.#session;
    const add = (entry: Omit<WireEntry, 'id' | 'session' | 'atMs'>): void => this.#add({ ...entry, session });
    const readers = { sent: new Reader('sent', add), received: new Reader('received', add) };
    return (direction, octets) => readers[direction].read(octets);
  }

  pause(): void {
    this.isPaused.set(true);
  }

  resume(): void {
    this.isPaused.set(false);
    this.#missed = 0;
    this.missed.set(0);
  }

  clear(): void {
    this.#kept = [];
    this.entries.set([]);
  }

  #add(entry: Omit<WireEntry, 'id' | 'atMs'>): void {
    this.#id += 1;
    if (this.isPaused.get()) this.#missed += 1;
    else {
      this.#kept.push({ ...entry, id: this.#id, atMs: Date.now() });
      // Rarely, so that a frame costs the same however many are kept.
      if (this.#kept.length >= 2 * MOST_ENTRIES) this.#kept = this.#kept.slice(-MOST_ENTRIES);
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.isPaused.get()) this.missed.set(this.#missed);
      const newest = this.#kept.slice(-MOST_ENTRIES);
      if (newest.at(-1) !== this.entries.get().at(-1)) this.entries.set(newest);
    }, TELL_MS);
  }
}

/** What has arrived of a message. */
interface Unfinished {
  readonly parts: Uint8Array[];
  readonly octets: number;
}

/** The frames of one direction of one session. */
class Reader {
  readonly #direction: 'sent' | 'received';
  readonly #add: (entry: Omit<WireEntry, 'id' | 'session' | 'atMs'>) => void;
  readonly #unfinished = new Map<string, Unfinished>();
  #unfinishedOctets = 0;
  #decoder: FrameDecoder | undefined;

  constructor(
    direction: 'sent' | 'received',
    add: (entry: Omit<WireEntry, 'id' | 'session' | 'atMs'>) => void,
  ) {
    this.#direction = direction;
    this.#add = add;
    this.#decoder = new FrameDecoder({
      header() {},
      frame: (header, payload) => this.#frame(header, payload),
      seq: (frame) => this.#seq(frame),
    });
  }

  read(octets: Uint8Array): void {
    const result = this.#decoder?.receive(octets);
    if (!(result instanceof FrameError)) return;
    // Where the next frame begins nobody knows; the session ends with it (B1).
    this.#decoder = undefined;
    this.#add({
      direction: this.#direction,
      channel: 0,
      kind: '?',
      header: result.header || result.message,
      message: () => ({ summary: 'no frame', text: result.message }),
    });
  }

  #frame(header: DataHeader, payload: Uint8Array): boolean {
    const { kind, channel, msgno, ansno, more } = header;
    const key = `${kind} ${channel} ${msgno} ${ansno}`;
    const { parts, octets } = this.#unfinished.get(key) ?? { parts: [], octets: 0 };
    const taken = this.#unfinishedOctets + payload.length <= MOST_UNFINISHED ? payload.length : 0;
    parts.push(payload.slice(0, taken));
    if (more) {
      this.#unfinishedOctets += taken;
      this.#unfinished.set(key, { parts, octets: octets + taken });
    } else {
      this.#unfinishedOctets -= octets;
      this.#unfinished.delete(key);
    }
    let text: MessageText | undefined;
    this.#add({
      direction: this.#direction,
      channel,
      kind,
      header: formatHeader(header),
      message: () => {
        if (more) return undefined;
        text ??= messageText(joined(parts));
        return text;
      },
    });
    return true;
  }

  #seq(frame: SeqFrame): boolean {
    this.#add({
      direction: this.#direction,
      channel: frame.channel,
      kind: 'SEQ',
      header: formatHeader(frame),
      message: () => undefined,
    });
    return true;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
