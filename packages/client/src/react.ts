export { useConnection } from './react/connection.ts';
export type { LiveState } from './react/live-state.ts';
export { usePerson } from './react/person.ts';
export { type PresenceState, usePresence } from './react/presence.ts';
export { ApexProvider, type ApexProviderProps, useApex } from './react/provider.ts';
export { type Publishing, type PublishState, usePublish } from './react/publish.ts';
export { type Subscriber, useWatchers, type WatchersState } from './react/watchers.ts';
