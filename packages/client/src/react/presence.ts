import type { PresenceEntry } from '../presence/entry.ts';
import type { LiveState } from './live-state.ts';
import { sharedByClient } from './shared-operations.ts';
import { useShared } from './use-shared.ts';

/** A publisher's entry, as a subscription brings it. */
export type PresenceState = LiveState<{ readonly entry: PresenceEntry }>;

const subscriptions = sharedByClient({
  async begin(client, publisher, options) {
    const subscription = await client.presence.subscribe(publisher, options);
    return { operation: subscription, held: { entry: subscription.current } };
  },
  next: (held, entry: PresenceEntry) => (held.entry === entry ? held : { entry }),
});

/**
 * The entry of a publisher, subscribed to while a component shows it (RFC 3343 §4.2); default: the endpoint of the
 * client without its subaddress. Components that name the same publisher share one subscription.
 */
export function usePresence(publisher?: string): PresenceState {
  return useShared(subscriptions, publisher);
}
