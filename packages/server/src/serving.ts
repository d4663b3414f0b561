import { identityOf, parent } from '@apex/protocol';
import { systemClock } from './clock.ts';
import { createDomain, type Domain, type DomainOptions } from './create-domain.ts';
import type { Authentication } from './credentials/authentication.ts';
import { FailedAttempts } from './credentials/failed-attempts.ts';
import { defaultMechanisms } from './credentials/mechanism-names.ts';
import { PasswordVerifier } from './credentials/password-verifier.ts';
import { defaultScramIterations } from './credentials/scram.ts';
import type { PasswordDesk } from './credentials/server-mechanisms.ts';
import type { TokenVerifierOptions } from './credentials/token-verifier.ts';
import { eventValve } from './event-valve.ts';
import { counter, type Figure, type FigureSource, joined, ofProcess } from './figures/figure.ts';
import { Tally } from './figures/tally.ts';
import type { HttpOptions } from './http/http-listener.ts';
import type { ListenAddress, ServerCredentials } from './listener.ts';
import type { MeshSettings } from './mesh/settings.ts';
import { hostOf, limitedAddress } from './peer-address.ts';
import type { MeshPort } from './relay/mesh-port.ts';
import type { ServerEvent } from './server-event.ts';
import type { SessionLimits } from './session-limits.ts';
import type { StoreTrouble } from './store-measurement.ts';

