import { type Profile, type ServerMechanism, type SessionFacts, saslProfile, tlsProfile } from '@apex/beep';
import { type Clock, systemClock } from './clock.ts';
import { type AuthenticationOutcome, type MechanismObserver, observed } from './credentials/observed.ts';
import { type ServerMechanismOptions, serverMechanisms } from './credentials/server-mechanisms.ts';
import { eventValve } from './event-valve.ts';
import type { ServerEvent } from './server-event.ts';
import type { Tracing } from './tracing.ts';

export interface SessionProfileOptions {
  readonly mechanisms: readonly ServerMechanism[];
  /** Whether authentication and APEX are offered on protected sessions only (B12). */
  readonly requireTls: boolean;
  /** Lets attempts to authenticate begin, and is told how they end. */
  readonly desk: MechanismObserver;
  /** Whether the listener has a certificate. */
  readonly hasTls: boolean;
  readonly apex: (options: { available(facts: SessionFacts): boolean }) => Profile;
  readonly tracing?: Tracing | undefined;
  readonly onEvent: (event: ServerEvent) => void;
  readonly clock?: Clock | undefined;
}

export interface ProfileOptions
  extends ServerMechanismOptions,
    Omit<SessionProfileOptions, keyof ServerMechanismOptions> {}

/** A name that is longer says nothing more. */
const NAME_CHARACTERS = 200;

/**
 * What the sessions of endpoints offer, in the order of the greeting. Throws UsageError `server.mechanism` for a
 * mechanism that lacks what it needs.
 */
export function profilesOf(options: ProfileOptions): readonly Profile[] {
  return profilesWith({ ...options, mechanisms: serverMechanisms(options) });
}

/** What sessions offer in which peers authenticate by these mechanisms. */
export function profilesWith(options: SessionProfileOptions): readonly Profile[] {
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
  const profiles = options.mechanisms.map((mechanism): Profile => {
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
