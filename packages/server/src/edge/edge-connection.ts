import {
  MessageError,
  type PasswordVerifier,
  ReplyError,
  type SessionFacts,
  SessionLostError,
} from '@apex/beep';
import { type PublishTemplate, parseDataMessage } from '@apex/protocol';
import { attach } from '../relay/attach.ts';
import { bind } from '../relay/bind.ts';
import { data } from '../relay/data.ts';
import type { Outcome } from '../relay/outcome.ts';
import { octetsOf } from '../relay/payload.ts';
import type { Payload, RelayLink } from '../relay/ports.ts';
import type { Relay } from '../relay/relay.ts';
import { RelayChannel, RelaySession } from '../relay/relay-session.ts';
import { terminate } from '../relay/terminate.ts';
import type { ServerEvent } from '../server-event.ts';
import type { EdgeSettings, FromEdge, ToEdge } from './messages.ts';
import { Outbound, type Pipe } from './pipe.ts';

export interface EdgeConnectionOptions {
  readonly relay: Relay;
  readonly verifier: PasswordVerifier;
  readonly pipe: Pipe<FromEdge, ToEdge>;
  readonly settings: EdgeSettings;
  readonly onEvent: (event: ServerEvent) => void;
}

interface OpenChannel {
  readonly channel: RelayChannel;
  readonly link: RemoteLink;
  readonly session: number;
}

interface EdgeSession {
  readonly session: RelaySession;
  facts: SessionFacts;
}

/**
 * One edge as its owner has it: each APEX channel of the edge is a channel of the relay, whose link leads through
 * the pipe. When the edge is gone, all of its channels are.
 */
export class EdgeConnection {
  /** Where the edge listens. Rejects with ReplyError when it cannot, or is gone before it does. */
  readonly listening: Promise<{ readonly host: string; readonly port: number }>;
  /** Resolves when the edge is gone. */
  readonly ended: Promise<void>;
  /** Open sessions of the edge. */
  sessions = 0;
  readonly #options: EdgeConnectionOptions;
  readonly #out: Outbound<ToEdge>;
  readonly #channels = new Map<number, OpenChannel>();
  readonly #sessions = new Map<number, EdgeSession>();
  readonly #listening = Promise.withResolvers<{ host: string; port: number }>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();

  constructor(options: EdgeConnectionOptions) {
    this.#options = options;
    this.listening = this.#listening.promise;
    this.listening.catch(() => {});
    this.ended = this.#ended.promise;
    this.#out = new Outbound((batch) => options.pipe.send(batch));
    options.pipe.open({
      received: (batch) => {
        for (const message of batch) this.#take(message);
      },
      closed: () => this.#closed(),
    });
    this.#out.say({ kind: 'begin', settings: options.settings });
  }

  /** Resolves when the edge has released its sessions, or is gone. */
  drain(): Promise<void> {
    this.#out.say({ kind: 'drain' });
    return this.#drained.promise;
  }