/** The domains of a server, where it listens, and whom it lets in. */
export interface ServerOptions
  extends Omit<
    DomainOptions,
    'onRefused' | 'onAccessChanged' | 'onServiceFailed' | 'onStoreTrouble' | 'mesh'
  > {
  /** Where endpoints connect: BEEP over TCP, and over TLS where `tlsPort` says so. */
  readonly listen: ListenAddress;
  /** No authentication and no APEX channel on sessions that are not protected (B12); default true. */
  readonly requireTls?: boolean;
  /** Certificates and keys, so that peers can ask for TLS (RFC 3080 §3.1), or begin with it. */
  readonly tls?: ServerCredentials | undefined;
  /** BEEP over WebSocket at `/beep`, `/healthz`, `/readyz`, and further routes; absent: no HTTP. With `tls` it is protected. */
  readonly http?: HttpOptions | undefined;
  /** Whose access tokens OAUTHBEARER takes; needed for it. */
  readonly oauth?: TokenVerifierOptions | undefined;
  /** Failed authentications of an address or an endpoint behind which each further one doubles a delay; default 5. */
  readonly failedAuthentications?: number | undefined;
  readonly sessionLimits?: Partial<SessionLimits>;
  /** What this process tells of itself, beside what the server counts; each with the label `process`. */
  readonly figures?: FigureSource | undefined;
  /** The relays of other domains; absent: there is no way to them. */
  readonly mesh?: MeshSettings | undefined;
  /** Told what an operator wants in the log. Holds no password, blob or content. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** The domains of a server, which tells its operator what services refuse. Rejects with StoreError. */
export function servedDomain(
  { mesh: _settings, ...options }: ServerOptions,
  mesh: MeshPort | undefined,
): Promise<Domain> {
  const { onEvent = () => {}, clock = systemClock } = options;
  const tell = eventValve(onEvent, clock);
  return createDomain({
    ...options,
    ...(mesh && { mesh }),
    onAccessChanged: ({ owner, actor, actions }, by = 'administration') =>
      onEvent({
        level: 'info',
        name: 'access.changed',
        owner,
        actor,
        actions: actions === undefined ? 'removed' : actions.join(' '),
        by,
      }),
    onServiceFailed: (service, error) =>
      tell({
        level: 'error',
        name: 'service.failed',
        service,
        text: (error as Error)?.message ?? String(error),
      }),
    onStoreTrouble: (trouble) => tell(eventOfStore(trouble)),
    onRefused: ({ replyCode, ...refused }) =>
      tell({
        level: 'info',
        ...(replyCode === undefined ? { name: 'service.dropped' } : { name: 'service.refused', replyCode }),
        ...refused,
      }),
  });
}

function eventOfStore(trouble: StoreTrouble): ServerEvent {
  switch (trouble.kind) {
    case 'failed': {
      const { code, message } = trouble.error;
      return { level: 'error', name: 'store.failed', operation: trouble.operation, code, text: message };
    }
    case 'recovered':
      return { level: 'warn', name: 'store.recovered', failures: trouble.failures, ms: trouble.ms };
  }
}

/** What its edges need too. Rejects with StoreError. */
export async function authenticationOf(options: Omit<ServerOptions, 'listen'>): Promise<Authentication> {
  const { requireTls = true, mechanisms = defaultMechanisms, iterations = defaultScramIterations } = options;
  const decoySecret = await options.store.secret();
  const { oauth, guest } = options;
  return { requireTls, mechanisms, iterations, decoySecret, oauth, guest };
}

/** What is known of passwords, and how many have authenticated. */
export interface CountingDesk extends PasswordDesk {
  figures(): readonly Figure[];
}

/** Asks the store. Attempts to try a password from one host take turns, whatever port they come from. */
export function deskOf(options: Omit<ServerOptions, 'listen'>): CountingDesk {
  const { store, iterations, clock = systemClock, failedAuthentications: free } = options;
  const { mechanisms = defaultMechanisms } = options;
  const attempts = new FailedAttempts({ clock, free });
  const passwords = new PasswordVerifier({
    find: (endpoint) => store.findCredentials(endpoint, 'SCRAM-SHA-256'),
    ...(iterations === undefined ? {} : { iterations }),
  });
  const outcomes = { succeeded: new Tally<string>(mechanisms), failed: new Tally<string>(mechanisms) };
  return {
    async findCredentials(authentication, mechanism) {
      await attempts.pause(canonical(authentication));
      return store.findCredentials(canonical(authentication), mechanism);
    },
    verifier: {
      async verify(authentication, password, remoteAddress) {
        await attempts.pause(canonical(authentication));
        return passwords.verify(canonical(authentication), password, hostOf(remoteAddress));
      },
    },
    admit: (remoteAddress) => attempts.admit(limitedAddress(remoteAddress)),
    outcome({ mechanism, succeeded, identity, remoteAddress }) {
      outcomes[succeeded ? 'succeeded' : 'failed'].add(mechanism);
      // What is no name is nobody's, and `answers` asks for it.
      const endpoint = identity === undefined ? undefined : identityOf(identity);
      if (!succeeded) attempts.failed(limitedAddress(remoteAddress), endpoint);
      else if (endpoint !== undefined) attempts.succeeded(parent(endpoint));
    },
    figures: () => [
      counter('apex_authentications_total', 'Authentications that have ended, by how.', [
        ...outcomes.succeeded.samples('mechanism', { outcome: 'succeeded' }),
        ...outcomes.failed.samples('mechanism', { outcome: 'failed' }),
      ]),
      counter(
        'apex_authentications_delayed_total',
        'Attempts that had to wait, or were refused, since too many had failed before.',
        attempts.delayed,
      ),
    ],
  };
}

/** What one process of a server tells: what is counted in it, and what its program adds. */
export async function processFigures(
  name: string,
  counted: readonly (readonly Figure[])[],
  own: FigureSource | undefined,
): Promise<readonly Figure[]> {
  return ofProcess(name, joined(...counted, (await own?.()) ?? []));
}

/** The process that decides about subjects, as figures name it. */
export const MAIN_PROCESS = 'main';

/** Whether the store answers: it is asked for the credentials of nobody. */
export function answers(desk: PasswordDesk): Promise<boolean> {
  return desk.findCredentials('', 'SCRAM-SHA-256').then(
    () => true,
    () => false,
  );
}

/** Names compare in canonical form; what is no name is looked up as it is, and not found. */
function canonical(authentication: string): string {
  return identityOf(authentication) ?? authentication;
}
