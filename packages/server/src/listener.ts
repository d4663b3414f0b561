import { drive, type Limits, type Peer, type Profile, type Transport } from '@apex/beep';
import { listenTcp } from '@apex/beep/tcp';
import { type TlsCredentials, tlsServer } from '@apex/beep/tls';
import type { ServerEvent } from './server-event.ts';

/** Limits of the sessions of a listener, each with its unit. */
export interface SessionLimits {
  /** Connections at the same time; the next one gets an error greeting 421. */
  readonly connections: number;
  /** Channels of one session. */
  readonly channelsPerSession: number;
  /** Octets of one received message. */
  readonly messageOctets: number;
  /** Receive window of a channel, in octets. */
  readonly receiveWindowOctets: number;
  /** Unanswered MSGs of one channel, beyond which its peer waits. */
  readonly outstandingExchanges: number;
  /** How long a peer may take for its greeting, in milliseconds. */
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

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The server name that it operates as (B15). */
  readonly domain: string;
  readonly profiles: readonly Profile[];
  readonly limits: Partial<SessionLimits>;
  /** What protects sessions whose peers ask for it. */
  readonly tls?: ServerCredentials | undefined;
  readonly onEvent: (event: ServerEvent) => void;
}

/** PEM texts: certificate with those between it and its root, key, and the roots of clients' certificates. */
export interface ServerCredentials extends TlsCredentials {
  readonly ca?: string | undefined;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  readonly sessions: number;
  /** Shows another certificate from now on; sessions that stand go on. Throws UsageError `tls.credentials`. */
  reloadTls(credentials: ServerCredentials): void;
  /** Stops listening and releases the sessions; those that do not agree in time are aborted. */
  close(): Promise<void>;
}

/** The address cannot be listened on: `listen.in-use`, `listen.denied` or `listen.failed`. */
export class ListenError extends Error {
  readonly code: 'listen.in-use' | 'listen.denied' | 'listen.failed';

  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ListenError';
    this.code = code;
  }
}

/** How long peers may take to agree to the release when the server stops, in milliseconds. */
const RELEASE_MS = 2000;

/**
 * Listens for BEEP sessions over TCP (RFC 3081). Rejects with ListenError, and UsageError `tls.credentials`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const limits = { ...defaultSessionLimits, ...options.limits };
  const sessions = new Set<Peer>();
  const tls = options.tls === undefined ? undefined : tlsServer(options.tls);
  const accept = (transport: Transport): void => {
    const full = sessions.size >= limits.connections;
    if (full) options.onEvent({ level: 'warn', name: 'session.refused', remote: transport.remoteAddress });
    const peer = drive(transport, {
      role: 'listener',
      profiles: options.profiles,
      negotiate: tls?.negotiate,
      limits: beepLimits(limits),
      acceptsServerName: (name) => name.toLowerCase() === options.domain || isAddress(name),
      // 3080 §2.4
      ...(full ? { unavailable: { replyCode: 421, text: 'too many connections' } } : {}),
      // B1, B7
      onDiagnostic: ({ ended, code, message, remoteAddress, header }) =>
        options.onEvent({
          ...(ended
            ? { level: 'warn', name: 'session.ended', header }
            : { level: 'info', name: 'message.refused' }),
          code,
          text: message,
          remote: remoteAddress,
        }),
    });
    sessions.add(peer);
    void peer.ended.then(() => sessions.delete(peer));
  };
  const tcp = await listenTcp({ ...options, onTransport: accept }).catch((error: unknown) => {
    throw listenError(error as NodeJS.ErrnoException, options);
  });
  return {
    address: { host: tcp.host, port: tcp.port },
    get sessions() {
      return sessions.size;
    },
    reloadTls: (credentials) => tls?.reload(credentials),
    async close() {
      await tcp.close();
      await Promise.all([...sessions].map(releaseInTime));
    },
  };
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

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): ListenError {
  const where = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        'listen.in-use',
        `${where} is in use: stop what listens there, or choose another port`,
        {
          cause: error,
        },
      );
    case 'EACCES':
      return new ListenError('listen.denied', `${where}: not permitted; ports below 1024 need privileges`, {
        cause: error,
      });
    default:
      return new ListenError('listen.failed', `${where} cannot be listened on: ${error.message}`, {
        cause: error,
      });
  }
}
