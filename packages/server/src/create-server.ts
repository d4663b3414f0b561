import {
  anonymousServer,
  type Profile,
  plainServer,
  type SessionFacts,
  saslProfile,
  type PasswordVerifier as VerifierPort,
} from '@apex/beep';
import { identityOf, parent } from '@apex/protocol';
import type { Administration } from './administration.ts';
import { createDomain, type DomainCounters, type DomainOptions } from './create-domain.ts';
import { PasswordVerifier } from './credentials/password-verifier.ts';
import { type Listener, listen, type SessionLimits } from './listener.ts';
import { relayProfile } from './relay/relay-profile.ts';
import type { ServerEvent } from './server-event.ts';

export interface ServerOptions extends Omit<DomainOptions, 'onRefused'> {
  /** Where endpoints connect: BEEP over TCP. Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /** No authentication and no APEX channel on sessions that are not protected (B12); default true. */
  readonly requireTls?: boolean;
  /** SASL mechanisms on offer; default PLAIN. */
  readonly mechanisms?: readonly ('PLAIN' | 'ANONYMOUS')[];
  readonly sessionLimits?: Partial<SessionLimits>;
  /** Told what an operator wants in the log. Holds no password, blob or content. */
  readonly onEvent?: (event: ServerEvent) => void;
}

export interface ApexServer {
  /** Where it listens; the port is the one in use. */
  readonly address: { readonly host: string; readonly port: number };
  readonly administration: Administration;
  readonly counters: DomainCounters;
  /** Open sessions. */
  readonly sessions: number;
  /** Stops listening, releases the sessions, waits until all is durable. The store stays open. */
  close(): Promise<void>;
}

/**
 * Starts a server: a domain on a store, and a listener. The caller owns the store. Rejects with
 * StoreError, and with ListenError when the address cannot be used.
 */
export async function createServer(options: ServerOptions): Promise<ApexServer> {
  const { onEvent = () => {}, requireTls = true, mechanisms = ['PLAIN'] } = options;
  const domain = await createDomain({
    ...options,
    onRefused: ({ replyCode, ...refused }) =>
      onEvent({
        level: 'info',
        ...(replyCode === undefined ? { name: 'service.dropped' } : { name: 'service.refused', replyCode }),
        ...refused,
      }),
  });
  // 3080 §9, §9 rule 1, B12
  const isAllowed = (facts: SessionFacts): boolean => !requireTls || facts.secured;
  const passwords = new PasswordVerifier({
    find: (endpoint) => options.store.findCredentials(endpoint),
    ...(options.iterations === undefined ? {} : { iterations: options.iterations }),
  });
  const verifier: VerifierPort = {
    verify: (authentication, password, remoteAddress) =>
      passwords.verify(identityOf(authentication) ?? authentication, password, hostOf(remoteAddress)),
  };
  const offered = {
    PLAIN: () => plainServer({ verifier, authorize, requireSecured: requireTls }),
    ANONYMOUS: anonymousServer,
  };
  const profiles: Profile[] = mechanisms.map((name) => {
    const profile = saslProfile(offered[name](), {
      report: (error) => onEvent({ level: 'error', name: 'sasl.failed', text: String(error) }),
    });
    return { ...profile, available: isAllowed };
  });
  profiles.push(relayProfile(domain.relay, { available: isAllowed }));
  let listener: Listener;
  try {
    listener = await listen({
      ...options.listen,
      domain: domain.relay.domain,
      profiles,
      limits: options.sessionLimits ?? {},
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
    async close() {
      await listener.close();
      await domain.close();
    },
  };
}

/** Attempts from one host take turns, whatever port they come from. */
function hostOf(remoteAddress: string): string {
  return remoteAddress.slice(0, remoteAddress.lastIndexOf(':'));
}

/** 3340 §4.5.1: the identity function; a subaddress acts for its endpoint. Names compare in canonical form. */
function authorize(requested: string | undefined, authentication: string): string | undefined {
  const identity = identityOf(authentication);
  if (identity === undefined) return undefined;
  if (requested === undefined) return identity;
  const wanted = identityOf(requested);
  return wanted !== undefined && (wanted === identity || parent(wanted) === identity) ? wanted : undefined;
}
