import { SessionLostError, type Transport } from '@apex/beep';
import { type ConnectTcpOptions, connectTcp } from '@apex/beep/tcp';
import { connectTls, tlsClient } from '@apex/beep/tls';
import { domainOf } from '@apex/protocol';
import type { Security } from './attachment.ts';
import type { ApexClient } from './client.ts';
import { connectWith, type Dial, type DialOptions } from './connect.ts';
import { requireEndpoint } from './endpoints.ts';
import { ApexError, applicationError } from './errors.ts';

/** How the session is protected with TLS. */
export interface TlsOptions {
  /** TLS from the first octet, at a port where the server begins with it; else it is asked for in the session. */
  readonly direct?: boolean;
  /** PEM: roots to trust in place of the system's. */
  readonly ca?: string;
  /** SHA-256 of the one certificate that is trusted, hexadecimal: neither its issuer nor its names count then. */
  readonly fingerprint?: string;
  /** PEM: certificate and key of this client. */
  readonly cert?: string;
  readonly key?: string;
}

/** Where to connect over TCP, and how to attach. */
export interface ConnectOptions extends DialOptions {
  readonly host: string;
  /** Default 913, IANA's port of the endpoint-relay mode (RFC 3340 §8.3); there is none for `tls.direct`. */
  readonly port?: number;
  /**
   * TLS, from TLS 1.2 on. Absent: it is used where the server offers it, unless `requireTls` is false. `true` or options:
   * a server without it is refused. `false`: never.
   */
  readonly tls?: boolean | TlsOptions;
  /** For the connection to stand, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Connects over TCP and attaches. Rejects with ApexError `client.lost` when there is no connection, and
 * as `connectWith`; with the reason of the signal when it is aborted.
 */
export async function connect(options: ConnectOptions): Promise<ApexClient> {
  const { host, port = isDirect(options.tls) ? undefined : 913, timeoutMs } = options;
  if (port === undefined) {
    throw new ApexError('client.usage', 'port: none is registered for tls.direct; name that of the server');
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ApexError('client.usage', `port: ${port} is not a whole number from 1 to 65535`);
  }
  const place = { host, port, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const dial: Dial = (signal) =>
    open(options, { ...place, signal }).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      if (error instanceof SessionLostError) throw applicationError(`secure ${host}:${port}`, error);
      throw new ApexError(
        'client.lost',
        `no connection to ${host}:${port}: ${(error as Error).message}; is the server running there?`,
        { cause: error },
      );
    });
  return connectWith(dial, { ...options, ...securityOf(options) });
}

async function open(options: ConnectOptions, place: ConnectTcpOptions): Promise<Transport> {
  const { endpoint, host, tls } = options;
  if (!isDirect(tls)) return connectTcp(place);
  return connectTls({ ...place, ...tls, names: [domainOf(requireEndpoint(endpoint)), host] });
}

function isDirect(tls: ConnectOptions['tls']): tls is TlsOptions {
  return typeof tls === 'object' && tls.direct === true;
}

/** The server has to prove to be the domain, or the host that was dialled. */
function securityOf({ host, tls, requireTls = true }: ConnectOptions): { readonly security?: Security } {
  if (tls === false || (tls === undefined && !requireTls)) return {};
  const options = typeof tls === 'object' ? tls : {};
  return { security: { negotiate: tlsClient({ names: [host], ...options }), isRequired: tls !== undefined } };
}

export * from './index.ts';
