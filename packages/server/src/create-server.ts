import type { Administration } from './administration.ts';
import type { DomainCounters } from './create-domain.ts';
import { type Listener, listen, type ServerCredentials } from './listener.ts';
import { profilesOf } from './profiles.ts';
import { relayProfile } from './relay/relay-profile.ts';
import { type ServerOptions, servedDomain, verifierOf } from './serving.ts';

export type { ServerOptions } from './serving.ts';

export interface ApexServer {
  /** Where it listens; the port is the one in use. */
  readonly address: { readonly host: string; readonly port: number };
  readonly administration: Administration;
  readonly counters: DomainCounters;
  /** Open sessions. */
  readonly sessions: number;
  /** Shows another certificate from now on. Throws UsageError `tls.credentials`; without `tls` it does nothing. */
  reloadTls(credentials: ServerCredentials): void;
  /** Stops listening, releases the sessions, waits until all is durable. The store stays open. */
  close(): Promise<void>;
}

/**
 * Starts a server: a domain on a store, and a listener. The caller owns the store. Rejects with
 * StoreError, with ListenError when the address cannot be used, and with UsageError `tls.credentials`.
 */
export async function createServer(options: ServerOptions): Promise<ApexServer> {
  const { onEvent = () => {}, requireTls = true, mechanisms = ['PLAIN'] } = options;
  const domain = await servedDomain(options);
  let listener: Listener;
  try {
    listener = await listen({
      ...options.listen,
      domain: domain.relay.domain,
      profiles: profilesOf({
        requireTls,
        hasTls: options.tls !== undefined,
        mechanisms,
        verifier: verifierOf(options),
        apex: (apex) => relayProfile(domain.relay, apex),
        onEvent,
      }),
      limits: options.sessionLimits ?? {},
      tls: options.tls,
      onEvent,
    });
  } catch (error) {
    await domain.close();
    throw error;
  }
  return {
    address: listener.address,
    administration: domain.administration,
    counters: domain.counters,
    get sessions() {
      return listener.sessions;
    },
    reloadTls: (credentials) => listener.reloadTls(credentials),
    async close() {
      await listener.close();
      await domain.close();
    },
  };
}
