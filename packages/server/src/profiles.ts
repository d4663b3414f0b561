import { type Profile, type SessionFacts, saslProfile, tlsProfile } from '@apex/beep';
import { type Clock, systemClock } from './clock.ts';
import { type AuthenticationOutcome, observed } from './credentials/observed.ts';
import { type ServerMechanismOptions, serverMechanisms } from './credentials/server-mechanisms.ts';
import { eventValve } from './event-valve.ts';
import type { ServerEvent } from './server-event.ts';
import type { Tracing } from './tracing.ts';

export interface ProfileOptions extends ServerMechanismOptions {
  /** Whether the listener has a certificate. */
  readonly hasTls: boolean;
  readonly apex: (options: { available(facts: SessionFacts): boolean }) => Profile;
  readonly tracing?: Tracing | undefined;
  readonly onEvent: (event: ServerEvent) => void;
  readonly clock?: Clock | undefined;
}

/** A name that is longer says nothing more. */
const NAME_CHARACTERS = 200;

/**
 * What the sessions of a server offer, in the order of the greeting. Throws UsageError `server.mechanism` for a
 * mechanism that lacks what it needs.
 */
export function profilesOf(options: ProfileOptions): readonly Profile[] {
  const { requireTls, hasTls, desk, onEvent, clock = systemClock } = options;
  const tellFailure = eventValve(onEvent, clock);
  const observer = {
    admit: (remoteAddress: string) => desk.admit(remoteAddress),
    outcome(outcome: AuthenticationOutcome) {
      desk.outcome(outcome);
      (outcome.succeeded ? onEvent : tellFailure)(eventOf(outcome));
    },
  };
  // 3080 §9, §9 rule 1, B12
  const available = (facts: SessionFacts): boolean => !requireTls || facts.secured;
  const profiles = serverMechanisms(options).map((mechanism): Profile => {
    const profile = saslProfile(observed(mechanism, observer, options.tracing), {
      report: (error) => onEvent({ level: 'error', name: 'sasl.failed', text: String(error) }),
    });
    return { ...profile, available };
  });
  return [...(hasTls ? [tlsProfile()] : []), ...profiles, options.apex({ available })];
}

/** The audit line of an authentication. */
function eventOf({ succeeded, mechanism, identity, remoteAddress }: AuthenticationOutcome): ServerEvent {
  return {
    level: succeeded ? 'info' : 'warn',
    name: succeeded ? 'auth.succeeded' : 'auth.failed',
    mechanism,
    ...(identity === undefined ? {} : { identity: identity.slice(0, NAME_CHARACTERS) }),
    remote: remoteAddress,
  };
}
