import type { RelayChannel, RelaySession } from './relay-session.ts';

/** Data on its way to another domain (RFC 3340 §4.4.4.1 step 5.2). */
export interface OnwardData {
  /** The domain of its recipient. */
  readonly domain: string;
  readonly originator: string;
  readonly payload: Uint8Array;
  /** How long it may wait to be sent, in milliseconds, when an option says so (RFC 3342 §2). */
  readonly withinMs: number | undefined;
}

/** The way to relays of other domains, and who they are. */
export interface MeshPort {
  /**
   * Sends data to a relay that takes it for its domain; `settled` gets undefined once that relay has answered `ok`,
   * else what went wrong. Called once.
   */
  forward(data: OnwardData, settled: (failure: Error | undefined) => void): void;
  /** Whether the peer of this session may bind for that domain (RFC 3340 §4.5.2). */
  mayBind(session: RelaySession, domain: string): boolean;
  /** Whether the relay of that domain may send data whose originator is of another one (RFC 3340 §4.5.2). */
  isTrusted(domain: string): boolean;
  /** The peer of this channel takes data for that domain. */
  bound(channel: RelayChannel, domain: string): void;
  /** It does so no more; without a domain, for none at all. */
  unbound(channel: RelayChannel, domain?: string): void;
  /** The peer of a channel that we dialled has ended our binding for that domain of ours. */
  ended(channel: RelayChannel, ours: string): void;
}
