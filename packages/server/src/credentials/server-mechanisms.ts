import {
  anonymousServer,
  digestMd5Server,
  externalServer,
  oauthBearerServer,
  type PasswordVerifier,
  plainServer,
  type ServerMechanism,
  type SessionFacts,
  scramServer,
  type TokenVerdict,
  UsageError,
} from '@apex/beep';
import { domainOf, identityOf, parent } from '@apex/protocol';
import type { CredentialMechanism, CredentialsOf } from '../store/ports.ts';
import type { MechanismName } from './mechanism-names.ts';
import type { MechanismObserver } from './observed.ts';

/** The port to what is known of passwords and of those who try them, in this process or in another one. */
export interface PasswordDesk extends MechanismObserver {
  readonly verifier: PasswordVerifier;
  /** `authentication` as the client sent it. */
  findCredentials<M extends CredentialMechanism>(
    authentication: string,
    mechanism: M,
  ): Promise<CredentialsOf<M> | undefined>;
}

export interface ServerMechanismOptions {
  readonly mechanisms: readonly MechanismName[];
  /** In lower case. */
  readonly domains: readonly string[];
  /** Whether what reveals secrets is offered on protected sessions only (B12). */
  readonly requireTls: boolean;
  readonly desk: PasswordDesk;
  /** Iterations of new credentials: what unknown names get too (B13). */
  readonly iterations: number;
  /** The salts of unknown names come from it, the same ones wherever the domains are served (B13). */
  readonly decoySecret: Uint8Array;
  /** The endpoint whose subaddresses anonymous peers attach as; without one they attach as nothing. */
  readonly guest?: string | undefined;
  /** For OAUTHBEARER. */
  readonly verifyToken: ((token: string) => Promise<TokenVerdict>) | undefined;
}

/**
 * The mechanisms of a server, in the order in which they are named. Throws UsageError
 * `server.mechanism` for OAUTHBEARER without a way to verify tokens.
 */
export function serverMechanisms(options: ServerMechanismOptions): readonly ServerMechanism[] {
  const { domains, requireTls: requireSecured, desk, iterations, decoySecret } = options;
  const scram = (hash: 'SHA-1' | 'SHA-256'): ServerMechanism =>
    scramServer({
      hash,
      iterations,
      decoySecret,
      authorize,
      find: (authentication) => desk.findCredentials(authentication, `SCRAM-${hash}`),
    });
  /** 3340 §4.5.1, of those whom others vouch for: nobody of another domain. */
  const authorizeOurs = (requested: string | undefined, authentication: string): string | undefined => {
    const identity = identityOf(authentication);
    return identity === undefined || !domains.includes(domainOf(identity))
      ? undefined
      : authorize(requested, identity);
  };
  const create: Readonly<Record<MechanismName, () => ServerMechanism>> = {
    'SCRAM-SHA-256': () => scram('SHA-256'),
    'SCRAM-SHA-1': () => scram('SHA-1'),
    'DIGEST-MD5': () =>
      digestMd5Server({
        realms: domains,
        authorize,
        async find(authentication, realm) {
          // What is stored holds the domain of the name in the place of the realm.
          const identity = identityOf(authentication);
          const isThere = identity !== undefined && domainOf(identity) === realm;
          return isThere ? (await desk.findCredentials(authentication, 'DIGEST-MD5'))?.storedKey : undefined;
        },
      }),
    PLAIN: () => plainServer({ verifier: desk.verifier, authorize, requireSecured }),
    EXTERNAL: () =>
      externalServer({ identify: (facts) => certifiedEndpoint(facts, domains), authorize: authorizeOurs }),
    OAUTHBEARER() {
      const { verifyToken } = options;
      if (verifyToken === undefined) {
        throw new UsageError(
          'server.mechanism',
          'OAUTHBEARER is on offer and there is no way to verify tokens',
        );
      }
      return oauthBearerServer({ requireSecured, authorize: authorizeOurs, verify: verifyToken });
    },
    ANONYMOUS: () => anonymousServer(options.guest),
  };
  return options.mechanisms.map((name) => create[name]());
}

/** The one endpoint of these domains among the mail addresses of the peer's certificate. */
function certifiedEndpoint({ certificate }: SessionFacts, domains: readonly string[]): string | undefined {
  const identities = (certificate?.mailAddresses ?? []).map((address) => identityOf(address));
  const ours = new Set(identities.filter((each) => each !== undefined && domains.includes(domainOf(each))));
  const [first] = ours;
  return ours.size === 1 ? first : undefined;
}

/** 3340 §4.5.1: the identity function; a subaddress acts for its endpoint. Names compare in canonical form. */
function authorize(requested: string | undefined, authentication: string): string | undefined {
  const identity = identityOf(authentication);
  if (identity === undefined) return undefined;
  if (requested === undefined) return identity;
  const wanted = identityOf(requested);
  return wanted !== undefined && (wanted === identity || parent(wanted) === identity) ? wanted : undefined;
}
