import { MessageError } from '../../errors.ts';
import { formatManagement } from '../../management/elements.ts';
import { beepXml, beepXmlBody } from '../../message/mime.ts';
import type {
  ChannelHandler,
  Exchange,
  Profile,
  StartRequest,
  TunableSession,
} from '../../session/profile.ts';
import { beginTuning } from '../tuning.ts';
import { parseReady, proceedXml, tlsProfileUri } from './elements.ts';

/**
 * The listener's side of transport security (RFC 3080 §3.1): who asks for it with `ready`, within the start or
 * in a message, gets `proceed` once all pending replies have left; then the session is over, and whoever runs
 * it negotiates TLS on the connection and begins a new one. Not offered on a protected session (B11), nor
 * after an authentication (B14).
 */
export function tlsProfile(): Profile {
  return {
    uri: tlsProfileUri,
    // B11, B14, 3080 §4.1
    available: (facts) => !facts.secured && facts.identity === undefined,
    start(request) {
      // B17
      const endTuning = beginTuning(request.session);
      if (endTuning === undefined) return request.refuse(550, 'another tuning exchange is in progress');
      new Negotiation(request.session, endTuning).begin(request);
    },
  };
}

class Negotiation implements ChannelHandler {
  readonly #session: TunableSession;
  readonly #endTuning: () => void;
  #isBusy = false;

  constructor(session: TunableSession, endTuning: () => void) {
    this.#session = session;
    this.#endTuning = endTuning;
  }

  // 3080 §3.1.1
  begin(request: StartRequest): void {
    const { initialization } = request;
    if (initialization === undefined) {
      request.accept(this);
      return;
    }
    this.#take(initialization, {
      proceed: () => void request.accept(this, proceedXml),
      // B18
      refuse: (code, text) => void request.accept(this, formatManagement({ kind: 'error', code, text })),
    });
  }

  message(exchange: Exchange): void {
    const refuse = (code: number, text: string): void =>
      exchange.error(beepXml(formatManagement({ kind: 'error', code, text })));
    if (this.#isBusy) return refuse(550, 'a ready is being processed');
    let ready: Uint8Array;
    try {
      ready = beepXmlBody(exchange.payload);
    } catch (error) {
      return this.#refuse(error, refuse);
    }
    this.#take(ready, { proceed: () => exchange.reply(beepXml(proceedXml)), refuse });
  }

  closed(): void {
    this.#endTuning();
  }

  #take(
    ready: Uint8Array | string,
    answer: { proceed(): void; refuse(code: number, text: string): void },
  ): void {
    try {
      parseReady(ready);
    } catch (error) {
      return this.#refuse(error, answer.refuse);
    }
    this.#isBusy = true;
    // 3080 §3.1.3.1: pending replies are sent first
    this.#session.quieten((inTime) => {
      if (inTime) {
        // 3080 §3.1.3.2
        answer.proceed();
        this.#session.tune();
      } else {
        this.#isBusy = false;
        this.#session.resume();
        answer.refuse(550, 'still working');
      }
    });
  }

  #refuse(error: unknown, refuse: (code: number, text: string) => void): void {
    if (!(error instanceof MessageError)) throw error;
    refuse(error.replyCode, error.message);
    this.#session.report(error.code, error.message);
  }
}
