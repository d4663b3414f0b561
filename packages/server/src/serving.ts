import type { PasswordVerifier as VerifierPort } from '@apex/beep';
import { identityOf } from '@apex/protocol';
import { createDomain, type Domain, type DomainOptions } from './create-domain.ts';
import { PasswordVerifier } from './credentials/password-verifier.ts';
import type { ServerCredentials, SessionLimits } from './listener.ts';
import type { MechanismName } from './profiles.ts';
import type { ServerEvent } from './server-event.ts';

export interface ServerOptions extends Omit<DomainOptions, 'onRefused'> {
  /** Where endpoints connect: BEEP over TCP. Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /** No authentication and no APEX channel on sessions that are not protected (B12); default true. */
  readonly requireTls?: boolean;
  /** Certificate and key, so that peers can ask for TLS (RFC 3080 §3.1). */
  readonly tls?: ServerCredentials | undefined;
  /** SASL mechanisms on offer; default PLAIN. */
  readonly mechanisms?: readonly MechanismName[];
  readonly sessionLimits?: Partial<SessionLimits>;
  /** Told what an operator wants in the log. Holds no password, blob or content. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** The domain of a server, which tells its operator what services refuse. Rejects with StoreError. */
export function servedDomain(options: ServerOptions): Promise<Domain> {
  const { onEvent = () => {} } = options;
  return createDomain({
    ...options,
    onRefused: ({ replyCode, ...refused }) =>
      onEvent({
        level: 'info',
        ...(replyCode === undefined ? { name: 'service.dropped' } : { name: 'service.refused', replyCode }),
        ...refused,
      }),
  });
}

/** Checks passwords against the store. Attempts from one host take turns, whatever port they come from. */
export function verifierOf({ store, iterations }: Pick<ServerOptions, 'store' | 'iterations'>): VerifierPort {
  const passwords = new PasswordVerifier({
    find: (endpoint) => store.findCredentials(endpoint),
    ...(iterations === undefined ? {} : { iterations }),
  });
  return {
    verify: (authentication, password, remoteAddress) =>
      passwords.verify(identityOf(authentication) ?? authentication, password, hostOf(remoteAddress)),
  };
}

function hostOf(remoteAddress: string): string {
  return remoteAddress.slice(0, remoteAddress.lastIndexOf(':'));
}
