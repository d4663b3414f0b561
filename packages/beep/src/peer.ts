import type { Channel, ChannelHandler, SessionHandle } from './session/profile.ts';

/**
 * A running session as an application sees it: promises over the session's callbacks. The driver
 * makes one for each transport.
 */
export interface Peer extends SessionHandle {
  /** The peer's greeting (RFC 3080 §2.3.1.1). Rejects with ReplyError on an error greeting, SessionLostError otherwise. */
  readonly greeting: Promise<Greeting>;
  /**
   * Creates a channel (RFC 3080 §2.3.1.2). Rejects with ReplyError when the peer declines,
   * SessionLostError when the session ends first, UsageError on wrong arguments.
   */
  startChannel(start: ChannelStart): Promise<StartedChannel>;
  /** Releases the session (RFC 3080 §2.4) and closes the transport. Rejects with ReplyError when declined. */
  released(): Promise<void>;
  /** Resolves when the session is over, whatever the cause; never rejects. */
  readonly ended: Promise<SessionEnd>;
}

export interface Greeting {
  readonly profiles: readonly string[];
  readonly features: readonly string[];
  readonly localize: readonly string[];
}

export interface ChannelStart {
  /** Proposed profiles, in order of preference; at least one. */
  readonly profiles: readonly ProposedProfile[];
  /** Only the first successful start of a session gives it its meaning. */
  readonly serverName?: string;
  readonly handler: ChannelHandler;
}

export interface ProposedProfile {
  readonly uri: string;
  /** Written as CDATA, or base64 where CDATA cannot hold it; at most 4096 octets as written. */
  readonly initialization?: string;
}

export interface StartedChannel {
  readonly channel: Channel;
  readonly profileUri: string;
  /** Characters of the profile element in the reply; absent when empty. */
  readonly initializationReply?: string;
}

export type SessionEnd =
  | { readonly kind: 'released' }
  | { readonly kind: 'lost'; readonly error: Error };
