import { listenTcp } from '@apex/beep/tcp';
import { type TlsCredentials, tlsServer } from '@apex/beep/tls';
import { type HttpListener, type HttpOptions, listenHttp } from './http/http-listener.ts';
import { defaultSessionLimits, Sessions, type SessionsOptions } from './sessions.ts';

export interface ListenOptions extends Omit<SessionsOptions, 'negotiate'> {
  readonly host: string;
  readonly port: number;
  /** What protects sessions whose peers ask for it. */
  readonly tls?: ServerCredentials | undefined;
  /** BEEP over WebSocket, beside TCP. */
  readonly http?: HttpOptions | undefined;
  /** Whether sessions could do anything, for `/readyz`. */
  readonly canServe: () => Promise<boolean>;
}

/** PEM texts: certificate with those between it and its root, key, and the roots of clients' certificates. */
export interface ServerCredentials extends TlsCredentials {
  readonly ca?: string | undefined;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** Where it listens for HTTP, if it does. */
  readonly httpAddress: { readonly host: string; readonly port: number } | undefined;
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

/**
 * Listens for BEEP sessions over TCP (RFC 3081), and over WebSocket. Rejects with ListenError, and UsageError
 * `tls.credentials`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const tls = options.tls === undefined ? undefined : tlsServer(options.tls);
  const sessions = new Sessions({ ...options, negotiate: tls?.negotiate });
  const tcp = await listenTcp({
    ...options,
    onTransport: (transport) => sessions.accept(transport),
  }).catch((error: unknown) => {
    throw listenError(error as NodeJS.ErrnoException, options);
  });
  let http: HttpListener | undefined;
  try {
    http = await listenWebSocket(options, sessions);
  } catch (error) {
    await tcp.close();
    throw error;
  }
  return {
    address: { host: tcp.host, port: tcp.port },
    httpAddress: http?.address,
    get sessions() {
      return sessions.size;
    },
    reloadTls(credentials) {
      tls?.reload(credentials);
      http?.reloadTls(credentials);
    },
    async close() {
      // Until the sessions are released HTTP tells that there are no new ones.
      http?.drain();
      await tcp.close();
      await sessions.close();
      await http?.close();
    },
  };
}

async function listenWebSocket(
  { http, tls, limits, canServe, onEvent }: ListenOptions,
  sessions: Sessions,
): Promise<HttpListener | undefined> {
  if (http === undefined) return undefined;
  const { connections, receiveWindowOctets } = { ...defaultSessionLimits, ...limits };
  return listenHttp({
    ...http,
    tls,
    connections,
    receiveWindowOctets,
    accept: (transport) => sessions.accept(transport),
    canServe,
    onEvent,
  }).catch((error: unknown) => {
    throw listenError(error as NodeJS.ErrnoException, http);
  });
}

function listenError(error: NodeJS.ErrnoException, { host, port }: HttpOptions): ListenError {
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
