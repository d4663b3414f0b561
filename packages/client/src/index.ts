export { type Access, ALLOWED, type OwnerOptions, type SetOptions } from './access/access.ts';
export type { AccessChanges, AccessEntry } from './access/changes.ts';
export type { AttachmentOptions, Security } from './attachment.ts';
export type { BackoffOptions, Random } from './backoff.ts';
export { ApexClient, type ClientOptions } from './client.ts';
export type { Clock } from './clock.ts';
export { attachOver, connectWith, type Dial, type DialOptions } from './connect.ts';
export type { CredentialOptions, Credentials, PasswordMechanism } from './credentials.ts';
export { type Content, type Received, type ReceivedContent, textOf } from './data/content.ts';
export type { Incoming, IncomingLimits } from './data/incoming.ts';
export type { SendOptions } from './data/sending.ts';
export type { OutcomeOptions, Sent, StatusReport } from './data/sent.ts';
export { ApexError, type ApexErrorCode } from './errors.ts';
export type { ClientEnd, ClientEvent, ClientListener, ConnectionState } from './events.ts';
export type { OperationEnd } from './operation-end.ts';
export {
  availableTuples,
  nextLapseMs,
  type Person,
  personOf,
  tuplesWith,
} from './presence/availability.ts';
export type { PresenceEntry, PresenceUpdate, TupleUpdate } from './presence/entry.ts';
export type {
  DurationOptions,
  OperationReference,
  Presence,
  PublishOptions,
  Resumption,
  WaitOptions,
} from './presence/presence.ts';
export type { PublishChange } from './presence/publishing.ts';
export type { Subscription } from './presence/subscription.ts';
export type { SubscribeOutcome, SubscriptionChange, Subscriptions } from './presence/subscriptions.ts';
export type { Notification, Watch } from './presence/watch.ts';
export type { ReconnectOptions } from './reconnection.ts';
