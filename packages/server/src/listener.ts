import { type Transport, UsageError } from '@apex/beep';
import { listenTcp, type TcpListener } from '@apex/beep/tcp';
import { type TlsServerCredentials, tlsServer } from '@apex/beep/tls';
import { AddressPlaces } from './address-places.ts';
import { systemClock } from './clock.ts';
import { eventValve } from './event-valve.ts';
import type { Figure, FigureSource } from './figures/figure.ts';
import { type HttpListener, type HttpOptions, listenHttp } from './http/http-listener.ts';
import { defaultSessionLimits } from './session-limits.ts';
import type { SessionRow } from './session-place.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';

/** Where peers connect; for a port, 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** For peers that begin with TLS, beside those that ask for it in a session; needs `tls`. Absent: there is none. */
  readonly tlsPort?: number | undefined;
}

export interface ListenOptions extends Omit<SessionsOptions, 'negotiate'> {
  readonly listen: ListenAddress;
  /** What protects sessions whose peers ask for it. */
  readonly tls?: ServerCredentials | undefined;
  /** BEEP over WebSocket, beside TCP. */
  readonly http?: HttpOptions | undefined;
  /** Whether sessions could do anything, for `/readyz`. */
  readonly canServe: () => Promise<boolean>;
  /** Of the whole server, for routes. */
  readonly figures: FigureSource;
}

/** PEM texts: certificate with those between it and its root, key, and the roots of clients' certificates. */
export type ServerCredentials = TlsServerCredentials;

export interface Listener {
  /** The ports are those in use. */
  readonly address: ListenAddress;
  /** Where it listens for HTTP, if it does. */
  readonly httpAddress: { readonly host: string; readonly port: number } | undefined;
  readonly sessions: number;
  /** Sessions whose id is above `after`, in their order, at most `limit`. */
  rows(after: number, limit: number): readonly SessionRow[];
  /** Asks the peer to release a session; false when there is none with this id. */
  release(id: number, text: string): boolean;
  /** Of its sessions. */
  figures(): readonly Figure[];
  /** Shows another certificate from now on; sessions that stand go on. Throws UsageError `tls.credentials`. */
  reloadTls(credentials: ServerCredentials): void;
  /**
   * Stops listening, and releases the sessions on which nobody has attached. HTTP goes on, and tells that it takes no
   * more sessions.
   */
  drain(): void;
  /** As `drain`, and releases all sessions; those that do not agree in time, or by the abort of the signal, are aborted. */
  close(signal?: AbortSignal): Promise<void>;
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

/** For a TLS handshake, in milliseconds; less where a peer has less for its greeting. */
const HANDSHAKE_MS = 10_000;

/** Throws UsageError `tls.unavailable` for a port that begins with TLS and no certificate to show there. */
export function requireCertificate(listen: ListenAddress, tls: ServerCredentials | undefined): void {
  if (listen.tlsPort === undefined || tls !== undefined) return;
  throw new UsageError('tls.unavailable', 'listen.tlsPort: there is no certificate to show there; give tls');
}

/**
 * Listens for BEEP sessions over TCP (RFC 3081), over TLS and over WebSocket. Rejects with ListenError, and with
 * UsageError `tls.credentials` or `tls.unavailable`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { limits } = options;
  const { host, port, tlsPort } = options.listen;
  requireCertificate(options.listen, options.tls);
  const handshakeMs = Math.min(limits.greetingMs ?? HANDSHAKE_MS, HANDSHAKE_MS);
  const tls = options.tls === undefined ? undefined : tlsServer({ ...options.tls, handshakeMs });
  const sessions = new Sessions({ ...options, negotiate: tls?.negotiate });
  const tcp = await listenOn(host, port, (transport) => sessions.accept(transport));
  let direct: TcpListener | undefined;
  let http: HttpListener | undefined;
  try {
    if (tlsPort !== undefined && tls !== undefined) {
      direct = await listenOn(host, tlsPort, (transport) => sessions.accept(transport, tls.negotiate));
    }
    http = await listenWebSocket(options, sessions);
  } catch (error) {
    await Promise.all([tcp.close(), direct?.close()]);
    await sessions.close();
    throw error;
  }
  let closing: Promise<unknown> | undefined;
  const drain = (): void => {
    http?.drain();
    closing ??= Promise.all([tcp.close(), direct?.close()]);
    sessions.drain();
  };
  return {
    address: { host, port: tcp.port, ...(direct === undefined ? {} : { tlsPort: direct.port }) },
    httpAddress: http?.address,
    get sessions() {
      return sessions.size;
    },
    rows: (after, limit) => sessions.rows(after, limit),
    release: (id, text) => sessions.release(id, text),
    figures: () => sessions.counters.figures(),
    reloadTls(credentials) {
      tls?.reload(credentials);
      http?.reloadTls(credentials);
    },
    drain,
    async close(signal) {
      drain();
      await closing;
      // Until the sessions are released HTTP tells that there are no new ones.
      await sessions.close(signal);
      await http?.close();
    },
  };
}

async function listenWebSocket(
  { http, tls, limits, canServe, figures, onEvent, clock = systemClock }: ListenOptions,
  sessions: Sessions,
): Promise<HttpListener | undefined> {
  if (http === undefined) return undefined;
  const { connections, connectionsPerAddress, receiveWindowOctets } = { ...defaultSessionLimits, ...limits };
  const places = new AddressPlaces(connectionsPerAddress);
  return listenHttp({
    ...http,
    tls,
    connections,
    receiveWindowOctets,
    admit(remoteAddress) {
      const leave = places.take(remoteAddress);
      if (leave === undefined) sessions.counters.limits.add('connectionsPerAddress');
      return leave;
    },
    accept: (transport) => sessions.accept(transport),
    canServe,
    figures,
    onEvent: eventValve(onEvent, clock),
  }).catch((error: unknown) => {
    throw listenError(error as NodeJS.ErrnoException, http.host, http.port);
  });
}

function listenOn(
  host: string,
  port: number,
  onTransport: (transport: Transport) => void,
): Promise<TcpListener> {
  return listenTcp({ host, port, onTransport }).catch((error: unknown) => {
    throw listenError(error as NodeJS.ErrnoException, host, port);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
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
