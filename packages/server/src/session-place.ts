import type { RelaySession } from './relay/relay-session.ts';

/** A session as the process that has its connection knows it. */
export interface SessionRow {
  /** Grows with each session of the process. */
  readonly id: number;
  /** `host:port` of the peer. */
  readonly remoteAddress: string;
  readonly transport: 'tcp' | 'websocket';
  /** Whether the octets travel protected. */
  readonly secured: boolean;
  /** Who the peer has authenticated as. */
  readonly identity?: string;
  /** How. */
  readonly mechanism?: string;
  /** Since the peer connected, in milliseconds. */
  readonly ageMs: number;
  /** Since the peer sent anything, in milliseconds; up to a second late. */
  readonly idleMs: number;
}

/** The process that has the connections of some sessions: this one, or an edge. */
export interface SessionPlace {
  /** The number of an edge; undefined where there are none. */
  readonly worker: number | undefined;
  /** Those whose id is above `after`, in their order, at most `limit`. None when the place is gone. */
  rows(after: number, limit: number): Promise<readonly SessionRow[]>;
  /** Asks the peer to release a session, and ends it when that takes too long. False: there is none with this id. */
  release(id: number, text: string): Promise<boolean>;
  /** What the relay knows of them, by id. Sessions without an APEX channel are not among them. */
  relaySessions(): ReadonlyMap<number, RelaySession>;
}
