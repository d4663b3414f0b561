import type { ReplyError } from '../errors.ts';
import type { Greeting, SessionEnd } from './facts.ts';

/** What a session tells whoever runs it. */
export type SessionEvent =
  | { readonly kind: 'greeting'; readonly greeting: Greeting }
  /** The peer declined our release; the session goes on. */
  | { readonly kind: 'release-declined'; readonly error: ReplyError }
  /**
   * The last event of a session that gives its connection to a tuning profile (RFC 3080 §3): a new session begins
   * once that has done its work. `trailing` came behind the last frame and belongs to what is negotiated (B11).
   */
  | { readonly kind: 'tuned'; readonly trailing: Uint8Array }
  /** A message of the peer was refused for what it is (B7); the session goes on. */
  | { readonly kind: 'refused'; readonly diagnostic: Diagnostic }
  /**
   * The last event. `transport` says what becomes of the connection: what was written is still sent
   * on `close`, and dropped on `abort`.
   */
  | {
      readonly kind: 'ended';
      readonly end: SessionEnd;
      readonly transport: 'close' | 'abort';
      /** For the log, when the session itself found the cause (B1). */
      readonly diagnostic?: Diagnostic;
    };

/** Why a session was ended, or a message of its peer refused, in one line of a log. */
export interface Diagnostic {
  /** Whether the session was ended. */
  readonly ended: boolean;
  /** Stable name of the cause, such as `frame.seqno` or `handler.failed`. */
  readonly code: string;
  readonly message: string;
  /** `host:port` of the peer. */
  readonly remoteAddress: string;
  /** Of a poorly-formed frame: its header, at most 80 characters; else empty. */
  readonly header: string;
  /** What was thrown, when a handler failed. */
  readonly cause?: unknown;
}
