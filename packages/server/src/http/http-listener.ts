import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Transport } from '@apex/beep';
import { shownCertificates, type TlsServerOptions } from '@apex/beep/tls';
import type { FigureSource } from '../figures/figure.ts';
import type { ServerEvent } from '../server-event.ts';
import { addressOf, isLocal, peerOf } from './forwarded.ts';
import { healthRoutes } from './health.ts';
import { answer, type Route, Router } from './router.ts';
import { WebSocketDoor, webSocketPath } from './web-socket-door.ts';

/** HTTP of a server: BEEP over WebSocket at `/beep`, `/healthz`, `/readyz`, and what `routes` adds. */
export interface HttpOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Origins of pages that may connect, such as `https://example.com`; default: those that this server serves. */
  readonly origins?: readonly string[] | undefined;
  /**
   * Whether a proxy in front of it has TLS. It speaks HTTP without TLS then, and believes what the proxy says of peers
   * in X-Forwarded-For and X-Forwarded-Proto: nobody but the proxy may reach it. Default false.
   */
  readonly trustProxy?: boolean | undefined;
  /** What is served beside that. The paths of the server itself stay its own. */
  readonly routes?: readonly Route[] | undefined;
}

/** What can be said to another process of it. */
export type HttpSettings = Omit<HttpOptions, 'routes'>;

export interface ListenHttpOptions extends HttpOptions {
  /** With it HTTP is protected, unless a proxy does that. */
  readonly tls?: TlsServerOptions | undefined;
  readonly receiveWindowOctets: number;
  /** Sessions that may be open at the same time. */
  readonly connections: number;
  /** A place for a connection from `host:port`, until what it gives is called; undefined when there is none. */
  readonly admit: (remoteAddress: string) => (() => void) | undefined;
  readonly accept: (transport: Transport) => void;
  /** Whether sessions could do anything. */
  readonly canServe: () => Promise<boolean>;
  /** For routes. */
  readonly figures: FigureSource;
  readonly onEvent: (event: ServerEvent) => void;
  /** For a request and its header fields to arrive, in milliseconds; default 10,000. */
  readonly headersMs?: number | undefined;
}

export interface HttpListener {
  readonly address: { readonly host: string; readonly port: number };
  /** Shows another certificate from now on. Throws UsageError `tls.credentials`. */
  reloadTls(credentials: TlsServerOptions): void;
  /** From now on `/readyz` answers 503, and nobody is let in. */
  drain(): void;
  /** Stops listening; connections that are no sessions end. */
  close(): Promise<void>;
}

const HEADERS_MS = 10_000;
/** Connections beside those of sessions. */
const RESERVE = 1024;

/** Listens for HTTP. Rejects with the error of the system, and UsageError `tls.credentials`. */
export async function listenHttp(options: ListenHttpOptions): Promise<HttpListener> {
  const { host, port, routes = [], trustProxy = false, canServe, figures, headersMs = HEADERS_MS } = options;
  let isDraining = false;
  const router = new Router(
    [
      ...healthRoutes({
        get isDraining() {
          return isDraining;
        },
        canServe,
      }),
      { path: webSocketPath, answer: (_, response) => answer(response, 426, 'WebSocket only') },
      ...routes,
    ],
    (request) => ({ ...peerOf(request, trustProxy), isLocal: isLocal(request, trustProxy), figures }),
  );
  const door = new WebSocketDoor({ ...options, trustProxy, isDraining: () => isDraining });
  const settings: ServerOptions = {
    headersTimeout: headersMs,
    requestTimeout: headersMs,
    connectionsCheckingInterval: Math.ceil(headersMs / 4),
    keepAliveTimeout: headersMs,
    // Others may ask for other upgrades, and are answered as if they had not.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  const tls = trustProxy ? undefined : options.tls;
  const { server, reloadTls } = serverOf(settings, tls, (request, response) => {
    void router.handle(request, response);
  });
  server.maxConnections = options.connections + RESERVE;
  // A proxy stands for many; whom it brings counts as a session.
  if (!trustProxy) server.on('connection', (socket: Socket) => place(socket, options.admit));
  server.on('upgrade', door.handle);
  await listening(server, host, port);
  // A connection that could not be accepted (no file left, say) must not end the process.
  server.on('error', () => {});
  return {
    address: { host, port: portOf(server) },
    reloadTls,
    drain() {
      isDraining = true;
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Keeps a place for a connection as long as it lasts, or ends it. */
function place(socket: Socket, admit: ListenHttpOptions['admit']): void {
  const leave = admit(addressOf(socket));
  if (leave === undefined) socket.destroy();
  else socket.once('close', leave);
}

function serverOf(
  settings: ServerOptions,
  tls: TlsServerOptions | undefined,
  handle: RequestListener,
): { readonly server: Server | TlsServer; readonly reloadTls: HttpListener['reloadTls'] } {
  if (tls === undefined) return { server: createServer(settings, handle), reloadTls: () => {} };
  const { handshakeMs: handshakeTimeout = HEADERS_MS } = tls;
  let shown = shownCertificates(tls);
  const server = createTlsServer(
    {
      ...settings,
      ...shown.options,
      handshakeTimeout,
      SNICallback: (name, done) => done(null, shown.contextFor(name)),
    },
    handle,
  );
  return {
    server,
    reloadTls(credentials) {
      shown = shownCertificates(credentials);
      server.setSecureContext(shown.options);
    },
  };
}

function listening(server: Server | TlsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server | TlsServer): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
