import {
  type Payload,
  type Profile,
  ReplyError,
  type SessionFacts,
  type SessionHandle,
  UsageError,
} from '@apex/beep';
import {
  type Answer,
  type ApexChannel,
  type ApexHandler,
  type Attach,
  apexProfile,
  type Bind,
  type DataMessage,
  publishTemplateOf,
  type Terminate,
} from '@apex/protocol';
import type { PasswordDesk } from '../credentials/server-mechanisms.ts';
import type { Figure, FigureSource } from '../figures/figure.ts';
import type { CredentialMechanism, Credentials, CredentialsOf } from '../store/ports.ts';
import { Intake } from './intake.ts';
import type { FromEdge, ToEdge } from './messages.ts';
import type { Outbound } from './pipe.ts';

/** What an owner says of its relay and its desk; the rest is for the listener. */
export type RelayMessage = Exclude<
  ToEdge,
  { kind: 'begin' | 'drain' | 'end' | 'reload-tls' | 'list-sessions' | 'release-session' | 'tell-figures' }
>;

/**
 * The relay as an edge has it: a profile whose operations go to the owner, and what the owner has to say to the
 * channels. An operation that is malformed is answered here (B7).
 */
export class RemoteRelay {
  readonly #out: Outbound<FromEdge>;
  readonly #channels = new Map<number, RemoteHandler>();
  readonly #intake = new Intake();
  readonly #figures = new Map<number, (figures: readonly Figure[]) => void>();
  readonly #verifications = new Map<number, PromiseWithResolvers<boolean>>();
  readonly #admissions = new Map<number, PromiseWithResolvers<void>>();
  readonly #lookups = new Map<number, PromiseWithResolvers<Credentials[number] | undefined>>();
  #lastChannel = 0;
  #lastRequest = 0;

  constructor(out: Outbound<FromEdge>) {
    this.#out = out;
  }

  profile(options: { available?(facts: SessionFacts): boolean }): Profile {
    return apexProfile({
      ...options,
      started: (apex, session) => {
        this.#lastChannel += 1;
        const number = this.#lastChannel;
        const forget = (): void => void this.#channels.delete(number);
        const handler = new RemoteHandler(this.#out, this.#intake, number, apex, session, forget);
        this.#channels.set(number, handler);
        this.#out.say({ kind: 'opened', channel: number, session: idOf(session) });
        return handler;
      },
    });
  }

  /** Passwords are checked by the owner, so that attempts from everywhere take turns. */
  readonly desk: PasswordDesk = {
    verifier: {
      verify: (authentication, password, remoteAddress) => {
        const request = this.#nextRequest();
        const verification = Promise.withResolvers<boolean>();
        this.#verifications.set(request, verification);
        this.#out.say({ kind: 'verify', request, authentication, password, remoteAddress });
        return verification.promise;
      },
    },
    admit: (remoteAddress) => {
      const request = this.#nextRequest();
      const admission = Promise.withResolvers<void>();
      this.#admissions.set(request, admission);
      this.#out.say({ kind: 'admit', request, remoteAddress });
      return admission.promise;
    },
    outcome: (outcome) => this.#out.say({ kind: 'outcome', outcome }),
    findCredentials: <M extends CredentialMechanism>(authentication: string, mechanism: M) => {
      const request = this.#nextRequest();
      const lookup = Promise.withResolvers<Credentials[number] | undefined>();
      this.#lookups.set(request, lookup);
      this.#out.say({ kind: 'find-credentials', request, authentication, mechanism });
      return lookup.promise as Promise<CredentialsOf<M> | undefined>;
    },
  };

  /** Those of the whole server: the owner has them. */
  readonly figures: FigureSource = () => {
    const request = this.#nextRequest();
    this.#out.say({ kind: 'ask-figures', request });
    return new Promise((resolve) => this.#figures.set(request, resolve));
  };

  #nextRequest(): number {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  take(message: RelayMessage): void {
    switch (message.kind) {
      case 'answer':
        return this.#channels.get(message.channel)?.answered(message.exchange, message.refusal);
      case 'deliver':
        return this.#channels.get(message.channel)?.deliver(message.payload);
      case 'fan-out': {
        const template = publishTemplateOf(message.parts);
        for (const [index, channel] of message.channels.entries()) {
          const recipient = message.recipients[index] ?? '';
          this.#channels.get(channel)?.deliver(template.copy(recipient, message.transIDs[index] ?? 0));
        }
        return;
      }
      case 'terminate':
        return this.#channels.get(message.channel)?.terminated(message);
      case 'abort':
        return this.#channels.get(message.channel)?.abort(new ReplyError(451, message.text));
      case 'mark':
        return this.#out.say(message);
      case 'figures': {
        const { request, figures } = message;
        this.#figures.get(request)?.(figures);
        this.#figures.delete(request);
        return;
      }
      case 'verified': {
        const { request, isRight, refusal } = message;
        const verification = this.#verifications.get(request);
        this.#verifications.delete(request);
        if (refusal === undefined) verification?.resolve(isRight);
        else verification?.reject(new ReplyError(refusal.replyCode, refusal.text));
        return;
      }
      case 'admitted': {
        const { request, refusal } = message;
        const admission = this.#admissions.get(request);
        this.#admissions.delete(request);
        if (refusal === undefined) admission?.resolve();
        else admission?.reject(new ReplyError(refusal.replyCode, refusal.text));
        return;
      }
      case 'credentials': {
        const { request, found, refusal } = message;
        const lookup = this.#lookups.get(request);
        this.#lookups.delete(request);
        if (refusal === undefined) lookup?.resolve(found);
        else lookup?.reject(new ReplyError(refusal.replyCode, refusal.text));
      }
    }
  }
}

function idOf({ facts: { id } }: SessionHandle): number {
  if (id === undefined) throw new Error('sessions of an edge have ids');
  return id;
}

/** An operation that waits for the owner's answer. */
interface Waiting {
  readonly answer: Answer;
  readonly octets: number;
}

/** One APEX channel of an edge. */
class RemoteHandler implements ApexHandler {
  readonly #out: Outbound<FromEdge>;
  readonly #intake: Intake;
  readonly #number: number;
  readonly #apex: ApexChannel;
  readonly #session: SessionHandle;
  readonly #forget: () => void;
  readonly #answers = new Map<number, Waiting>();
  #lastExchange = 0;
  #deliveries = 0;

