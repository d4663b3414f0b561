import { X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, type Server } from 'node:tls';
import { UsageError } from '../errors.ts';
import { tlsSuites } from './tls-suites.ts';

/** PEM texts of what a side of TLS shows. */
export interface TlsCredentials {
  /** The certificate, with those between it and its root. */
  readonly cert: string;
  readonly key: string;
}

/** What a listener shows and trusts. */
export interface TlsServerCredentials extends TlsCredentials {
  /** Certificates that may issue those of clients; absent: clients are not asked for one. */
  readonly ca?: string | undefined;
  /** Each is shown to who asks for one of its names; the one above to all others. */
  readonly more?: readonly TlsCredentials[] | undefined;
}

export interface TlsServers {
  readonly all: readonly Server[];
  for(name: string | undefined): Server;
}

/**
 * Servers that listen to nothing, by the name that a peer has asked for so far: what the name in its handshake (SNI)
 * asks for comes before that. There is one for each certificate, since a handshake without a name shows that of its
 * server. Throws UsageError `tls.credentials` when a certificate and its key do not fit together, or are none.
 */
export function tlsServers(credentials: TlsServerCredentials): TlsServers {
  const { cert, key, ca, more = [] } = credentials;
  const common = { ...tlsSuites, ...(ca === undefined ? {} : { ca }), sessionIdContext: 'beep' };
  const shown = [{ cert, key }, ...more].map((pair, index) =>
    usable(index === 0 ? '' : `more[${index - 1}]: `, () => {
      const certificate = new X509Certificate(pair.cert);
      const context = createSecureContext({ ...common, ...pair });
      const server = createServer({
        ...common,
        ...pair,
        requestCert: ca !== undefined,
        // Who shows no certificate may authenticate otherwise.
        rejectUnauthorized: false,
        honorCipherOrder: true,
        SNICallback: (name, done) => done(null, fitting(name)?.context),
      });
      return { certificate, context, server };
    }),
  );
  const fitting = (name: string) => shown.find(({ certificate }) => isFor(certificate, name));
  return {
    all: shown.map(({ server }) => server),
    for: (name) => ((name === undefined ? undefined : fitting(name)) ?? shown[0]!).server,
  };
}

/** `checkHost` throws for a name with NUL, which none has. */
function isFor(certificate: X509Certificate, name: string): boolean {
  return !name.includes('\0') && certificate.checkHost(name) !== undefined;
}

function usable<T>(which: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError('tls.credentials', `${which}${unusable(error)}`, { cause: error });
  }
}

export function unusable(error: unknown): string {
  return `certificate and key cannot be used: ${(error as Error).message}`;
}
