import {
  anonymousServer,
  type PasswordVerifier,
  type Profile,
  plainServer,
  type SessionFacts,
  saslProfile,
  tlsProfile,
} from '@apex/beep';
import { identityOf, parent } from '@apex/protocol';
import type { ServerEvent } from './server-event.ts';

export type MechanismName = 'PLAIN' | 'ANONYMOUS';

export interface ProfileOptions {
  readonly requireTls: boolean;
  /** Whether the listener has a certificate. */
  readonly hasTls: boolean;
  readonly mechanisms: readonly MechanismName[];
  readonly verifier: PasswordVerifier;
  readonly apex: (options: { available(facts: SessionFacts): boolean }) => Profile;
  readonly onEvent: (event: ServerEvent) => void;
}

/** What the sessions of a server offer, in the order of the greeting. */
export function profilesOf(options: ProfileOptions): readonly Profile[] {
  const { requireTls, hasTls, verifier, onEvent } = options;
  // 3080 §9, §9 rule 1, B12
  const available = (facts: SessionFacts): boolean => !requireTls || facts.secured;
  const offered = {
    PLAIN: () => plainServer({ verifier, authorize, requireSecured: requireTls }),
    ANONYMOUS: anonymousServer,
  };
  const profiles = options.mechanisms.map((name): Profile => {
    const profile = saslProfile(offered[name](), {
      report: (error) => onEvent({ level: 'error', name: 'sasl.failed', text: String(error) }),
    });
    return { ...profile, available };
  });
  return [...(hasTls ? [tlsProfile()] : []), ...profiles, options.apex({ available })];
}

/** 3340 §4.5.1: the identity function; a subaddress acts for its endpoint. Names compare in canonical form. */
function authorize(requested: string | undefined, authentication: string): string | undefined {
  const identity = identityOf(authentication);
  if (identity === undefined) return undefined;
  if (requested === undefined) return identity;
  const wanted = identityOf(requested);
  return wanted !== undefined && (wanted === identity || parent(wanted) === identity) ? wanted : undefined;
}
