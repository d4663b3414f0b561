import { expect } from 'vitest';
import type { Frame } from '../../src/frame/frame.ts';
import { beepXml } from '../../src/message/mime.ts';
import type { SessionEvent } from '../../src/session/events.ts';
import type { Channel, ChannelEnd, ChannelHandler, Exchange, Profile } from '../../src/session/profile.ts';
import { Session, type SessionOptions } from '../../src/session/session.ts';
import { concatenate, messages, transcript } from '../../src/testing/index.ts';

export const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
export const octets = (characters: string): Uint8Array => new TextEncoder().encode(characters);

/** A session whose peer is the test: it writes frames by hand and reads what comes back. */
export class Wire {
  now = 0;
  readonly events: SessionEvent[] = [];
  readonly session: Session;
  /** Next seqno by channel: of what the test sends, and of what it has received. */
  readonly #seqnos = new Map<number, number>();
  readonly #received = new Map<number, number>();
  /** What `together` gathers. */
  #gathered: Uint8Array[] | undefined;

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new Session({
      role: 'listener',
      profiles: [],
      now: () => this.now,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  /** A listener that has the peer's greeting, and on which the peer has started channels of `profile`. */
  static withChannels(
    profile: Profile,
    numbers: readonly number[],
    options: Partial<SessionOptions> = {},
  ): Wire {
    const wire = new Wire({ profiles: [profile], ...options });
    wire.greet();
    numbers.forEach((number, index) => {
      wire.manage(index + 1, `<start number='${number}'><profile uri='${profile.uri}' /></start>`);
      wire.take();
      wire.openWindow(0);
    });
    return wire;
  }

  raw(characters: string | Uint8Array) {
    const piece = typeof characters === 'string' ? octets(characters) : characters;
    if (this.#gathered === undefined) return this.session.receive(piece);
    this.#gathered.push(piece);
    return 'need-more';
  }

  /** What `say` says, as one piece. */
  together(say: () => void) {
    const gathered: Uint8Array[] = [];
    this.#gathered = gathered;
    say();
    this.#gathered = undefined;
    return this.session.receive(concatenate(gathered));
  }

  /** A frame with the right seqno; `parameters` such as `MSG 1 0 .`, and for ANS the ansno behind it. */
  frame(parameters: string, payload = '', ansno?: number) {
    const channel = Number(parameters.split(' ')[1]);
    const seqno = this.#seqnos.get(channel) ?? 0;
    const { length } = octets(payload);
    this.#seqnos.set(channel, (seqno + length) % 2 ** 32);
    const tail = ansno === undefined ? '' : ` ${ansno}`;
    return this.raw(`${parameters} ${seqno} ${length}${tail}\r\n${payload}END\r\n`);
  }

  greet(greeting = '<greeting />') {
    return this.frame('RPY 0 0 .', text(beepXml(greeting)));
  }

  /** A MSG on channel zero. */
  manage(msgno: number, xml: string) {
    return this.frame(`MSG 0 ${msgno} .`, text(beepXml(xml)));
  }

  /** All output so far, taken from the session. */
  take(maxOctets = 65_536): Frame[] {
    let taken = '';
    for (
      let part = this.session.takeOutput(maxOctets);
      part !== undefined;
      part = this.session.takeOutput(maxOctets)
    ) {
      taken += new TextDecoder('latin1').decode(part);
    }
    const { frames, rest } = transcript(Uint8Array.from(taken, (character) => character.charCodeAt(0)));
    expect(rest).toHaveLength(0);
    for (const frame of frames) {
      if (frame.kind !== 'SEQ') this.#received.set(frame.channel, (frame.seqno + frame.size) % 2 ** 32);
    }
    return [...frames];
  }

  /** A SEQ for what was received. */
  openWindow(channel: number, window = 4096) {
    return this.raw(`SEQ ${channel} ${this.#received.get(channel) ?? 0} ${window}\r\n`);
  }

  /** As `take`, each frame as its header line. */
  headers(): string[] {
    return this.take().map(headerLine);
  }

  /** As `take`, each message as `KIND channel msgno payload`; the Content-Type left out. */
  messages(): string[] {
    return messages({ frames: this.take(), rest: new Uint8Array(0) }).map(
      ({ kind, channel, msgno, payload }) =>
        [kind, channel, msgno, text(payload).replace('Content-Type: application/beep+xml\r\n\r\n', '')].join(
          ' ',
        ),
    );
  }

  /** How the session ended, with what the log is told. */
  get ending(): string | undefined {
    const event = this.events.find(({ kind }) => kind === 'ended');
    if (event?.kind !== 'ended') return undefined;
    return `${event.end.kind} ${event.transport} ${event.diagnostic?.code ?? '-'}`;
  }
}

export function headerLine(frame: Frame): string {
  if (frame.kind === 'SEQ') return `SEQ ${frame.channel} ${frame.ackno} ${frame.window}`;
  const { kind, channel, msgno, more, seqno, size } = frame;
  const line = `${kind} ${channel} ${msgno} ${more ? '*' : '.'} ${seqno} ${size}`;
  return kind === 'ANS' ? `${line} ${frame.ansno}` : line;
}

/** A profile that notes what it is told and leaves the answers to the test. */
export class Recorder implements Profile, ChannelHandler {
  readonly uri: string;
  readonly exchanges: Exchange[] = [];
  readonly channels: Channel[] = [];
  readonly ends: ChannelEnd[] = [];

  constructor(uri = 'urn:recorder') {
    this.uri = uri;
  }

  start(request: Parameters<Profile['start']>[0]): void {
    this.channels.push(request.accept(this));
  }

  message(exchange: Exchange): void {
    this.exchanges.push(exchange);
  }

  closed(reason: ChannelEnd): void {
    this.ends.push(reason);
  }

  get payloads(): string[] {
    return this.exchanges.map(({ payload }) => text(payload));
  }
}

/** A profile that answers each MSG with what it holds. */
export const echo: Profile = {
  uri: 'urn:echo',
  start: (request) => {
    request.accept({ message: (exchange) => exchange.reply(exchange.payload), closed: () => {} });
  },
};
