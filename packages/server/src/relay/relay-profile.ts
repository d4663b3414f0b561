import { type Profile, type SessionFacts, type SessionHandle, UsageError } from '@apex/beep';
import { type Answer, ApexChannel, type ApexHandler, apexProfile } from '@apex/protocol';
import { attach } from './attach.ts';
import { bind } from './bind.ts';
import { data } from './data.ts';
import type { Outcome } from './outcome.ts';
import { beepPayloadOf } from './payload.ts';
import type { Payload, RelayLink } from './ports.ts';
import type { Relay } from './relay.ts';
import { RelayChannel, RelaySession } from './relay-session.ts';
import { terminate } from './terminate.ts';

/**
 * The relay as the APEX profile of BEEP sessions (RFC 3340 §4.2): each channel is a link of the
 * relay, and each operation goes to the file of its name.
 */
export function relayProfile(
  relay: Relay,
  options: {
    available?(facts: SessionFacts): boolean;
    /** How its sessions are named, by their id; default: as their id. */
    nameOf?(id: string): string;
  } = {},
): Profile {
  const { nameOf = (id: string) => id } = options;
  const sessions = new WeakMap<SessionHandle, RelaySession>();
  const sessionOf = (handle: SessionHandle): RelaySession => {
    const known = sessions.get(handle);
    if (known !== undefined) return known;
    const session = new RelaySession(() => handle.facts, nameOf(`${handle.facts.id ?? ''}`));
    sessions.set(handle, session);
    return session;
  };
  return apexProfile({
    ...options,
    started: (apex, handle) => new RelayHandler(relay, apex, handle, sessionOf(handle)),
  });
}

/** A channel of the relay that it starts itself, with the relay of `domain` (RFC 3340 §2.1). */
export interface DialledChannel {
  readonly channel: RelayChannel;
  /** To be opened with the BEEP channel. */
  readonly apex: ApexChannel;
}

/** What comes on it takes the same way as on channels that peers start. */
export function channelTo(relay: Relay, domain: string, handle: SessionHandle): DialledChannel {
  const session = new RelaySession(() => handle.facts, `mesh-${handle.facts.remoteAddress}`, domain);
  let handler!: RelayHandler;
  const apex = new ApexChannel((self) => {
    handler = new RelayHandler(relay, self, handle, session);
    return handler;
  });
  return { channel: handler.channel, apex };
}

class RelayHandler implements ApexHandler {
  readonly #relay: Relay;
  readonly channel: RelayChannel;
  readonly #handle: SessionHandle;

  constructor(relay: Relay, apex: ApexChannel, handle: SessionHandle, session: RelaySession) {
    this.#relay = relay;
    this.#handle = handle;
    this.channel = new RelayChannel(session, new ApexLink(apex, handle));
    relay.opened(this.channel);
  }

  attach(request: Parameters<typeof attach>[2], answer: Answer): void {
    attach(this.#relay, this.channel, request, this.#established(answer));
  }

  bind(request: Parameters<typeof bind>[2], answer: Answer): void {
    bind(this.#relay, this.channel, request, this.#established(answer));
  }

  /** Who is attached or bound has come to what sessions with a relay are for. */
  #established(answer: Answer): Outcome {
    const tell = this.#outcome(answer);
    return (refusal) => {
      if (refusal === undefined) this.#handle.established();
      tell(refusal);
    };
  }

  terminate(request: Parameters<typeof terminate>[2], answer: Answer): void {
    terminate(this.#relay, this.channel, request, this.#outcome(answer));
  }

  data(message: Parameters<typeof data>[2], answer: Answer): void {
    data(this.#relay, this.channel, message, this.#outcome(answer));
  }

  #outcome(answer: Answer): Outcome {
    return (refusal) => {
      if (refusal === undefined) return answer.ok();
      this.#relay.refused(refusal);
      answer.error(refusal.replyCode, refusal.text);
    };
  }

  closed(): void {
    this.#relay.closed(this.channel);
  }
}

class ApexLink implements RelayLink {
  readonly #apex: ApexChannel;
  readonly #handle: SessionHandle;

  constructor(apex: ApexChannel, handle: SessionHandle) {
    this.#apex = apex;
    this.#handle = handle;
  }

  get unsentOctets(): number {
    return this.#apex.channel.unsentOctets;
  }

  sendData(payload: Payload, acknowledged: (failure: Error | undefined) => void): void {
    try {
      this.#apex.data(beepPayloadOf(payload), acknowledged);
    } catch (error) {
      acknowledged(closedOf(error));
    }
  }

  sendTerminate(transID: number, code: number, text: string, answered = ignore): void {
    try {
      this.#apex.terminate({ kind: 'terminate', transID, code, text }, () => answered());
    } catch (error) {
      // Whoever closes the channel ends the attachment by that.
      closedOf(error);
      answered();
    }
  }

  abort(reason: Error): void {
    this.#handle.abort(reason);
  }
}

/** A channel that is about to close takes nothing new: to the relay a failed delivery. */
function closedOf(error: unknown): UsageError {
  if (error instanceof UsageError && error.code === 'channel.closed') return error;
  throw error;
}

function ignore(): void {}
