import type { Payload } from '../octets.ts';
import type { PeerIdentity, SessionFacts } from './facts.ts';

/**
 * The port between a session and the profiles bound to its channels (RFC 3080 §2.2.2). A profile
 * may answer at once or later, through the handles below; the session itself never awaits.
 * Payloads are whole BEEP messages: MIME header fields, an empty line, the body.
 */
export interface Profile {
  /** RFC 3080 §2.3.1.2: authoritatively identifies the profile. */
  readonly uri: string;
  /** Whether the greeting offers it and a start may choose it. Absent: always. */
  available?(facts: SessionFacts): boolean;
  /**
   * Whether the greeting offers it while it is available. Absent: yes. A profile that is available
   * and not offered can refuse a start with a code of its own, such as 538.
   */
  offered?(facts: SessionFacts): boolean;
  /**
   * The peer proposes a channel with this profile. Exactly one of `accept`, `refuse` and `pass`
   * is called, now or later.
   */
  start(request: StartRequest): void;
}

/** A start of the peer, as a profile sees it (RFC 3080 §2.3.1.2). */
export interface StartRequest {
  readonly session: TunableSession;
  readonly channelNumber: number;
  /** Characters of the profile element, CDATA unwrapped, base64 decoded; absent when empty. */
  readonly initialization?: string;
  /**
   * Creates the channel. `initializationReply` is the content of the profile element in the
   * positive reply (written as CDATA). The channel may be used at once.
   */
  accept(handler: ChannelHandler, initializationReply?: string): Channel;
  /** Declines the creation: ERR with this code and text. */
  refuse(replyCode: number, text: string): void;
  /** Not with this profile: the next proposed profile is tried. */
  pass(): void;
}

/** What a session lets profiles see and do. */
export interface SessionHandle {
  readonly facts: SessionFacts;
  /** RFC 3080 §4: a SASL profile reports success; at most once in a session. */
  authenticated(identity: PeerIdentity): void;
  /** A profile reports that the peer does what it came for. */
  established(): void;
  /**
   * Ends the session at once, without an answer (the transport is aborted). `reason` is for the
   * log and for those who wait for replies.
   */
  abort(reason: Error): void;
  /** Asks the peer to release the session (RFC 3080 §2.4). */
  release(): void;
  /**
   * A message of the peer was refused for what it is, and the session goes on: one line for the log.
   * `code` is the stable name of the cause.
   */
  report(code: string, message: string): void;
}

/** A session as tuning profiles have it: they may take its connection over (RFC 3080 §3). */
export interface TunableSession extends SessionHandle {
  /**
   * RFC 3080 §3.1.3: a tuning profile is about to hand the connection over. From now on nothing leaves but
   * replies; `isQuiet` is called once: with true when all are sent but the one of the exchange that asks for the
   * tuning, with false when that takes too long.
   */
  quieten(isQuiet: (inTime: boolean) => void): void;
  /** Ends what `quieten` began: the session goes on. */
  resume(): void;
  /** Once everything that was written has left, all channels end, and the connection goes on without this session. */
  tune(): void;
}

/** What a profile is told about one of its channels. */
export interface ChannelHandler {
  /** A MSG has arrived in whole. Answer through `exchange`, in any order: replies leave in RFC order. */
  message(exchange: Exchange): void;
  /**
   * The peer asks to close this channel (RFC 3080 §2.3.1.3). No new MSG may be sent from now on.
   * `done` accepts once the handler is finished; absent: accepted as soon as exchanges are complete.
   */
  closing?(done: () => void): void;
  /** The channel is gone: closed by either peer, or the session ended. Called once. */
  closed(reason: ChannelEnd): void;
}

/** How a channel ended: closed by itself, with its session, or because that was lost. */
export type ChannelEnd =
  | { readonly kind: 'closed' }
  | { readonly kind: 'released' }
  | { readonly kind: 'lost'; readonly error: Error };

/** A MSG of the peer that waits for its reply. */
export interface Exchange {
  readonly payload: Uint8Array;
  /** Positive reply (RPY). */
  reply(payload: Uint8Array): void;
  /** Negative reply (ERR). */
  error(payload: Uint8Array): void;
  /** One answer (ANS) of a one-to-many exchange; returns its answer number. */
  answer(payload: Uint8Array): number;
  /** Completes a one-to-many exchange (NUL). */
  end(): void;
}

/** One channel as its profile uses it. */
export interface Channel {
  readonly number: number;
  readonly profileUri: string;
  readonly session: SessionHandle;
  /**
   * Starts an exchange (MSG). `onReply` is called once for RPY, ERR or lost; for a one-to-many
   * exchange once per ANS and then for NUL. Throws UsageError `channel.closed` on a closed channel.
   */
  send(payload: Payload, onReply: (reply: Reply) => void): void;
  /** Payload octets accepted by `send` and replies that have not left this session yet. */
  readonly unsentOctets: number;
  /** MSGs sent whose reply has not arrived. */
  readonly outstanding: number;
  /** Stops opening the receive window: a fast peer is slowed down, nothing is lost. */
  pause(): void;
  resume(): void;
  /** Asks the peer to close the channel; `onResult` gets undefined, or the refusal. */
  close(onResult?: (refusal: { replyCode: number; text: string } | undefined) => void): void;
}

/** An answer to a MSG of ours (RFC 3080 §2.1.1); `lost` when none comes any more. */
export type Reply =
  | { readonly kind: 'RPY' | 'ERR'; readonly payload: Uint8Array }
  | { readonly kind: 'ANS'; readonly ansno: number; readonly payload: Uint8Array }
  | { readonly kind: 'NUL' }
  | { readonly kind: 'lost'; readonly error: Error };

/** A channel that we ask the peer to create (RFC 3080 §2.3.1.2). */
export interface ChannelStart {
  /** Proposed profiles, in order of preference; at least one. */
  readonly profiles: readonly ProposedProfile[];
  /** Only the first successful start of a session gives it its meaning. */
  readonly serverName?: string;
  readonly handler: ChannelHandler;
}

/** A profile that a start proposes (RFC 3080 §2.3.1.2). */
export interface ProposedProfile {
  readonly uri: string;
  /** Written as CDATA, or base64 where CDATA cannot hold it; at most 4096 octets as written. */
  readonly initialization?: string;
}

/** A channel that the peer has agreed to start. */
export interface StartedChannel {
  readonly channel: Channel;
  readonly profileUri: string;
  /** Characters of the profile element in the reply; absent when empty. */
  readonly initializationReply?: string;
}
