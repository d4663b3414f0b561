import type { PeerCertificate } from '../certificate.ts';

/**
 * The port to a byte stream (RFC 3081 §2): octets in and out, close and abort, and flow control
 * in both directions. It knows nothing about BEEP.
 */
export interface Transport {
  /** `host:port` of the other end, for diagnostics. */
  readonly remoteAddress: string;
  /** Whether the octets are protected (TLS, or a medium that is as good). */
  readonly secured: boolean;
  /** Of a peer that has shown a certificate whose issuer is trusted. */
  readonly certificate?: PeerCertificate | undefined;
  /** Starts delivery. Called once, by the driver. */
  open(handler: TransportHandler): void;
  /**
   * Takes octets to send; the array must not be changed before they have left. Returns false when more
   * should wait for `drained`.
   */
  write(octets: Uint8Array): boolean;
  /** Whether nothing of what was written is kept here: behind such a write the array may be used again. */
  readonly isEmpty?: boolean;
  /** Sends what was written, then closes (TCP CLOSE). */
  close(): void;
  /** Closes at once and drops what was not sent (TCP ABORT). */
  abort(): void;
  /** Stops and resumes `received`. */
  pause(): void;
  resume(): void;
}

/** Those who are told of what happens to a transport. */
export interface TransportHandler {
  /** Octets have arrived; the array is valid during the call only. */
  received(octets: Uint8Array): void;
  /** `write` may go on after it returned false. */
  drained(): void;
  /** The stream has ended, with the error if it did not end cleanly. Called once. */
  closed(error?: Error): void;
}

/**
 * Negotiates transport security on a connection and gives a new transport for it (RFC 3080 §3). The old one can
 * only be aborted from then on, which ends the negotiation. Rejects when the negotiation fails; the connection is closed then.
 */
export type Negotiate = (transport: Transport, circumstances: Circumstances) => Promise<Transport>;

/** What is known when a connection is about to be protected. */
export interface Circumstances {
  /** The server name of the session (RFC 3080 §2.3.1.2); of a listener, what the peer asked for. */
  readonly serverName?: string | undefined;
  /** Octets that have arrived behind a session and belong to the negotiation (B11). */
  readonly trailing?: Uint8Array | undefined;
}
