import type { PeerIdentity } from '@apex/beep';
import type { Attach, Bind, PublishParts, Terminate } from '@apex/protocol';
import type { Authentication } from '../credentials/authentication.ts';
import type { AuthenticationOutcome } from '../credentials/observed.ts';
import type { Figure } from '../figures/figure.ts';
import type { HttpSettings } from '../http/http-listener.ts';
import type { ListenAddress, ServerCredentials } from '../listener.ts';
import type { ServerEvent } from '../server-event.ts';
import type { SessionLimits } from '../session-limits.ts';
import type { SessionRow } from '../session-place.ts';
import type { CredentialMechanism, Credentials } from '../store/ports.ts';

/**
 * What an owner and its edges say to each other. The owner has subjects, store, relay and services; an edge holds
 * connections: BEEP sessions, authentication, and the reading and writing of APEX messages. Channels and sessions
 * have numbers that their edge gives out. Everything can be cloned by the structured clone algorithm.
 *
 * Messages keep their order in each direction. Those of one turn of the event loop travel together.
 */
export type FromEdge =
  /** The first message: it takes messages. What a process is sent before it has started to listen may be lost. */
  | { readonly kind: 'ready' }
  /** It accepts connections. */
  | ({ readonly kind: 'listening' } & EdgeAddresses)
  | { readonly kind: 'not-listening'; readonly code: string; readonly text: string }
  /** A peer has started an APEX channel. */
  | { readonly kind: 'opened'; readonly channel: number; readonly session: number }
  | {
      readonly kind: 'operation';
      readonly channel: number;
      readonly exchange: number;
      readonly element: Attach | Bind | Terminate;
      /** Who the peer has authenticated as. */
      readonly identity?: PeerIdentity;
    }
  /** A message with a data element that is valid. */
  | {
      readonly kind: 'data';
      readonly channel: number;
      readonly exchange: number;
      readonly payload: Uint8Array;
    }
  /** For each entry, the oldest unsettled delivery of that channel was answered `ok`. */
  | { readonly kind: 'acknowledged'; readonly channels: number[] }
  /** A delivery was not; without a reply code it could not be, or its answer was lost. */
  | {
      readonly kind: 'refused';
      readonly channel: number;
      /** The how manieth of the channel, from 0. One that is refused here is settled before earlier ones. */
      readonly delivery: number;
      readonly replyCode?: number;
      readonly text: string;
    }
  /** The peer has answered a terminate, or can no longer. */
  | { readonly kind: 'terminated'; readonly channel: number; readonly transID: number }
  | { readonly kind: 'closed'; readonly channel: number }
  | {
      readonly kind: 'verify';
      readonly request: number;
      readonly authentication: string;
      readonly password: string;
      readonly remoteAddress: string;
    }
  | {
      readonly kind: 'find-credentials';
      readonly request: number;
      readonly authentication: string;
      readonly mechanism: CredentialMechanism;
    }
  /** A peer wants to authenticate. */
  | { readonly kind: 'admit'; readonly request: number; readonly remoteAddress: string }
  | { readonly kind: 'outcome'; readonly outcome: AuthenticationOutcome }
  /** For the log. */
  | { readonly kind: 'event'; readonly event: ServerEvent }
  /** Wants the figures of the whole server. */
  | { readonly kind: 'ask-figures'; readonly request: number }
  /** Its own figures, as it was asked for. */
  | { readonly kind: 'figures'; readonly request: number; readonly figures: readonly Figure[] }
  /** How many sessions are open now. */
  | { readonly kind: 'sessions'; readonly count: number }
  | { readonly kind: 'session-rows'; readonly request: number; readonly rows: readonly SessionRow[] }
  | { readonly kind: 'session-released'; readonly request: number; readonly isKnown: boolean }
  /** The owner's mark comes back, behind all that was said before it arrived. */
  | { readonly kind: 'mark'; readonly mark: number }
  /** All sessions have ended. */
  | { readonly kind: 'drained' };

/** What an owner says to an edge. */
export type ToEdge =
  /** The answer to `ready`. */
  | { readonly kind: 'begin'; readonly settings: EdgeSettings }
  | {
      readonly kind: 'answer';
      readonly channel: number;
      readonly exchange: number;
      /** Absent: ok. */
      readonly refusal?: { readonly replyCode: number; readonly text: string };
    }
  | { readonly kind: 'deliver'; readonly channel: number; readonly payload: Uint8Array }
  /** Copies of one publish: for each channel its recipient and transID. */
  | {
      readonly kind: 'fan-out';
      readonly parts: PublishParts;
      readonly channels: number[];
      readonly recipients: string[];
      readonly transIDs: number[];
    }
  | {
      readonly kind: 'terminate';
      readonly channel: number;
      readonly transID: number;
      readonly code: number;
      readonly text: string;
    }
  /** Ends the session of the channel at once. */
  | { readonly kind: 'abort'; readonly channel: number; readonly text: string }
  | {
      readonly kind: 'verified';
      readonly request: number;
      readonly isRight: boolean;
      /** Why it could not be decided. */
      readonly refusal?: { readonly replyCode: number; readonly text: string };
    }
  | {
      readonly kind: 'credentials';
      readonly request: number;
      readonly found?: Credentials[number] | undefined;
      /** Why they could not be looked up. */
      readonly refusal?: { readonly replyCode: number; readonly text: string };
    }
  /** Is to tell its own figures. */
  | { readonly kind: 'tell-figures'; readonly request: number }
  /** The figures of the whole server, as it asked for. */
  | { readonly kind: 'figures'; readonly request: number; readonly figures: readonly Figure[] }
  /** Other certificates to show. */
  | { readonly kind: 'reload-tls'; readonly credentials: ServerCredentials }
  | {
      readonly kind: 'admitted';
      readonly request: number;
      /** Why it may not. */
      readonly refusal?: { readonly replyCode: number; readonly text: string };
    }
  /** Sessions whose id is above `after`, at most `limit`. */
  | {
      readonly kind: 'list-sessions';
      readonly request: number;
      readonly after: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'release-session';
      readonly request: number;
      readonly session: number;
      readonly text: string;
    }
  /** To be sent back. */
  | { readonly kind: 'mark'; readonly mark: number }
  /** It accepts no more connections, and releases the sessions on which nobody has attached. */
  | { readonly kind: 'drain' }
  /** It releases all sessions and ends; said again, it waits for nobody. */
  | { readonly kind: 'end'; readonly atOnce: boolean };

/** Where an edge listens. */
export interface EdgeAddresses extends ListenAddress {
  readonly http?: { readonly host: string; readonly port: number } | undefined;
}

/** What an edge needs to know to serve. */
export interface EdgeSettings {
  readonly domains: readonly string[];
  readonly listen: ListenAddress;
  readonly authentication: Authentication;
  readonly sessionLimits: Partial<SessionLimits>;
  readonly tls?: ServerCredentials | undefined;
  readonly http?: HttpSettings | undefined;
}
