import type { Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  type PeerCertificate as NodeCertificate,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { PeerCertificate } from '../certificate.ts';
import { SessionLostError, UsageError } from '../errors.ts';
import {
  type TlsCredentials,
  type TlsServerCredentials,
  type TlsServers,
  tlsServers,
  unusable,
} from './shown-certificates.ts';
import { type ConnectTcpOptions, connectTcp, TcpTransport } from './tcp.ts';
import { tlsSuites } from './tls-suites.ts';
import type { Negotiate, Transport } from './transport.ts';

export {
  type ShownCertificates,
  shownCertificates,
  type TlsCredentials,
  type TlsServerCredentials,
} from './shown-certificates.ts';

export interface TlsServerOptions extends TlsServerCredentials {
  /** For the whole handshake, in milliseconds; default 10,000. */
  readonly handshakeMs?: number;
}

/** The listener's side of TLS: 1.2 at least, 1.3 preferred (B11). */
export interface TlsServer {
  /** At the end of a tuning, or as the first thing on a connection whose peer begins with TLS. */
  readonly negotiate: Negotiate;
  /** Takes other certificates, in place of all, for negotiations from now on. Throws UsageError `tls.credentials`. */
  reload(credentials: TlsServerCredentials): void;
}

/** Whom an initiator trusts, and as what it shows itself. */
export interface TlsClientOptions extends Partial<TlsCredentials> {
  /**
   * Names of which the server's certificate has to have one; the first is sent as the server's name (SNI).
   * The name of the session comes before them.
   */
  readonly names: readonly string[];
  /** Roots to trust in place of the system's. */
  readonly ca?: string | undefined;
  /** SHA-256 of the one certificate that is trusted, hexadecimal: neither its issuer nor its names count then. */
  readonly fingerprint?: string | undefined;
  readonly handshakeMs?: number;
}

const HANDSHAKE_MS = 10_000;

/** Throws UsageError `tls.credentials` when certificate and key do not fit together, or are none. */
export function tlsServer(options: TlsServerOptions): TlsServer {
  const { handshakeMs = HANDSHAKE_MS } = options;
  /** By the two ends of the connection. */
  const waiting = new Map<string, (socket: TLSSocket) => void>();
  const failures = new Map<string, Error>();
  const prepared = (credentials: TlsServerCredentials): TlsServers => {
    const servers = tlsServers(credentials);
    for (const server of servers.all) listen(server);
    return servers;
  };
  const listen = (server: Server): void => {
    server.on('secureConnection', (socket) => waiting.get(endsOf(socket))?.(socket));
    server.on('tlsClientError', (error, socket) => {
      const ends = endsOf(socket);
      if (waiting.has(ends)) failures.set(ends, error);
    });
  };
  let servers = prepared(options);
  return {
    reload(credentials) {
      servers = prepared(credentials);
    },
    negotiate: (transport, { serverName, trailing }) => {
      const raw = socketOf(transport, trailing);
      const ends = endsOf(raw);
      return handshake(raw, handshakeMs, (secured, failed) => {
        waiting.set(ends, (socket) => {
          // B11
          const asked = socket.servername;
          if (
            serverName !== undefined &&
            typeof asked === 'string' &&
            asked.toLowerCase() !== serverName.toLowerCase()
          ) {
            failed(lost('tls.name', `the peer asked for ${serverName} and then for ${asked}`));
          } else secured(socket, socket.authorized ? certificateOf(socket) : undefined);
        });
        raw.once('close', () => {
          const error = failures.get(ends);
          failed(
            lost('tls.failed', error === undefined ? 'the peer ended the handshake' : reasonOf(error), error),
          );
        });
        servers.for(serverName).emit('connection', raw);
        return () => {
          waiting.delete(ends);
          failures.delete(ends);
        };
      });
    },
  };
}

/** The initiator's side of TLS: it proves to be one of the names, or to have the one certificate. */
export function tlsClient(options: TlsClientOptions): Negotiate {
  const { ca, cert, key, fingerprint, handshakeMs = HANDSHAKE_MS } = options;
  const pinned = fingerprint?.replaceAll(':', '').toLowerCase();
  return (transport, { serverName, trailing }) => {
    const names = [...(serverName === undefined ? [] : [serverName]), ...options.names];
    const servername = names.find((name) => !isAddress(name));
    const raw = socketOf(transport, trailing);
    return handshake(raw, handshakeMs, (secured, failed) => {
      let socket: TLSSocket;
      try {
        socket = connect({
          socket: raw,
          ...(servername === undefined ? {} : { servername }),
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined || key === undefined ? {} : { cert, key }),
          ...tlsSuites,
          rejectUnauthorized: pinned === undefined,
          checkServerIdentity: (_host, shown) => wrongName(names, shown),
        });
      } catch (error) {
        failed(lost('tls.credentials', unusable(error), error));
        return () => {};
      }
      socket.once('error', (error) => failed(clientFailure(error)));
      raw.once('close', () => failed(lost('tls.failed', 'the connection was closed')));
      socket.once('secureConnect', () => {
        const certificate = certificateOf(socket);
        if (pinned !== undefined && certificate?.fingerprint !== pinned) {
          failed(
            lost('tls.fingerprint', `the server shows another certificate: ${certificate?.fingerprint}`),
          );
        } else secured(socket, certificate);
      });
      return () => {};
    });
  };
}

