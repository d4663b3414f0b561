import type { SessionFacts } from './facts.ts';
import type { Profile } from './profile.ts';

/** The profiles of a session: few, and often shared by many sessions. Availability is asked each time. */
export function offeredProfiles(profiles: readonly Profile[], facts: SessionFacts): string[] {
  return profiles
    .filter((profile) => isAvailable(profile, facts) && (profile.offered?.(facts) ?? true))
    .map(({ uri }) => uri);
}

export function findProfile(
  profiles: readonly Profile[],
  uri: string,
  facts: SessionFacts,
): Profile | undefined {
  return profiles.find((profile) => profile.uri === uri && isAvailable(profile, facts));
}

function isAvailable(profile: Profile, facts: SessionFacts): boolean {
  return profile.available?.(facts) ?? true;
}
