import {
  ReplyError,
  type ServerExchange,
  type ServerMechanism,
  type ServerStep,
  type SessionFacts,
} from '@apex/beep';
import type { Span, Tracing } from '../tracing.ts';

/** How an authentication ended. */
export interface AuthenticationOutcome {
  readonly mechanism: string;
  readonly succeeded: boolean;
  /** Who the peer acts as; of one that failed, the name that it gave, if it got so far. */
  readonly identity: string | undefined;
  readonly remoteAddress: string;
}

export interface MechanismObserver {
  /** Lets an attempt begin, now or later. Rejects with ReplyError when it may not. */
  admit(remoteAddress: string): Promise<void>;
  outcome(outcome: AuthenticationOutcome): void;
}

/** A mechanism whose attempts are let in one by one, and whose outcomes are told. */
export function observed(
  mechanism: ServerMechanism,
  observer: MechanismObserver,
  tracing?: Tracing,
): ServerMechanism {
  return {
    ...mechanism,
    start: (facts) => new ObservedExchange(mechanism, facts, observer, tracing),
  };
}

class ObservedExchange implements ServerExchange {
  readonly #mechanism: ServerMechanism;
  readonly #facts: SessionFacts;
  readonly #observer: MechanismObserver;
  readonly #exchange: ServerExchange;
  readonly #tracing: Tracing | undefined;
  #span: Span | undefined;
  #isAdmitted = false;

  constructor(
    mechanism: ServerMechanism,
    facts: SessionFacts,
    observer: MechanismObserver,
    tracing: Tracing | undefined,
  ) {
    this.#mechanism = mechanism;
    this.#facts = facts;
    this.#observer = observer;
    this.#tracing = tracing;
    this.#exchange = mechanism.start(facts);
  }

  async respond(response: Uint8Array | undefined): Promise<ServerStep> {
    this.#span ??= this.#tracing?.begin('apex.authenticate', {
      'apex.mechanism': this.#mechanism.name,
      'apex.secured': this.#facts.secured,
    });
    try {
      if (!this.#isAdmitted) await this.#observer.admit(this.#facts.remoteAddress);
      this.#isAdmitted = true;
      const step = await this.#exchange.respond(response);
      if (step.kind === 'complete') this.#tell(true, step.identity.authorization);
      if (step.kind === 'failed' && step.error.replyCode === 535) this.#tell(false, step.authentication);
      if (step.kind === 'complete') this.#span?.end();
      if (step.kind === 'failed') this.#span?.end(step.error);
      return step;
    } catch (error) {
      if (error instanceof ReplyError && error.replyCode === 535) this.#tell(false, undefined);
      this.#span?.end(
        error instanceof ReplyError ? error : { replyCode: 454, text: 'it could not be decided' },
      );
      throw error;
    }
  }

  #tell(succeeded: boolean, identity: string | undefined): void {
    const { remoteAddress } = this.#facts;
    this.#observer.outcome({ mechanism: this.#mechanism.name, succeeded, identity, remoteAddress });
  }
}