  #take(message: FromEdge): void {
    switch (message.kind) {
      case 'listening':
        return this.#listening.resolve(message);
      case 'not-listening':
        return this.#listening.reject(new EdgeError(message.code, message.text));
      case 'opened':
        return this.#opened(message.channel, message.session);
      case 'operation':
      case 'data':
        return this.#operation(message);
      case 'acknowledged':
        for (const channel of message.channels) this.#channels.get(channel)?.link.acknowledged(undefined);
        return;
      case 'refused': {
        const { replyCode, text } = message;
        const failure =
          replyCode === undefined ? new SessionLostError(text) : new ReplyError(replyCode, text);
        return this.#channels.get(message.channel)?.link.acknowledged(failure);
      }
      case 'closed':
        return this.#close(message.channel);
      case 'verify':
        return this.#verify(message);
      case 'event':
        return this.#options.onEvent(message.event);
      case 'sessions':
        this.sessions = message.count;
        return;
      case 'drained':
        return this.#drained.resolve();
    }
  }

  #opened(number: number, sessionNumber: number): void {
    const known = this.#sessions.get(sessionNumber) ?? this.#newSession(sessionNumber);
    const link = new RemoteLink(number, this.#out);
    const channel = new RelayChannel(known.session, link);
    this.#channels.set(number, { channel, link, session: sessionNumber });
    this.#options.relay.opened(channel);
  }

  #newSession(number: number): EdgeSession {
    const facts: SessionFacts = { role: 'listener', secured: false, remoteAddress: '', localize: [] };
    const made: EdgeSession = { session: new RelaySession(() => made.facts), facts };
    this.#sessions.set(number, made);
    return made;
  }

  #operation(message: Extract<FromEdge, { kind: 'operation' | 'data' }>): void {
    const open = this.#channels.get(message.channel);
    if (open === undefined) return;
    const { relay } = this.#options;
    const answer = this.#answerer(message.channel, message.exchange);
    try {
      if (message.kind === 'data')
        return data(relay, open.channel, parseDataMessage(message.payload), answer);
      const { element, identity } = message;
      const session = this.#sessions.get(open.session);
      if (session !== undefined && identity !== undefined) session.facts = { ...session.facts, identity };
      switch (element.kind) {
        case 'attach':
          return attach(relay, open.channel, element, answer);
        case 'bind':
          return bind(relay, open.channel, element, answer);
        case 'terminate':
          return terminate(relay, open.channel, element, answer);
      }
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      answer(new ReplyError(error.replyCode, error.message));
    }
  }

  #answerer(channel: number, exchange: number): Outcome {
    return (refusal) => {
      if (refusal === undefined) this.#out.say({ kind: 'answer', channel, exchange });
      else {
        const { replyCode, text } = refusal;
        this.#out.say({ kind: 'answer', channel, exchange, refusal: { replyCode, text } });
      }
    };
  }

  #close(number: number): void {
    const open = this.#channels.get(number);
    if (open === undefined) return;
    this.#channels.delete(number);
    this.#options.relay.closed(open.channel);
    if (open.channel.session.channels.size === 0) this.#sessions.delete(open.session);
    open.link.lost();
  }

  #verify({ request, authentication, password, remoteAddress }: Extract<FromEdge, { kind: 'verify' }>): void {
    this.#options.verifier.verify(authentication, password, remoteAddress).then(
      (isRight) => this.#out.say({ kind: 'verified', request, isRight }),
      (error: unknown) => {
        const { replyCode, text } =
          error instanceof ReplyError ? error : new ReplyError(454, 'temporary authentication failure');
        if (!(error instanceof ReplyError)) {
          this.#options.onEvent({ level: 'error', name: 'sasl.failed', text: String(error) });
        }
        this.#out.say({ kind: 'verified', request, isRight: false, refusal: { replyCode, text } });
      },
    );
  }

  #closed(): void {
    for (const number of [...this.#channels.keys()]) this.#close(number);
    this.sessions = 0;
    this.#listening.reject(new EdgeError('edge.ended', 'the edge process ended'));
    this.#drained.resolve();
    this.#ended.resolve();
  }
}

/** An edge that cannot serve: `edge.ended`, or why it cannot listen (`listen.…`). */
export class EdgeError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'EdgeError';
    this.code = code;
  }
}

/** A channel of an edge as the relay uses it. What is sent counts as unsent until it is answered. */
class RemoteLink implements RelayLink {
  readonly #channel: number;
  readonly #out: Outbound<ToEdge>;
  /** In the order in which they were sent; answers come in that order. */
  #waiting: { readonly octets: number; readonly acknowledged: (failure: Error | undefined) => void }[] = [];
  #head = 0;
  #isGone = false;
  unsentOctets = 0;

  constructor(channel: number, out: Outbound<ToEdge>) {
    this.#channel = channel;
    this.#out = out;
  }

  sendData(payload: Payload, acknowledged: (failure: Error | undefined) => void): void {
    if (this.#isGone) return acknowledged(new SessionLostError('the channel is closed'));
    const octets = this.#say(payload);
    this.#waiting.push({ octets, acknowledged });
    this.unsentOctets += octets;
  }

  #say(payload: Payload): number {
    const channel = this.#channel;
    if (typeof payload === 'function') {
      const octets = octetsOf(payload);
      this.#out.say({ kind: 'deliver', channel, payload: octets });
      return octets.length;
    }
    const { template, recipient, transID } = payload;
    const { parts } = template;
    const { last } = this.#out;
    if (last?.kind === 'fan-out' && last.parts === parts) {
      last.channels.push(channel);
      last.recipients.push(recipient);
      last.transIDs.push(transID);
    } else {
      const one = { channels: [channel], recipients: [recipient], transIDs: [transID] };
      this.#out.say({ kind: 'fan-out', parts, ...one });
    }
    return sizeOf(template) + recipient.length;
  }

  sendTerminate(transID: number, code: number, text: string): void {
    this.#out.say({ kind: 'terminate', channel: this.#channel, transID, code, text });
  }

  abort(reason: Error): void {
    this.#out.say({ kind: 'abort', channel: this.#channel, text: reason.message });
  }

  /** The oldest unanswered data has its answer. */
  acknowledged(failure: Error | undefined): void {
    const oldest = this.#waiting[this.#head];
    if (oldest === undefined) return;
    this.#head += 1;
    if (this.#head === this.#waiting.length || this.#head >= 1024) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.unsentOctets -= oldest.octets;
    oldest.acknowledged(failure);
  }

  /** The channel is gone, and with it all answers. */
  lost(): void {
    this.#isGone = true;
    const waiting = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    this.unsentOctets = 0;
    for (const { acknowledged } of waiting)
      acknowledged(new SessionLostError('the session ended before the reply'));
  }
}

function sizeOf({ parts }: PublishTemplate): number {
  return parts.head.length + parts.middle.length + parts.tail.length;
}
