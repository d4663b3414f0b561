import type { SessionHandle } from '../session/profile.ts';

/**
 * B17: in a session there is one tuning exchange at a time (transport security or user
 * authentication, RFC 3080 §2 and §4), whatever its profile.
 */
const inProgress = new WeakSet<SessionHandle>();

/**
 * Begins a tuning exchange and returns what ends it; undefined when one is in progress (the start is
 * then refused with 550).
 */
export function beginTuning(session: SessionHandle): (() => void) | undefined {
  if (inProgress.has(session)) return undefined;
  inProgress.add(session);
  let ended = false;
  return () => {
    if (!ended) inProgress.delete(session);
    ended = true;
  };
}
