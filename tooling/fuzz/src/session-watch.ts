import { beepXmlBody, type Frame, FrameDecoder, FrameError, type Limits, parseManagement } from '@apex/beep';
import { Finding, must } from './finding.ts';
import { framesOf } from './octets/frames.ts';
import { joined, latin1 } from './octets/octets.ts';

/**
 * Looks at a session from its peer's side: what it writes must be whole frames that follow one another,
 * within the windows that it was given; replies must be replies to something; and the windows that it gives
 * must be those of its limits.
 */
export class SessionWatch {
  readonly #limits: Limits;
  readonly #channels = new Map<number, ChannelView>([[0, new ChannelView()]]);
  readonly #input: FrameDecoder;
  #inputEnded = false;
  /** Starts that the peer has asked for, by msgno: the number of the channel, and what it is given of a window. */
  readonly #starts = new Map<number, { readonly number: number; edge: number }>();
  readonly #closes = new Map<number, number>();
  readonly #open = new Set<number>();

  constructor(limits: Limits) {
    this.#limits = limits;
    // 3080 §2.3.1.1: the greeting answers a MSG 0 that nobody sent.
    this.#channel(0).asked.add(0);
    this.#input = new FrameDecoder({
      header: () => {},
      frame: ({ kind, channel, msgno, more }, payload) => {
        if (kind === 'MSG') this.#asked(channel, msgno, more, payload);
        return true;
      },
      seq: ({ channel, ackno, window }) => {
        const edge = ackno + window;
        this.#channel(channel).edge = edge;
        for (const start of this.#starts.values()) if (start.number === channel) start.edge = edge;
        return true;
      },
    });
  }

  /** Octets that the session is about to get. */
  given(octets: Uint8Array): void {
    if (!this.#inputEnded) this.#inputEnded = this.#input.receive(octets) instanceof FrameError;
  }

  /** Octets that the session has written. */
  wrote(octets: Uint8Array): void {
    const { frames, rest } = framesOf(octets);
    must(rest.length === 0, `wrote what is not whole frames: ${latin1(rest.subarray(0, 80))}`);
    for (const frame of frames) {
      if (frame.kind === 'SEQ') this.#gaveWindow(frame);
      else this.#wroteData(frame);
    }
  }

  #asked(channel: number, msgno: number, more: boolean, payload: Uint8Array): void {
    const view = this.#channel(channel);
    view.asked.add(msgno);
    if (channel !== 0) return;
    view.incoming.push(payload.slice());
    if (more) return;
    const message = joined(view.incoming.splice(0));
    try {
      const element = parseManagement(beepXmlBody(message));
      if (element.kind === 'close') this.#closes.set(msgno, element.number);
      if (element.kind !== 'start') return;
      this.#starts.set(msgno, { number: element.number, edge: INITIAL_WINDOW });
    } catch {
      // Whatever it is, the session answers it with an error.
    }
  }

  #gaveWindow({ channel, ackno, window }: Extract<Frame, { kind: 'SEQ' }>): void {
    const { receiveWindowOctets, managementWindowOctets } = this.#limits;
    const limit = channel === 0 ? managementWindowOctets : receiveWindowOctets;
    must(window <= limit, `gave a window of ${window} octets on channel ${channel}, the limit is ${limit}`);
    const view = this.#channel(channel);
    must(ackno + window >= view.given, `moved the edge of the window of channel ${channel} to the left`);
    view.given = ackno + window;
  }

  #wroteData(frame: Exclude<Frame, { kind: 'SEQ' }>): void {
    const { kind, channel, msgno, more, seqno, size, payload } = frame;
    const view = this.#channel(channel);
    const line = `${kind} ${channel} ${msgno} ${more ? '*' : '.'} ${seqno} ${size}`;
    must(seqno === view.next, `wrote ${line}, the next seqno is ${view.next}`);
    view.next = seqno + size;
    must(size === 0 || view.next <= view.edge, `wrote ${line} past the window, which ends at ${view.edge}`);
    if (kind !== 'MSG') must(view.asked.has(msgno), `wrote ${line}, a reply to no MSG`);
    if (kind !== 'MSG' && kind !== 'ANS' && !more) view.asked.delete(msgno);
    if (channel !== 0) return;
    view.outgoing.push(payload);
    if (!more) this.#managed(kind, msgno, joined(view.outgoing.splice(0)));
  }

  #managed(kind: Frame['kind'], msgno: number, message: Uint8Array): void {
    let element: ReturnType<typeof parseManagement>;
    try {
      element = parseManagement(beepXmlBody(message));
    } catch (cause) {
      throw new Finding(`wrote ${latin1(message)} on channel zero`, { cause });
    }
    if (kind === 'MSG') return;
    const started = this.#starts.get(msgno);
    // Nothing leaves on a channel before its peer can know of it.
    if (element.kind === 'profile' && started !== undefined) {
      this.#open.add(started.number);
      this.#channel(started.number).begin(started.edge);
    }
    const closed = this.#closes.get(msgno);
    if (element.kind === 'ok' && closed !== undefined) this.#open.delete(closed);
    this.#starts.delete(msgno);
    this.#closes.delete(msgno);
    const { channels } = this.#limits;
    must(this.#open.size <= channels, `opened ${this.#open.size} channels, the limit is ${channels}`);
  }

  #channel(number: number): ChannelView {
    const known = this.#channels.get(number);
    if (known !== undefined) return known;
    const view = new ChannelView();
    this.#channels.set(number, view);
    return view;
  }
}

/** RFC 3081 §3.1.1, in octets. */
const INITIAL_WINDOW = 4096;

class ChannelView {
  /** Next octet that the session writes, and where its window ends. */
  next = 0;
  edge = INITIAL_WINDOW;
  /** Where the window ends that the session has given. */
  given = INITIAL_WINDOW;
  /** Numbers of MSGs without a complete reply. */
  readonly asked = new Set<number>();
  readonly incoming: Uint8Array[] = [];
  readonly outgoing: Uint8Array[] = [];

  /** It is a new channel from here on, maybe of a number that was in use. */
  begin(edge: number): void {
    this.next = 0;
    this.edge = edge;
    this.given = INITIAL_WINDOW;
  }
}
