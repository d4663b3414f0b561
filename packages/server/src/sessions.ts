import {
  drive,
  type Limits,
  type Negotiate,
  type Peer,
  type Profile,
  type Transport,
  tlsProfileUri,
} from '@apex/beep';
import { WebSocketTransport } from '@apex/beep/websocket';
import type { ServerEvent } from './server-event.ts';

/** Limits of the sessions of a server, each with its unit. */
export interface SessionLimits {
  /**
   * Connections at the same time; the next one gets an error greeting 421, or is reset where it would begin with TLS.
   */
  readonly connections: number;
  /** Channels of one session. */
  readonly channelsPerSession: number;
  /** Octets of one received message. */
  readonly messageOctets: number;
  /** Receive window of a channel, in octets. */
  readonly receiveWindowOctets: number;
  /** Unanswered MSGs of one channel, beyond which its peer waits. */
  readonly outstandingExchanges: number;
  /** How long a peer may take for its greeting, in milliseconds; for a TLS handshake as long, at most 10,000. */
  readonly greetingMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  connections: 20_000,
  channelsPerSession: 257,
  messageOctets: 256 * 1024,
  receiveWindowOctets: 64 * 1024,
  outstandingExchanges: 256,
  greetingMs: 30_000,
};

export interface SessionsOptions {
  /** The server name that they operate under (B15). */
  readonly domain: string;
  readonly profiles: readonly Profile[];
  readonly limits: Partial<SessionLimits>;
  /** Protects the connection of a peer that asks for it. */
  readonly negotiate?: Negotiate | undefined;
  readonly onEvent: (event: ServerEvent) => void;
}

/** How long peers may take to agree to the release when the server stops, in milliseconds. */
const RELEASE_MS = 2000;

/** The BEEP sessions of a server, on whatever transports their peers come. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #limits: SessionLimits;
  readonly #peers = new Set<Peer>();
  /** Connections that begin with TLS and have not got to a session. */
  readonly #handshakes = new Set<Transport>();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#limits = { ...defaultSessionLimits, ...options.limits };
  }

  get size(): number {
    return this.#peers.size + this.#handshakes.size;
  }

  /**
   * Begins a session with a peer that has connected; with `negotiate` the peer begins with TLS, and counts from now on.
   */
  accept(transport: Transport, negotiate?: Negotiate): void {
    const full = this.size >= this.#limits.connections;
    if (full) {
      this.#options.onEvent({ level: 'warn', name: 'session.refused', remote: transport.remoteAddress });
    }
    if (negotiate === undefined) this.#begin(transport, full);
    // A handshake costs more than the answer is worth.
    else if (full) transport.abort();
    else void this.#secure(transport, negotiate);
  }

  async #secure(transport: Transport, negotiate: Negotiate): Promise<void> {
    this.#handshakes.add(transport);
    let secured: Transport;
    try {
      secured = await negotiate(transport, {});
    } catch (error) {
      // What `close` has ended needs no explanation.
      if (!this.#handshakes.delete(transport)) return;
      const { message: text } = error as Error;
      const remote = transport.remoteAddress;
      this.#options.onEvent({
        level: 'warn',
        name: 'session.ended',
        header: '',
        code: 'tls.failed',
        text,
        remote,
      });
      return;
    }
    if (this.#handshakes.delete(transport)) this.#begin(secured, false);
    else secured.abort();
  }

  #begin(transport: Transport, full: boolean): void {
    const { domain, profiles, negotiate, onEvent } = this.#options;
    const peer = drive(transport, {
      role: 'listener',
      // What protects a WebSocket stands below it.
      profiles:
        transport instanceof WebSocketTransport
          ? profiles.filter(({ uri }) => uri !== tlsProfileUri)
          : profiles,
      negotiate,
      limits: beepLimits(this.#limits),
      acceptsServerName: (name) => name.toLowerCase() === domain || isAddress(name),
      // 3080 §2.4
      ...(full ? { unavailable: { replyCode: 421, text: 'too many connections' } } : {}),
      // B1, B7
      onDiagnostic: ({ ended, code, message, remoteAddress, header }) =>
        onEvent({
          ...(ended
            ? { level: 'warn', name: 'session.ended', header }
            : { level: 'info', name: 'message.refused' }),
          code,
          text: message,
          remote: remoteAddress,
        }),
    });
    this.#peers.add(peer);
    void peer.ended.then(() => this.#peers.delete(peer));
  }

  /** Releases them; those that do not agree in time are aborted. */
  async close(): Promise<void> {
    for (const transport of this.#handshakes) transport.abort();
    this.#handshakes.clear();
    await Promise.all([...this.#peers].map(releaseInTime));
  }
}

function beepLimits(limits: SessionLimits): Partial<Limits> {
  return {
    channels: limits.channelsPerSession,
    messageOctets: limits.messageOctets,
    receiveWindowOctets: limits.receiveWindowOctets,
    unansweredExchanges: limits.outstandingExchanges,
    greetingWaitMs: limits.greetingMs,
  };
}

/** Peers that know no better name the address that they dialled; it selects nothing (B15). */
function isAddress(name: string): boolean {
  return name === 'localhost' || /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(':');
}

async function releaseInTime(peer: Peer): Promise<void> {
  const timer = setTimeout(() => peer.abort(new Error('the server stops')), RELEASE_MS);
  peer.released().catch((error: unknown) => peer.abort(error as Error));
  await peer.ended;
  clearTimeout(timer);
}