export interface ConnectTlsOptions extends ConnectTcpOptions, TlsClientOptions {}

/**
 * Opens a connection that is TLS from the first octet, in place of a negotiation by profile. Rejects as `connectTcp`
 * does, and with SessionLostError `tls.…`.
 */
export async function connectTls(options: ConnectTlsOptions): Promise<Transport> {
  const { signal } = options;
  const transport = await connectTcp(options);
  const abandon = (): void => transport.abort();
  signal?.addEventListener('abort', abandon);
  try {
    const secured = tlsClient(options)(transport, {});
    if (signal?.aborted === true) abandon();
    return await secured;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abandon);
  }
}

/** Runs one handshake within its time; `start` returns what is to be done behind it. */
function handshake(
  raw: Socket,
  ms: number,
  start: (
    secured: (socket: TLSSocket, certificate: PeerCertificate | undefined) => void,
    failed: (error: Error) => void,
  ) => () => void,
): Promise<Transport> {
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  let isOver = false;
  let forget = (): void => {};
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(timer);
    forget();
    return true;
  };
  const failed = (error: Error): void => {
    if (!end()) return;
    reject(error);
    raw.destroy();
  };
  const timer = setTimeout(() => failed(lost('tls.timeout', `no handshake within ${ms} ms`)), ms);
  forget = start((socket, certificate) => {
    if (!end()) return;
    resolve(new TcpTransport(socket, { certificate, below: raw }));
  }, failed);
  return promise;
}

function socketOf(transport: Transport, trailing: Uint8Array | undefined): Socket {
  if (!(transport instanceof TcpTransport)) {
    throw new UsageError('tls.unavailable', 'TLS is negotiated on TCP connections only');
  }
  return transport.detach(trailing);
}

/** What no two connections have in common at the same time. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Undefined when one of the names is the certificate's; else the reason for each. */
function wrongName(names: readonly string[], shown: NodeCertificate): Error | undefined {
  const reasons = names.map((name) => checkServerIdentity(name, shown));
  if (reasons.includes(undefined)) return undefined;
  return lost('tls.name', `the certificate is for ${shownNames(shown)}, not for ${names.join(' or ')}`);
}

function shownNames({ subjectaltname, subject }: NodeCertificate): string {
  return subjectaltname ?? [subject?.CN].flat().join(', ');
}

function clientFailure(error: Error & { readonly code?: string }): Error {
  if (error instanceof SessionLostError) return error;
  switch (error.code) {
    case 'CERT_HAS_EXPIRED':
      return lost('tls.expired', 'the certificate of the server has expired', error);
    case 'CERT_NOT_YET_VALID':
      return lost('tls.expired', 'the certificate of the server is not valid yet', error);
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return lost('tls.issuer', 'the certificate of the server is not issued by somebody trusted', error);
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return lost('tls.failed', 'what came is no TLS; does the server begin with it at this port?', error);
    default:
      return lost('tls.failed', reasonOf(error), error);
  }
}

/** Errors of OpenSSL have it apart from where it was found. */
function reasonOf(error: Error & { readonly reason?: string }): string {
  return error.reason ?? error.message;
}

function lost(code: string, message: string, cause?: unknown): SessionLostError {
  return new SessionLostError(message, cause === undefined ? { code } : { code, cause });
}

function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return undefined;
  // A name that holds what separates names is written in quotes: none of its pieces is a name.
  const names = (shown.subjectAltName ?? '').split(', ').filter((name) => !name.includes('"'));
  const named = (prefix: string): string[] =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return {
    commonName: /^CN=(.*)$/m.exec(shown.subject)?.[1] ?? '',
    dnsNames: named('DNS:').map((name) => name.toLowerCase()),
    mailAddresses: named('email:'),
    fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
