import { X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
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

/** What a server of TLS that is none of BEEP's, such as one of HTTPS, needs to show the same. */
export interface ShownCertificates {
  /** For the server itself: it shows the first certificate. */
  readonly options: Shown['options'];
  /** For a name that a peer asks for (SNI); undefined where the first certificate has to do. */
  contextFor(name: string): SecureContext | undefined;
}

/**
 * Servers that listen to nothing, by the name that a peer has asked for so far: what the name in its handshake (SNI)
 * asks for comes before that. There is one for each certificate, since a handshake without a name shows that of its
 * server. Throws UsageError `tls.credentials` when a certificate and its key do not fit together, or are none.
 */
export function tlsServers(credentials: TlsServerCredentials): TlsServers {
  const shown = shownOf(credentials);
  const all = shown.map(({ options }) =>
    createServer({
      ...options,
      requestCert: credentials.ca !== undefined,
      // Who shows no certificate may authenticate otherwise.
      rejectUnauthorized: false,
      SNICallback: (name, done) => done(null, fitting(shown, name)?.context),
    }),
  );
  return {
    all,
    for: (name) => {
      const one = name === undefined ? undefined : fitting(shown, name);
      return all[one === undefined ? 0 : shown.indexOf(one)]!;
    },
  };
}

/** Throws UsageError `tls.credentials`. */
export function shownCertificates(credentials: TlsServerCredentials): ShownCertificates {
  const shown = shownOf(credentials);
  return { options: shown[0]!.options, contextFor: (name) => fitting(shown, name)?.context };
}

interface Shown {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
  readonly options: typeof tlsSuites &
    TlsCredentials & { readonly ca?: string; readonly honorCipherOrder: true };
}

function shownOf({ cert, key, ca, more = [] }: TlsServerCredentials): readonly Shown[] {
  return [{ cert, key }, ...more].map((pair, index) =>
    usable(index === 0 ? '' : `more[${index - 1}]: `, () => {
      const common = { ...tlsSuites, ...(ca === undefined ? {} : { ca }), sessionIdContext: 'beep' };
      const options = { ...common, ...pair, honorCipherOrder: true } as const;
      return {
        certificate: new X509Certificate(pair.cert),
        context: createSecureContext(options),
        options,
      };
    }),
  );
}

function fitting(shown: readonly Shown[], name: string): Shown | undefined {
  return shown.find(({ certificate }) => isFor(certificate, name));
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
