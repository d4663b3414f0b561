import { identityOf } from '@apex/protocol';
import { systemClock } from './clock.ts';
import { createDomain, type Domain, type DomainOptions } from './create-domain.ts';
import type { Authentication } from './credentials/authentication.ts';
import { defaultMechanisms } from './credentials/mechanism-credentials.ts';
import { PasswordVerifier } from './credentials/password-verifier.ts';
import { defaultScramIterations } from './credentials/scram.ts';
import type { PasswordDesk } from './credentials/server-mechanisms.ts';
import type { TokenVerifierOptions } from './credentials/token-verifier.ts';
import { eventValve } from './event-valve.ts';
import type { ListenAddress, ServerCredentials } from './listener.ts';
import type { ServerEvent } from './server-event.ts';
import type { SessionLimits } from './session-limits.ts';

export interface ServerOptions extends Omit<DomainOptions, 'onRefused'> {
  /** Where endpoints connect: BEEP over TCP, and over TLS where `tlsPort` says so. */
  readonly listen: ListenAddress;
  /** No authentication and no APEX channel on sessions that are not protected (B12); default true. */
  readonly requireTls?: boolean;
  /** Certificates and keys, so that peers can ask for TLS (RFC 3080 §3.1), or begin with it. */
  readonly tls?: ServerCredentials | undefined;
  /** Whose access tokens OAUTHBEARER takes; needed for it. */
  readonly oauth?: TokenVerifierOptions | undefined;
  readonly sessionLimits?: Partial<SessionLimits>;
  /** Told what an operator wants in the log. Holds no password, blob or content. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** The domain of a server, which tells its operator what services refuse. Rejects with StoreError. */
export function servedDomain(options: ServerOptions): Promise<Domain> {
  const { onEvent = () => {}, clock = systemClock } = options;
  const tell = eventValve(onEvent, clock);
  return createDomain({
    ...options,
    onRefused: ({ replyCode, ...refused }) =>
      tell({
        level: 'info',
        ...(replyCode === undefined ? { name: 'service.dropped' } : { name: 'service.refused', replyCode }),
        ...refused,
      }),
  });
}

/** What its edges need too. */
export function authenticationOf(options: Omit<ServerOptions, 'listen'>): Authentication {
  const { requireTls = true, mechanisms = defaultMechanisms, iterations = defaultScramIterations } = options;
  const decoySecret = crypto.getRandomValues(new Uint8Array(32));
  return { requireTls, mechanisms, iterations, decoySecret, oauth: options.oauth };
}

/** Asks the store. Attempts to try a password from one host take turns, whatever port they come from. */
export function deskOf({ store, iterations }: Pick<ServerOptions, 'store' | 'iterations'>): PasswordDesk {
  const passwords = new PasswordVerifier({
    find: (endpoint) => store.findCredentials(endpoint, 'SCRAM-SHA-256'),
    ...(iterations === undefined ? {} : { iterations }),
  });
  return {
    findCredentials: (authentication, mechanism) =>
      store.findCredentials(canonical(authentication), mechanism),
    verifier: {
      verify: (authentication, password, remoteAddress) =>
        passwords.verify(canonical(authentication), password, hostOf(remoteAddress)),
    },
  };
}

/** Names compare in canonical form; what is no name is looked up as it is, and not found. */
function canonical(authentication: string): string {
  return identityOf(authentication) ?? authentication;
}

function hostOf(remoteAddress: string): string {
  return remoteAddress.slice(0, remoteAddress.lastIndexOf(':'));
}
