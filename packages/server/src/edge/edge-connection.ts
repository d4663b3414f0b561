import { MessageError, ReplyError, type SessionFacts, SessionLostError } from '@apex/beep';
import { parseDataMessage } from '@apex/protocol';
import type { PasswordDesk } from '../credentials/server-mechanisms.ts';
import type { Figure, FigureSource } from '../figures/figure.ts';
import type { ServerCredentials } from '../listener.ts';
import { attach } from '../relay/attach.ts';
import { bind } from '../relay/bind.ts';
import { data } from '../relay/data.ts';
import type { Outcome } from '../relay/outcome.ts';
import type { Relay } from '../relay/relay.ts';
import { RelayChannel, RelaySession } from '../relay/relay-session.ts';
import { terminate } from '../relay/terminate.ts';
import type { ServerEvent } from '../server-event.ts';
import { EdgeSessions } from './edge-sessions.ts';
import type { EdgeAddresses, EdgeSettings, FromEdge, ToEdge } from './messages.ts';
import { Outbound, type Pipe } from './pipe.ts';
import { RemoteLink } from './remote-link.ts';

export interface EdgeConnectionOptions {
  readonly relay: Relay;
  readonly desk: PasswordDesk;
  readonly pipe: Pipe<FromEdge, ToEdge>;
  readonly settings: EdgeSettings;
  /** Of the whole server. */
  readonly figures: FigureSource;
  readonly onEvent: (event: ServerEvent) => void;
  /** Its number among the edges that the owner ever had. */
  readonly worker: number;
  /** How long an edge may say nothing before it counts as stuck and is ended, in milliseconds; default a minute. */
  readonly silenceMs?: number | undefined;
}

