import type { Greeting, SessionEnd } from './session/facts.ts';
import type { ChannelStart, SessionHandle, StartedChannel } from './session/profile.ts';

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
