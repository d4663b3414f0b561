import type { ReplyError } from '../../errors.ts';
import type { PeerIdentity, SessionFacts } from '../../session/facts.ts';

/**
 * The port to SASL mechanisms (RFC 4422): what differs from one to the next. Blobs, channels and
 * failures are the business of `saslProfile` and `authenticate`.
 */
export interface ServerMechanism {
  /** As registered with IANA; the last part of the profile's URI. */
  readonly name: string;
  /** Reveals secrets to who can read along: refused with 538 on a session that is not secured (B12). */
  readonly requireSecured: boolean;
  /** Whether the greeting names it; default yes. Who starts it all the same is refused by the exchange. */
  isOffered?(facts: SessionFacts): boolean;
  /** Begins one authentication exchange. */
  start(facts: SessionFacts): ServerExchange;
}

/** One authentication exchange. */
export interface ServerExchange {
  /**
   * Answers the initial response, and then each response until the outcome. The first argument is
   * undefined when the client sent no initial response: a mechanism in which the client speaks
   * first then gives an empty challenge (RFC 4422 §5 item 2a); one in which the server speaks first
   * fails when it is not undefined. May answer later. What it throws is the outcome: ReplyError and MessageError
   * as they are, anything else as 454.
   */
  respond(response: Uint8Array | undefined): ServerStep | Promise<ServerStep>;
}

/** What a server of SASL makes of a response. */
export type ServerStep =
  | { readonly kind: 'challenge'; readonly data: Uint8Array }
  | {
      readonly kind: 'complete';
      readonly identity: Omit<PeerIdentity, 'mechanism'>;
      /** Additional data with the successful outcome (RFC 4422 §3.6), such as SCRAM's server-final message. */
      readonly data?: Uint8Array;
    }
  | {
      readonly kind: 'failed';
      readonly error: ReplyError;
      /** Who the client says it is, as it sent it, for those who watch; the client is not told. */
      readonly authentication?: string;
    };

/** The client's side of one authentication exchange; used once. What it throws ends the exchange. */
export interface ClientMechanism {
  readonly name: string;
  /** Reveals secrets to who can read along: not used on a session that is not secured. */
  readonly requireSecured: boolean;
  /** The initial response; undefined when the server speaks first. */
  initial(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Answers a challenge. */
  respond(challenge: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * The server reports success; `data` is empty when it sent none. Throws when the mechanism
   * authenticates the server too and this one did not prove itself.
   */
  finish(data: Uint8Array): void | Promise<void>;
}

/** RFC 3080 §4.1.1 */
export function saslProfileUri(mechanismName: string): string {
  return `http://iana.org/beep/SASL/${mechanismName}`;
}

/** The exchange of a mechanism that is one message of the client. */
export function oneMessage(
  decide: (message: Uint8Array) => ServerStep | Promise<ServerStep>,
): ServerExchange {
  return {
    respond: (message) =>
      message === undefined ? { kind: 'challenge', data: new Uint8Array(0) } : decide(message),
  };
}
