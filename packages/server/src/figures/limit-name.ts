/**
 * The limits of which is counted how often they were met. Where apexd has a key for it, it is that of its
 * configuration (docs/guides/configuration.md). `rate`: messagesPerSecond or octetsPerSecond of a session, which
 * slows it. `backlog`: inputs that wait for the store.
 */
export const sessionLimitNames = [
  'connections',
  'connectionsPerAddress',
  'rate',
  'messageOctets',
  'sessionOctets',
  'authenticationSeconds',
  'attachSeconds',
  'idleSeconds',
] as const;

export const relayLimitNames = [
  'attachmentsPerSession',
  'guests',
  'unsentOctets',
  'deliverySeconds',
  'heldMessagesPerEndpoint',
  'heldOctetsPerEndpoint',
] as const;

export const subjectLimitNames = [
  'tuplesPerEntry',
  'capabilityOctets',
  'publishesPerSecond',
  'operationsPerOriginator',
  'operationsPerGuest',
  'subscribersPerPublisher',
  'accessEntriesPerEndpoint',
  'backlog',
] as const;

export type SessionLimitName = (typeof sessionLimitNames)[number];
export type RelayLimitName = (typeof relayLimitNames)[number];
export type SubjectLimitName = (typeof subjectLimitNames)[number];
