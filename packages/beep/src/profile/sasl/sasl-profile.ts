import { MessageError, ReplyError } from '../../errors.ts';
import { formatManagement } from '../../management/elements.ts';
import { beepXml, beepXmlBody } from '../../message/mime.ts';
import type {
  ChannelHandler,
  Exchange,
  Profile,
  SessionHandle,
  StartRequest,
} from '../../session/profile.ts';
import { beginTuning } from '../tuning.ts';
import { formatBlob, parseBlob } from './blob.ts';
import { type ServerExchange, type ServerMechanism, type ServerStep, saslProfileUri } from './mechanism.ts';

/** What a {@link saslProfile} tells its owner. */
export interface SaslProfileOptions {
  /** Told of what a mechanism threw besides ReplyError and MessageError; the peer sees 454. */
  readonly report?: (error: unknown) => void;
}

/**
 * The server's side of the SASL family of profiles (RFC 3080 §4.1), for one mechanism.
 *
 * A channel is refused with ERR when the mechanism may not be used at all: after a successful
 * authentication (554, B14), without protection (538, B12), while another tuning exchange is in
 * progress (550, B17). Otherwise the channel is created, and the first step of the exchange
 * travels in the profile elements; a failure of that step is an error element in a positive reply
 * (B18). Later failures are ERR. When an exchange has come to its outcome, the channel carries
 * nothing more; another attempt takes another channel.
 */
export function saslProfile(mechanism: ServerMechanism, options: SaslProfileOptions = {}): Profile {
  return {
    uri: saslProfileUri(mechanism.name),
    // 4616 §5
    offered: (facts) =>
      facts.identity === undefined &&
      (facts.secured || !mechanism.requireSecured) &&
      (mechanism.isOffered?.(facts) ?? true),
    start(request) {
      const { facts } = request.session;
      // B14, 3080 §4
      if (facts.identity !== undefined) return request.refuse(554, 'already authenticated');
      // B12
      if (mechanism.requireSecured && !facts.secured) {
        return request.refuse(538, `${mechanism.name} requires encryption`);
      }
      // B17
      const endTuning = beginTuning(request.session);
      if (endTuning === undefined) return request.refuse(550, 'another tuning exchange is in progress');
      new Authentication(mechanism, request.session, endTuning, options).begin(request);
    },
  };
}

/** One authentication exchange and its channel. */
class Authentication implements ChannelHandler {
  readonly #mechanism: ServerMechanism;
  readonly #session: SessionHandle;
  readonly #endTuning: () => void;
  readonly #options: SaslProfileOptions;
  #exchange: ServerExchange | undefined;
  /** Whose turn it is; `over` behind the outcome. */
  #state: 'server' | 'client' | 'over' = 'server';

  constructor(
    mechanism: ServerMechanism,
    session: SessionHandle,
    endTuning: () => void,
    options: SaslProfileOptions,
  ) {
    this.#mechanism = mechanism;
    this.#session = session;
    this.#endTuning = endTuning;
    this.#options = options;
  }

  /** 3080 §4.1.1: the initial response, if any, is in the profile element, and so is its answer. */
  begin(request: StartRequest): void {
    const { initialization } = request;
    this.#take(
      () => (initialization === undefined ? undefined : readResponse(initialization)),
      (step) => {
        // As the RFC's first example: the server has nothing to say yet.
        const silent = initialization === undefined && step.kind === 'challenge' && step.data.length === 0;
        if (silent) request.accept(this);
        else request.accept(this, formatStep(step));
      },
    );
  }

  message(exchange: Exchange): void {
    if (this.#state !== 'client') {
      const text = this.#state === 'server' ? 'a step is in progress' : 'the authentication exchange is over';
      exchange.error(beepXml(formatManagement({ kind: 'error', code: 550, text })));
      return;
    }
    this.#take(
      () => readResponse(beepXmlBody(exchange.payload)),
      (step) => {
        const payload = beepXml(formatStep(step));
        if (step.kind === 'failed') exchange.error(payload);
        else exchange.reply(payload);
      },
    );
  }

  closed(): void {
    this.#end();
  }

  /** Hands a response to the mechanism, and the step that it gives to `answer`. */
  #take(read: () => Uint8Array | undefined, answer: (step: ServerStep) => void): void {
    this.#state = 'server';
    const settle = (step: ServerStep): void => {
      // The channel may be gone since.
      if (this.#state === 'over') return;
      if (step.kind === 'challenge') {
        this.#state = 'client';
      } else {
        this.#end();
        if (step.kind === 'complete') {
          this.#session.authenticated({ mechanism: this.#mechanism.name, ...step.identity });
        }
      }
      answer(step);
    };
    let step: ServerStep | Promise<ServerStep>;
    try {
      const response = read();
      this.#exchange ??= this.#mechanism.start(this.#session.facts);
      step = this.#exchange.respond(response);
    } catch (error) {
      settle(this.#failure(error));
      return;
    }
    if (step instanceof Promise) {
      void step.catch((error: unknown) => this.#failure(error)).then(settle);
    } else {
      settle(step);
    }
  }

  #failure(error: unknown): ServerStep {
    if (error instanceof ReplyError) return { kind: 'failed', error };
    if (error instanceof MessageError) {
      this.#session.report(error.code, error.message);
      return { kind: 'failed', error: new ReplyError(error.replyCode, error.message, error.code) };
    }
    this.#options.report?.(error);
    return { kind: 'failed', error: new ReplyError(454, 'temporary authentication failure') };
  }

  #end(): void {
    this.#state = 'over';
    this.#exchange = undefined;
    this.#endTuning();
  }
}

/** 3080 §4.1.3: what a client may send. An aborted exchange has failed (RFC 4422 §3.5). */
function readResponse(xml: Uint8Array | string): Uint8Array {
  const { status, data } = parseBlob(xml);
  switch (status) {
    case 'continue':
      return data;
    case 'abort':
      throw new ReplyError(535, 'aborted');
    case 'complete':
      throw new MessageError('sasl.blob', 501, 'only a server completes an exchange');
  }
}

function formatStep(step: ServerStep): string {
  switch (step.kind) {
    case 'challenge':
      return formatBlob('continue', step.data);
    case 'complete':
      return formatBlob('complete', step.data ?? new Uint8Array(0));
    case 'failed':
      return formatManagement({ kind: 'error', code: step.error.replyCode, text: step.error.text });
  }
}
