import { BeepChannel } from '../channel/channel.ts';
import type { ServerExchange } from '../channel/exchange.ts';
import { UsageError } from '../errors.ts';
import { maxNumber } from '../frame/frame.ts';
import type {
  Channel,
  ChannelHandler,
  ChannelStart,
  StartedChannel,
  StartRequest,
} from '../session/profile.ts';
import type { ErrorElement, ProfileElement, StartElement } from './elements.ts';
import {
  encodeManagement,
  lostBy,
  type ManagementExchanges,
  type ManagementHost,
  malformed,
} from './host.ts';

/** The creation of channels (RFC 3080 §2.3.1.2), in both directions. */
export class Starting {
  readonly #host: ManagementHost;
  readonly #zero: ManagementExchanges;
  /** Numbers of the starts whose reply has not come. */
  readonly #asked = new Set<number>();
  #nextNumber: number;
  /** After the first successful start of the peer its serverName stands for good (3080 §2.3.1.2 rules 2 and 8). */
  #serverNameStands: boolean;

  constructor(host: ManagementHost, zero: ManagementExchanges) {
    this.#host = host;
    this.#zero = zero;
    // B11: what was learned before transport security
    this.#serverNameStands = host.facts.serverName !== undefined;
    // 3080 §2.3.1.2 rule 7
    this.#nextNumber = host.facts.role === 'initiator' ? 1 : 2;
  }

  /** Asks the peer to create a channel. `onResult` gets it, or ReplyError, or SessionLostError. */
  start(start: ChannelStart, onResult: (result: StartedChannel | Error) => void): void {
    const obstacle = this.#host.startObstacle;
    if (obstacle !== undefined) throw obstacle;
    if (start.profiles.length === 0) {
      throw new UsageError('start.profiles', 'a start proposes at least one profile');
    }
    if (this.#isFull) throw new UsageError('start.channels', 'the session has as many channels as it may');
    const number = this.#freeNumber();
    const { serverName } = start;
    const profiles = start.profiles.map((profile): ProfileElement => ({ kind: 'profile', ...profile }));
    const element = { kind: 'start', number, profiles } as const;
    this.#zero.ask(serverName === undefined ? element : { ...element, serverName }, 'profile', (reply) => {
      this.#asked.delete(number);
      if (reply instanceof Error) return onResult(reply);
      if (start.profiles.some(({ uri }) => uri === reply.uri)) {
        return onResult(this.#started(number, start, reply));
      }
      const error = malformed(`profile ${reply.uri} was not proposed`);
      onResult(lostBy(error));
      throw error;
    });
    this.#asked.add(number);
  }

  #started(number: number, start: ChannelStart, { uri, initialization }: ProfileElement): StartedChannel {
    const channel = new BeepChannel(this.#host, number, uri, start.handler);
    this.#host.addChannel(channel);
    const started = { channel, profileUri: uri };
    return initialization === undefined ? started : { ...started, initializationReply: initialization };
  }

  #freeNumber(): number {
    for (;;) {
      const number = this.#nextNumber;
      this.#nextNumber = number > maxNumber - 2 ? 2 - (number % 2) : number + 2;
      if (!this.#host.channels.has(number) && !this.#asked.has(number)) return number;
    }
  }

  get #isFull(): boolean {
    return this.#host.channels.size + this.#asked.size >= this.#host.limits.channels;
  }

  /** The peer asks. */
  asked(exchange: ServerExchange, start: StartElement): void {
    const refusal = this.#refusal(start);
    if (refusal !== undefined) {
      this.#zero.answer(exchange, refusal);
      return;
    }
    if (!this.#serverNameStands) this.#host.setServerName(start.serverName);
    this.#propose(exchange, start, 0);
  }

  #refusal({ number, serverName }: StartElement): ErrorElement | undefined {
    const host = this.#host;
    // 3080 §2.3.1.2 rules 1 and 7
    if ((number % 2 === 1) !== (host.facts.role === 'listener')) {
      const parity = host.facts.role === 'listener' ? 'odd' : 'even';
      return this.#zero.error(501, `number attribute in <start> element must be ${parity}-valued`);
    }
    if (host.startObstacle !== undefined) return this.#zero.error(550, 'the session is being released');
    if (host.channels.has(number)) return this.#zero.error(554, `channel ${number} exists`);
    if (this.#isFull) return this.#zero.error(554, 'too many channels');
    // B15
    if (!this.#serverNameStands && serverName !== undefined && !host.acceptsServerName(serverName)) {
      return this.#zero.error(550, 'unknown serverName');
    }
    return undefined;
  }

  /** 3080 §2.3.1.2 rules 3 and 4: each of the proposed profiles is examined, in order. */
  #propose(exchange: ServerExchange, start: StartElement, first: number): void {
    for (let index = first; index < start.profiles.length; index += 1) {
      const proposed = start.profiles[index] as ProfileElement;
      const profile = this.#host.findProfile(proposed.uri);
      if (profile === undefined) continue;
      profile.start(this.#request(exchange, start, index, profile.uri));
      return;
    }
    this.#decline(exchange, 550, 'no requested profile is acceptable');
  }

  #decline(exchange: ServerExchange, replyCode: number, text: string): void {
    if (!this.#serverNameStands) this.#host.setServerName(undefined);
    this.#zero.answer(exchange, this.#zero.error(replyCode, text));
  }

  #request(exchange: ServerExchange, start: StartElement, index: number, uri: string): StartRequest {
    let isDecided = false;
    const decide = (): void => {
      if (isDecided) throw new UsageError('start.decided', 'accept, refuse or pass is called once');
      isDecided = true;
    };
    const { number } = start;
    // 3080 §2.3.1.2 rules 5 and 6: as it means, decoded
    const initialization = start.profiles[index]?.initialization;
    return {
      session: this.#host,
      channelNumber: number,
      ...(initialization === undefined ? {} : { initialization }),
      accept: (handler, initializationReply) => {
        const reply = encodeManagement({
          kind: 'profile',
          uri,
          ...(initializationReply === undefined ? {} : { initialization: initializationReply }),
        });
        decide();
        return this.#accept(exchange, number, uri, handler, reply);
      },
      refuse: (replyCode, text) => {
        decide();
        this.#decline(exchange, replyCode, text);
      },
      pass: () => {
        decide();
        this.#propose(exchange, start, index + 1);
      },
    };
  }

  #accept(
    exchange: ServerExchange,
    number: number,
    uri: string,
    handler: ChannelHandler,
    reply: Uint8Array,
  ): Channel {
    const channel = new BeepChannel(this.#host, number, uri, handler, 'everything');
    this.#host.addChannel(channel);
    this.#serverNameStands = true;
    // Nothing leaves on a channel before the peer can know that it exists.
    exchange.onSent = () => channel.release('nothing');
    exchange.reply(reply);
    this.#zero.answered();
    return channel;
  }
}
