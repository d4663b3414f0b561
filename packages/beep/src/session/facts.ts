import type { PeerCertificate } from '../certificate.ts';

/** What is known about a session and its peer. Authentication and tuning change it; profiles read it. */
export interface SessionFacts {
  readonly role: 'initiator' | 'listener';
  /** What the one who runs the session calls it, if anything; survives a tuning reset. */
  readonly id?: number;
  /** RFC 3080 §2.3.1.2: of the first successful start that we received; survives a tuning reset. */
  readonly serverName?: string;
  /** What SASL established (RFC 3080 §4); set once. */
  readonly identity?: PeerIdentity;
  /** Whether the octets travel under TLS (or an equivalent that the transport vouches for). */
  readonly secured: boolean;
  /** Of a peer that has shown one, and whose issuer is trusted. */
  readonly certificate?: PeerCertificate;
  /** A profile has found that the peer does what it came for; before, it may be taken for one that only keeps a place. */
  readonly established?: true;
  /** `host:port` of the peer, for diagnostics. */
  readonly remoteAddress: string;
  /** Languages that the peer asked for in its greeting, most desirable first. */
  readonly localize: readonly string[];
}

/** Who the peer has proved to be. */
export interface PeerIdentity {
  /** The SASL mechanism that established it. */
  readonly mechanism: string;
  /** Authorization identity: who the peer acts as. Empty for a guest (ANONYMOUS). */
  readonly authorization: string;
  /** ANONYMOUS trace information, if any (RFC 4505). */
  readonly trace?: string;
}

/** What a peer says of itself when the session begins (RFC 3080 §2.3.1.1). */
export interface Greeting {
  readonly profiles: readonly string[];
  readonly features: readonly string[];
  readonly localize: readonly string[];
}

/** How a session ended. */
export type SessionEnd = { readonly kind: 'released' } | { readonly kind: 'lost'; readonly error: Error };
