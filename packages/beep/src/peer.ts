import type { Greeting, SessionEnd } from './session/facts.ts';
import type { ChannelStart, SessionHandle, StartedChannel } from './session/profile.ts';
import type { Negotiate } from './transport/transport.ts';

/**
 * A running session as an application sees it: promises over the session's callbacks. The driver
 * makes one for each transport.
 */
export interface Peer extends SessionHandle {
  /** The peer's greeting (RFC 3080 §2.3.1.1), the last one after `secure`. Rejects with ReplyError on an error greeting, SessionLostError otherwise. */
  readonly greeting: Promise<Greeting>;
  /**
   * Creates a channel (RFC 3080 §2.3.1.2). Rejects with ReplyError when the peer declines,
   * SessionLostError when the session ends first, UsageError on wrong arguments.
   */
  startChannel(start: ChannelStart): Promise<StartedChannel>;
  /**
   * Asks the peer for transport security and negotiates it (RFC 3080 §3.1); to be done before anything else.
   * Resolves with the peer's new greeting. Rejects with ReplyError when the peer declines (the session goes on),
   * UsageError `tls.busy` when channels are open, and with what `negotiate` rejects with; the session is over then.
   */
  secure(negotiate: Negotiate, serverName?: string): Promise<Greeting>;
  /** Releases the session (RFC 3080 §2.4) and closes the transport. Rejects with ReplyError when declined. */
  released(): Promise<void>;
  /** Octets that have arrived, without those of TLS; they only grow. */
  readonly receivedOctets: number;
  /** Resolves when the session is over, whatever the cause; never rejects. */
  readonly ended: Promise<SessionEnd>;
}
