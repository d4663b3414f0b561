import { type Profile, type SessionFacts, saslProfile, tlsProfile } from '@apex/beep';
import { type ServerMechanismOptions, serverMechanisms } from './credentials/server-mechanisms.ts';
import type { ServerEvent } from './server-event.ts';

export interface ProfileOptions extends ServerMechanismOptions {
  /** Whether the listener has a certificate. */
  readonly hasTls: boolean;
  readonly apex: (options: { available(facts: SessionFacts): boolean }) => Profile;
  readonly onEvent: (event: ServerEvent) => void;
}

/**
 * What the sessions of a server offer, in the order of the greeting. Throws UsageError `server.mechanism` for a
 * mechanism that lacks what it needs.
 */
export function profilesOf(options: ProfileOptions): readonly Profile[] {
  const { requireTls, hasTls, onEvent } = options;
  // 3080 §9, §9 rule 1, B12
  const available = (facts: SessionFacts): boolean => !requireTls || facts.secured;
  const profiles = serverMechanisms(options).map((mechanism): Profile => {
    const profile = saslProfile(mechanism, {
      report: (error) => onEvent({ level: 'error', name: 'sasl.failed', text: String(error) }),
    });
    return { ...profile, available };
  });
  return [...(hasTls ? [tlsProfile()] : []), ...profiles, options.apex({ available })];
}
