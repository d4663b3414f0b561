import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { protectedBy } from './protection.ts';

/**
 * A BEEP peer that knows only octets and frames, written apart from the packages under test: it can
 * say what no well-behaved peer would. It holds the other side to the frame syntax, to its sequence
 * numbers and to the windows that it was given: whoever waits for something learns of a violation.
 * Strings stand for UTF-8 octets.
 */
export type Keyword = 'MSG' | 'RPY' | 'ERR' | 'ANS' | 'NUL';

export interface ReceivedFrame {
  readonly keyword: Keyword;
  readonly channel: number;
  readonly msgno: number;
  readonly more: boolean;
  readonly seqno: number;
  readonly ansno: number | undefined;
  readonly payload: Buffer;
  /** The header line, without CRLF. */
  readonly header: string;
}

/** A message put together from its frames. */
export interface ReceivedMessage {
  readonly keyword: Keyword;
  readonly channel: number;
  readonly msgno: number;
  /** With its entity headers. */
  readonly payload: string;
  /** Behind the empty line. */
  readonly body: string;
  /** The payload as it arrived. */
  readonly octets: Buffer;
}

export const beepXml = (xml: string): string => `Content-Type: application/beep+xml\r\n\r\n${xml}`;

/** How long anything may take before a test gives up, in milliseconds. */
export const patienceMs = 10_000;

/** RFC 3081 §3.1.1: the window of a channel that was just created. */
export const initialWindow = 4096;

/** What goes out on one channel. */
interface Sending {
  /** Sequence number of the next octet. */
  next: number;
  /** Sequence number behind the last octet that the other side allows. */
  edge: number;
  /** Messages that wait for the window, in order. */
  readonly queue: {
    readonly start: string;
    readonly ansno: string;
    readonly payload: Buffer;
    offset: number;
  }[];
}

/** What comes in on one channel. */
interface Receiving {
  next: number;
  edge: number;
}

export interface WireOptions {
  /** Over TLS, before anything is said; default: as APEX_TLS tells. */
  readonly isProtected?: boolean;
}

