export { ApexClient, attachOver, type ClientEnd, type ClientOptions, type Credentials } from './client.ts';
export { ApexError, type ApexErrorCode } from './errors.ts';
export type { PresenceEntry, PresenceUpdate, TupleUpdate } from './presence/entry.ts';
export type { OperationEnd } from './presence/operation-end.ts';
export type {
  DurationOptions,
  OperationReference,
  Presence,
  PublishChange,
  PublishOptions,
} from './presence/presence.ts';
export type { Subscription } from './presence/subscription.ts';
export type { Notification, Watch } from './presence/watch.ts';