/** How long an edge may take to tell its figures, in milliseconds. */
const FIGURES_MS = 2000;
/** Marks that an edge gets while it may be silent. */
const MARKS = 6;

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
  readonly worker: number;
  /** Where the edge listens. Rejects with ReplyError when it cannot, or is gone before it does. */
  readonly listening: Promise<EdgeAddresses>;
  /** Resolves when the edge is gone. */
  readonly ended: Promise<void>;
  /** Open sessions of the edge. */
  sessions = 0;
  /** Those of its sessions. */
  readonly place: EdgeSessions;
  readonly #options: EdgeConnectionOptions;
  #settings: EdgeSettings;
  readonly #out: Outbound<ToEdge>;
  readonly #channels = new Map<number, OpenChannel>();
  readonly #sessions = new Map<number, EdgeSession>();
  readonly #listening = Promise.withResolvers<EdgeAddresses>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  readonly #asked = new Map<number, (figures: readonly Figure[]) => void>();
  readonly #marks = new Map<number, () => void>();
  readonly #pulse: ReturnType<typeof setInterval>;
  #lastMark = 0;
  #lastRequest = 0;
  /** Marks said since anything was heard. */
  #unheard = 0;
  #isDraining = false;
  #isEnding = false;
  #isGone = false;

  constructor(options: EdgeConnectionOptions) {
    this.#options = options;
    this.worker = options.worker;
    this.#settings = options.settings;
    this.listening = this.#listening.promise;
    this.listening.catch(() => {});
    this.ended = this.#ended.promise;
    this.#out = new Outbound((batch) => options.pipe.send(batch));
    this.place = new EdgeSessions(options.worker, this.#out, this.#sessions);
    options.pipe.open({
      received: (batch) => {
        // Of a process that has ended messages may still come.
        if (this.#isGone) return;
        this.#unheard = 0;
        for (const message of batch) this.#take(message);
      },
      closed: () => this.#closed(),
    });
    this.#pulse = setInterval(() => this.#listen(), (options.silenceMs ?? 60_000) / MARKS);
    this.#pulse.unref();
  }

  reloadTls(credentials: ServerCredentials): void {
    // For an edge that has not begun.
    this.#settings = { ...this.#settings, tls: credentials };
    this.#out.say({ kind: 'reload-tls', credentials });
  }

  /** Has it accept no more connections, and release the sessions on which nobody has attached. */
  drain(): void {
    this.#isDraining = true;
    this.#out.say({ kind: 'drain' });
  }

  /** Resolves when the edge has released its sessions, or is gone. Said again, it waits for no peer. */
  end(atOnce: boolean): Promise<void> {
    this.#isEnding = true;
    this.#out.say({ kind: 'end', atOnce });
    return this.#drained.promise;
  }

  /** What the edge counts; nothing when it does not tell in time. */
  figures(): Promise<readonly Figure[]> {
    if (this.#isGone) return Promise.resolve([]);
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve) => {
      const told = (figures: readonly Figure[]): void => {
        clearTimeout(timer);
        this.#asked.delete(request);
        resolve(figures);
      };
      const timer = setTimeout(told, FIGURES_MS, []);
      this.#asked.set(request, told);
      this.#out.say({ kind: 'tell-figures', request });
    });
  }

  /** Counts marks rather than time: an owner that was busy itself has not listened. */
  #listen(): void {
    if (this.#unheard >= MARKS) return this.#options.pipe.end?.();
    this.#unheard += 1;
    this.#caughtUp(() => {});
  }

  /** Calls back once all that the edge has said up to now has been taken, or it is gone. */
  #caughtUp(then: () => void): void {
    if (this.#isGone) return then();
    this.#lastMark += 1;
    this.#marks.set(this.#lastMark, then);
    this.#out.say({ kind: 'mark', mark: this.#lastMark });
  }

  #take(message: FromEdge): void {
    switch (message.kind) {
      case 'ready':
        return this.#out.say(
          this.#isEnding || this.#isDraining
            ? { kind: 'end', atOnce: true }
            : { kind: 'begin', settings: this.#settings },
        );
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
        for (const channel of message.channels) this.#channels.get(channel)?.link.acknowledged();
        return;
      case 'refused': {
        const { channel, delivery, replyCode, text } = message;
        const failure =
          replyCode === undefined ? new SessionLostError(text) : new ReplyError(replyCode, text);
        return this.#channels.get(channel)?.link.refused(delivery, failure);
      }
      case 'terminated':
        return this.#channels.get(message.channel)?.link.terminated(message.transID);
      case 'closed':
        return this.#close(message.channel);
      case 'verify':
        return this.#verify(message);
      case 'find-credentials':
        return this.#findCredentials(message);
      case 'admit': {
        const { request } = message;
        this.#options.desk.admit(message.remoteAddress).then(
          () => this.#out.say({ kind: 'admitted', request }),
          (error: unknown) => this.#out.say({ kind: 'admitted', request, refusal: this.#undecided(error) }),
        );
        return;
      }
      case 'outcome':
        return this.#options.desk.outcome(message.outcome);
      case 'event':
        return this.#options.onEvent(message.event);
      case 'session-rows':
      case 'session-released':
        return this.place.answered(message);
      case 'ask-figures': {
        const { request } = message;
        this.#options.figures().then(
          (figures) => this.#out.say({ kind: 'figures', request, figures }),
          (error: unknown) => {
            this.#options.onEvent({ level: 'error', name: 'figures.failed', text: String(error) });
            this.#out.say({ kind: 'figures', request, figures: [] });
          },
        );
        return;
      }
      case 'figures':
        return this.#asked.get(message.request)?.(message.figures);
      case 'sessions':
        this.sessions = message.count;
        return;
      case 'mark': {
        const then = this.#marks.get(message.mark);
        this.#marks.delete(message.mark);
        return then?.();
      }
      case 'drained':
        return this.#drained.resolve();
    }
  }

  #opened(number: number, sessionNumber: number): void {
    const known = this.#sessions.get(sessionNumber) ?? this.#newSession(sessionNumber);
    const link = new RemoteLink(number, this.#out, (then) => this.#caughtUp(then));
    const channel = new RelayChannel(known.session, link);
    this.#channels.set(number, { channel, link, session: sessionNumber });
    this.#options.relay.opened(channel);
  }

  #newSession(number: number): EdgeSession {
    const facts: SessionFacts = { role: 'listener', secured: false, remoteAddress: '', localize: [] };
    const made: EdgeSession = {
      session: new RelaySession(() => made.facts, `${this.worker}-${number}`),
      facts,
    };
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
        this.#options.relay.refused(refusal);
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
    this.#options.desk.verifier.verify(authentication, password, remoteAddress).then(
      (isRight) => this.#out.say({ kind: 'verified', request, isRight }),
      (error: unknown) =>
        this.#out.say({ kind: 'verified', request, isRight: false, refusal: this.#undecided(error) }),
    );
  }

  #findCredentials({
    request,
    authentication,
    mechanism,
  }: Extract<FromEdge, { kind: 'find-credentials' }>): void {
    this.#options.desk.findCredentials(authentication, mechanism).then(
      (found) => this.#out.say({ kind: 'credentials', request, found }),
      (error: unknown) => this.#out.say({ kind: 'credentials', request, refusal: this.#undecided(error) }),
    );
  }

  #undecided(error: unknown): { readonly replyCode: number; readonly text: string } {
    if (error instanceof ReplyError) return { replyCode: error.replyCode, text: error.text };
    this.#options.onEvent({ level: 'error', name: 'sasl.failed', text: String(error) });
    return { replyCode: 454, text: 'temporary authentication failure' };
  }

  #closed(): void {
    this.#isGone = true;
    clearInterval(this.#pulse);
    for (const number of [...this.#channels.keys()]) this.#close(number);
    for (const then of this.#marks.values()) then();
    this.#marks.clear();
    for (const told of [...this.#asked.values()]) told([]);
    this.sessions = 0;
    this.place.lost();
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