  constructor(
    out: Outbound<FromEdge>,
    intake: Intake,
    number: number,
    apex: ApexChannel,
    session: SessionHandle,
    forget: () => void,
  ) {
    this.#out = out;
    this.#intake = intake;
    this.#number = number;
    this.#apex = apex;
    this.#session = session;
    this.#forget = forget;
  }

  attach(attach: Attach, answer: Answer): void {
    this.#operation(attach, this.#established(answer));
  }

  bind(bind: Bind, answer: Answer): void {
    this.#operation(bind, this.#established(answer));
  }

  /** Who is attached or bound has come to what sessions with a relay are for. */
  #established(answer: Answer): Answer {
    return {
      ok: () => {
        this.#session.established();
        answer.ok();
      },
      error: (code, text) => answer.error(code, text),
    };
  }

  terminate(terminate: Terminate, answer: Answer): void {
    this.#operation(terminate, answer);
  }

  data(_message: DataMessage, answer: Answer, payload: Uint8Array): void {
    const exchange = this.#expect(answer, payload.length);
    this.#intake.add(this.#apex.channel, payload.length);
    this.#out.say({ kind: 'data', channel: this.#number, exchange, payload });
  }

  closed(): void {
    this.#forget();
    let octets = 0;
    for (const waiting of this.#answers.values()) octets += waiting.octets;
    this.#answers.clear();
    this.#intake.remove(octets);
    this.#out.say({ kind: 'closed', channel: this.#number });
  }

  answered(exchange: number, refusal: { replyCode: number; text: string } | undefined): void {
    const waiting = this.#answers.get(exchange);
    if (waiting === undefined) return;
    const { answer, octets } = waiting;
    this.#answers.delete(exchange);
    this.#intake.remove(octets);
    if (refusal === undefined) answer.ok();
    else answer.error(refusal.replyCode, refusal.text);
  }

  deliver(payload: Payload): void {
    const channel = this.#number;
    const delivery = this.#deliveries;
    this.#deliveries += 1;
    this.#unlessClosed(
      () =>
        this.#apex.data(payload, (failure) => {
          if (failure === undefined) this.#acknowledge();
          else if (failure instanceof ReplyError) {
            const { replyCode, text } = failure;
            this.#out.say({ kind: 'refused', channel, delivery, replyCode, text });
          } else this.#out.say({ kind: 'refused', channel, delivery, text: failure.message });
        }),
      (text) => this.#out.say({ kind: 'refused', channel, delivery, text }),
    );
  }

  #acknowledge(): void {
    const { last } = this.#out;
    if (last?.kind === 'acknowledged') last.channels.push(this.#number);
    else this.#out.say({ kind: 'acknowledged', channels: [this.#number] });
  }

  terminated({ transID, code, text }: Extract<ToEdge, { kind: 'terminate' }>): void {
    // Whoever closes the channel ends the attachment by that.
    const answered = (): void => this.#out.say({ kind: 'terminated', channel: this.#number, transID });
    this.#unlessClosed(
      () => this.#apex.terminate({ kind: 'terminate', transID, code, text }, answered),
      answered,
    );
  }

  abort(reason: Error): void {
    this.#session.abort(reason);
  }

  #operation(element: Attach | Bind | Terminate, answer: Answer): void {
    const exchange = this.#expect(answer);
    const { identity } = this.#session.facts;
    const operation = { kind: 'operation', channel: this.#number, exchange, element } as const;
    this.#out.say(identity === undefined ? operation : { ...operation, identity });
  }

  #expect(answer: Answer, octets = 0): number {
    this.#lastExchange += 1;
    this.#answers.set(this.#lastExchange, { answer, octets });
    return this.#lastExchange;
  }

  /** A channel that is about to close takes nothing new. */
  #unlessClosed(send: () => void, failed: (text: string) => void): void {
    try {
      send();
    } catch (error) {
      if (!(error instanceof UsageError && error.code === 'channel.closed')) throw error;
      failed(error.message);
    }
  }
}
