import { type ClientMechanism, plainClient, scramClient } from '@apex/beep';
import { domainOf, parent } from '@apex/protocol';
import { ApexError } from './errors.ts';

/** Who the application is. */
export type Credentials =
  /** The password of the endpoint; a subaddress is attached with that of its endpoint. */
  | { readonly password: string }
  /** An access token of OAuth that names the endpoint (RFC 7628). */
  | { readonly token: string }
  /** The certificate that this side shows in TLS names the endpoint: SASL EXTERNAL. */
  | { readonly certificate: true }
  /** Trace information for the server's log, such as a mail address (RFC 4505): for servers that let anybody in. */
  | { readonly anonymous: string };

/** SASL mechanisms that work with a password. */
export type PasswordMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-1' | 'DIGEST-MD5' | 'PLAIN';

/** Who the application is, and how it may prove that. */
export interface CredentialOptions {
  /** A function is asked for each session, for tokens that expire; when it throws, the attempt has failed. */
  readonly credentials: Credentials | (() => Credentials | Promise<Credentials>);
  /**
   * Mechanisms for a password, the best first: the first one that the server offers is used, and no
   * other. Default SCRAM-SHA-256, then PLAIN. Weaker ones are used when they are named here only.
   */
  readonly mechanisms?: readonly PasswordMechanism[];
  /**
   * Whether the session has to be protected before a password, a token or a proof of them leaves; default true.
   * Set it to false on a network that you trust: who listens there reads tokens, and passwords where the
   * server has nothing better than PLAIN.
   */
  readonly requireTls?: boolean;
}

const defaultMechanisms: readonly PasswordMechanism[] = ['SCRAM-SHA-256', 'PLAIN'];

/** What they are now. Rejects with what the application's function throws. */
export async function credentialsOf({ credentials }: CredentialOptions): Promise<Credentials> {
  return typeof credentials === 'function' ? credentials() : credentials;
}

/** What may be used to authenticate as this endpoint, the best first. Rejects with UsageError, ApexError `client.usage`. */
export async function mechanismsOf(
  endpoint: string,
  credentials: Credentials,
  options: Omit<CredentialOptions, 'credentials'>,
): Promise<readonly ClientMechanism[]> {
  const { mechanisms, requireTls: requireSecured = true } = options;
  const identity = parent(endpoint);
  if (mechanisms !== undefined && !('password' in credentials)) {
    throw new ApexError('client.usage', 'mechanisms: there is a choice for passwords only');
  }
  if ('anonymous' in credentials) return [(await others()).anonymousClient(credentials.anonymous)];
  if ('certificate' in credentials) return [(await others()).externalClient(identity)];
  if ('token' in credentials) {
    const { oauthBearerClient } = await others();
    return [oauthBearerClient({ token: credentials.token, authorization: identity, requireSecured })];
  }
  const names = mechanisms ?? defaultMechanisms;
  return Promise.all(
    names.map(async (name) => ({
      ...(await passwordMechanism(name, identity, credentials.password)),
      requireSecured,
    })),
  );
}

async function passwordMechanism(
  name: PasswordMechanism,
  authentication: string,
  password: string,
): Promise<ClientMechanism> {
  switch (name) {
    case 'SCRAM-SHA-256':
      return scramClient({ hash: 'SHA-256', authentication, password });
    case 'SCRAM-SHA-1':
      return scramClient({ hash: 'SHA-1', authentication, password });
    case 'DIGEST-MD5':
      return (await others()).digestMd5Client({ authentication, password, host: domainOf(authentication) });
    case 'PLAIN':
      return plainClient({ authentication, password });
  }
}

const others = () => import('./other-mechanisms.ts');