export class Wire {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  readonly #frames: ReceivedFrame[] = [];
  #end: 'closed' | 'aborted' | undefined;
  #violation: Error | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #partial = new Map<string, Buffer>();
  readonly #sending = new Map<number, Sending>();
  readonly #receiving = new Map<number, Receiving>();
  /** Whether windows are opened as octets arrive. */
  opensWindows = true;
  /** SEQ frames that arrived, as written. */
  readonly sequences: string[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (octets) => {
      const chunk = octets as Buffer;
      this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
      try {
        while (this.#violation === undefined && this.#takeFrame()) {}
      } catch (error) {
        this.#violation = error as Error;
      }
      this.#changed();
    });
    socket.on('error', () => this.#ended('aborted'));
    socket.on('end', () => this.#ended('closed'));
    socket.on('close', () => this.#ended('closed'));
  }

  static async open(
    host: string,
    port: number,
    { isProtected = process.env['APEX_TLS'] === '1' }: WireOptions = {},
  ): Promise<Wire> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new Wire(isProtected ? await protectedBy(socket) : socket);
  }

  // --- sending

  /** Octets as they are. */
  raw(octets: string | Uint8Array): void {
    this.#socket.write(octets);
  }

  /** One frame, whatever the window allows; the sequence number is counted here. */
  frame(
    keyword: Keyword,
    channel: number,
    msgno: number,
    payload: string | Buffer,
    options: { readonly more?: boolean; readonly ansno?: number } = {},
  ): void {
    const octets = Buffer.from(payload);
    const sending = this.#sendingOn(channel);
    const ansno = options.ansno === undefined ? '' : ` ${options.ansno}`;
    const more = options.more === true ? '*' : '.';
    this.#write(
      `${keyword} ${channel} ${msgno} ${more} ${sending.next} ${octets.length}${ansno}\r\n`,
      octets,
    );
    advance(sending, octets.length);
  }

  /** A message, in as many frames as the window of the other side asks for, now or later. */
  send(keyword: Keyword, channel: number, msgno: number, payload: string | Buffer, ansno?: number): void {
    const sending = this.#sendingOn(channel);
    sending.queue.push({
      start: `${keyword} ${channel} ${msgno}`,
      ansno: ansno === undefined ? '' : ` ${ansno}`,
      payload: Buffer.from(payload),
      offset: 0,
    });
    this.#flush(sending);
  }

  #flush(sending: Sending): void {
    for (let message = sending.queue[0]; message !== undefined; message = sending.queue[0]) {
      const { start, ansno, payload, offset } = message;
      const left = payload.length - offset;
      const size = Math.min(left, distance(sending.next, sending.edge));
      if (size === 0 && left > 0) return;
      const more = size < left ? '*' : '.';
      this.#write(
        `${start} ${more} ${sending.next} ${size}${ansno}\r\n`,
        payload.subarray(offset, offset + size),
      );
      advance(sending, size);
      message.offset += size;
      if (size === left) sending.queue.shift();
    }
  }

  #write(header: string, payload: Buffer): void {
    this.raw(Buffer.concat([Buffer.from(header), payload, Buffer.from('END\r\n')]));
  }

  /** The sequence number of the next octet to send on a channel. */
  nextSeqno(channel: number): number {
    return this.#sendingOn(channel).next;
  }

  /** How many octets the other side allows on a channel now. */
  windowLeft(channel: number): number {
    const { next, edge } = this.#sendingOn(channel);
    return distance(next, edge);
  }

  /** Both directions of a channel that was created (again) begin at 0. */
  forget(channel: number): void {
    this.#sending.delete(channel);
    this.#receiving.delete(channel);
  }

  // --- receiving

  /** The next frame, SEQ frames left out. Rejects when none comes, or the connection ends. */
  nextFrame(withinMs = patienceMs): Promise<ReceivedFrame> {
    return this.until(() => this.#frames.shift(), 'a frame', withinMs);
  }

  /** The next message of any channel, its fragments joined. */
  async nextMessage(withinMs = patienceMs): Promise<ReceivedMessage> {
    for (;;) {
      const { keyword, channel, msgno, more, payload, ansno } = await this.nextFrame(withinMs);
      const key = `${keyword} ${channel} ${msgno} ${ansno ?? ''}`;
      const before = this.#partial.get(key);
      const whole = before === undefined ? payload : Buffer.concat([before, payload]);
      if (more) {
        this.#partial.set(key, whole);
        continue;
      }
      this.#partial.delete(key);
      const text = whole.toString();
      const body = text.startsWith('\r\n') ? text.slice(2) : text.slice(text.indexOf('\r\n\r\n') + 4);
      return { keyword, channel, msgno, payload: text, body, octets: whole };
    }
  }

  /** Octets that arrived on a channel. */
  received(channel: number): number {
    return this.#receivingOn(channel).next;
  }

  /** Resolves with how the other side ended the connection and what it sent that nobody has read. */
  async ending(): Promise<{ readonly how: 'closed' | 'aborted'; readonly unread: string }> {
    const how = await this.until(() => this.#end, 'the end of the connection');
    const frames = this.#frames.map(({ header, payload }) => `${header}\r\n${payload.toString()}END\r\n`);
    return { how, unread: frames.join('') + this.#input.toString() };
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Resolves once `look` finds something; rejects when the connection ends first or the time is over. */
  async until<T>(look: () => T | undefined, what: string, withinMs = patienceMs): Promise<T> {
    const until = Date.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#violation !== undefined) throw this.#violation;
      if (this.#end !== undefined) throw new Error(`the connection was ${this.#end} before ${what} came`);
      if (Date.now() >= until) throw new Error(`${what} did not come within ${withinMs} ms`);
      await this.#change(until - Date.now());
    }
  }

  /** Sends a SEQ frame for all that was received. */
  openWindow(channel: number, window: number): void {
    const receiving = this.#receivingOn(channel);
    const edge = modulo(receiving.next + window);
    // What was given once is not taken back in our own accounts.
    if (distance(receiving.next, receiving.edge) < window) receiving.edge = edge;
    this.raw(`SEQ ${channel} ${receiving.next} ${window}\r\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(withinMs, 2 ** 31 - 1));
      this.#watchers.add(done);
    });
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #ended(how: 'closed' | 'aborted'): void {
    this.#end ??= how;
    this.#changed();
  }

  /** Takes one frame from the input; false when there is no whole one. */
  #takeFrame(): boolean {
    const lineEnd = this.#input.indexOf('\r\n');
    if (lineEnd < 0) {
      if (this.#input.length > 62)
        throw new Error(`a header without end: ${this.#input.toString('latin1', 0, 80)}`);
      return false;
    }
    const header = this.#input.toString('latin1', 0, lineEnd);
    const seq = /^SEQ (\d{1,10}) (\d{1,10}) (\d{1,10})$/.exec(header);
    if (seq !== null) {
      this.#input = this.#input.subarray(lineEnd + 2);
      this.sequences.push(header);
      const [channel, ackno, window] = seq.slice(1).map(Number) as [number, number, number];
      const sending = this.#sendingOn(channel);
      if (distance(ackno, sending.next) > 2 ** 31)
        throw new Error(`acknowledges what was never sent: ${header}`);
      sending.edge = modulo(ackno + window);
      this.#flush(sending);
      return true;
    }
    const match =
      /^(MSG|RPY|ERR|ANS|NUL) (\d{1,10}) (\d{1,10}) ([.*]) (\d{1,10}) (\d{1,10})(?: (\d{1,10}))?$/.exec(
        header,
      );
    if (match === null || (match[1] === 'ANS') !== (match[7] !== undefined)) {
      throw new Error(`not a frame header: ${header}`);
    }
    const [channel, msgno, seqno, size] = [match[2], match[3], match[5], match[6]].map(Number) as [
      number,
      number,
      number,
      number,
    ];
    const end = lineEnd + 2 + size;
    if (this.#input.length < end + 5) return false;
    if (this.#input.toString('latin1', end, end + 5) !== 'END\r\n')
      throw new Error(`no trailer after ${header}`);
    const payload = this.#input.subarray(lineEnd + 2, end);
    this.#input = this.#input.subarray(end + 5);
    this.#account(channel, seqno, size, header);
    this.#frames.push({
      keyword: match[1] as Keyword,
      channel,
      msgno,
      more: match[4] === '*',
      seqno,
      ansno: match[7] === undefined ? undefined : Number(match[7]),
      payload,
      header,
    });
    return true;
  }

  /** Holds the other side to its sequence numbers and to the window that it was given. */
  #account(channel: number, seqno: number, size: number, header: string): void {
    const receiving = this.#receivingOn(channel);
    if (seqno !== receiving.next) throw new Error(`expected seqno ${receiving.next}: ${header}`);
    if (size > distance(receiving.next, receiving.edge)) {
      throw new Error(`beyond the edge ${receiving.edge} of the window: ${header}`);
    }
    receiving.next = modulo(receiving.next + size);
    if (this.opensWindows && distance(receiving.next, receiving.edge) < initialWindow / 2) {
      this.openWindow(channel, initialWindow);
    }
  }

  #sendingOn(channel: number): Sending {
    let sending = this.#sending.get(channel);
    if (sending === undefined) {
      sending = { next: 0, edge: initialWindow, queue: [] };
      this.#sending.set(channel, sending);
    }
    return sending;
  }

  #receivingOn(channel: number): Receiving {
    let receiving = this.#receiving.get(channel);
    if (receiving === undefined) {
      receiving = { next: 0, edge: initialWindow };
      this.#receiving.set(channel, receiving);
    }
    return receiving;
  }
}

/** RFC 3080 §2.2.1.2: sequence numbers are counted modulo 2^32. */
function modulo(seqno: number): number {
  return seqno % 2 ** 32;
}

function distance(from: number, to: number): number {
  return modulo(to - from + 2 ** 32);
}

function advance(sending: Sending, octets: number): void {
  sending.next = modulo(sending.next + octets);
}
