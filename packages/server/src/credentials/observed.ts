import {
  ReplyError,
  type ServerExchange,
  type ServerMechanism,
  type ServerStep,
  type SessionFacts,
} from '@apex/beep';

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
export function observed(mechanism: ServerMechanism, observer: MechanismObserver): ServerMechanism {
  return {
    ...mechanism,
    start: (facts) => new ObservedExchange(mechanism, facts, observer),
  };
}

class ObservedExchange implements ServerExchange {
  readonly #mechanism: ServerMechanism;
  readonly #facts: SessionFacts;
  readonly #observer: MechanismObserver;
  readonly #exchange: ServerExchange;
  #isAdmitted = false;

  constructor(mechanism: ServerMechanism, facts: SessionFacts, observer: MechanismObserver) {
    this.#mechanism = mechanism;
    this.#facts = facts;
    this.#observer = observer;
    this.#exchange = mechanism.start(facts);
  }

  async respond(response: Uint8Array | undefined): Promise<ServerStep> {
    if (!this.#isAdmitted) await this.#observer.admit(this.#facts.remoteAddress);
    this.#isAdmitted = true;
    try {
      const step = await this.#exchange.respond(response);
      if (step.kind === 'complete') this.#tell(true, step.identity.authorization);
      if (step.kind === 'failed' && step.error.replyCode === 535) this.#tell(false, step.authentication);
      return step;
    } catch (error) {
      if (error instanceof ReplyError && error.replyCode === 535) this.#tell(false, undefined);
      throw error;
    }
  }

  #tell(succeeded: boolean, identity: string | undefined): void {
    const { remoteAddress } = this.#facts;
    this.#observer.outcome({ mechanism: this.#mechanism.name, succeeded, identity, remoteAddress });
  }
}
