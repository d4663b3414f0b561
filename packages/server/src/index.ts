export { Administration, type PresenceView, type ReportProgress } from './administration.ts';
export { type Clock, systemClock } from './clock.ts';
export {
  createDomain,
  type Domain,
  type DomainCounters,
  type DomainLimits,
  type DomainOptions,
} from './create-domain.ts';
export { createEdge, type EdgeOptions } from './create-edge.ts';
export { type ApexOwner, createOwner, type Edge, type OwnerOptions } from './create-owner.ts';
export { type ApexServer, createServer, type ServerOptions } from './create-server.ts';
export { defaultMechanisms, type MechanismName } from './credentials/mechanism-names.ts';
export { PasswordVerifier, type PasswordVerifierOptions } from './credentials/password-verifier.ts';
export {
  type DeriveOptions,
  defaultScramIterations,
  deriveCredentials,
  verifyPassword,
} from './credentials/scram.ts';
export { type TokenVerifierOptions, tokenVerifier } from './credentials/token-verifier.ts';
export type { Drained, DrainOptions, DrainProgress } from './drain.ts';
export { EdgeError } from './edge/edge-connection.ts';
export type { EdgeSettings, FromEdge, ToEdge } from './edge/messages.ts';
export type { Pipe, PipeHandlers } from './edge/pipe.ts';
export type {
  AccessEntryView,
  EntriesPage,
  ImportedEntry,
  ImportResult,
  PresenceEntryView,
  SubjectEntries,
} from './entries.ts';
export type { Figure, FigureSource, Sample } from './figures/figure.ts';
export type { HttpOptions, HttpSettings } from './http/http-listener.ts';
export { originOf } from './http/origin.ts';
export type { Route, RouteContext } from './http/router.ts';
export { type ListenAddress, ListenError, type ServerCredentials } from './listener.ts';
export type { PeerRelayView } from './mesh/mesh.ts';
export type { MeshCounters } from './mesh/peer-relay.ts';
export type { MeshPeer } from './mesh/peers.ts';
export { MESH_PORT } from './mesh/port-number.ts';
export type { MeshSettings } from './mesh/settings.ts';
export type { WaitingLimits } from './mesh/waiting-data.ts';
export type { MeshView } from './open-mesh.ts';
export type { AttachmentView, OperationView, Oversight, Reason, SessionView } from './oversight.ts';
export type { MeshPort, OnwardData } from './relay/mesh-port.ts';
export type {
  BeginProcess,
  Hop,
  OptionContext,
  OptionProcess,
  Passage,
  RelayOption,
} from './relay/options/option.ts';
export type { AccessVerdict, ServiceData } from './relay/ports.ts';
export { relayProfile } from './relay/relay-profile.ts';
export type { ServerEvent } from './server-event.ts';
export type {
  OwnServiceData,
  ServiceContext,
  ServiceDefinition,
  ServiceMessage,
  ServiceReceiver,
} from './services/own-service.ts';
export type { SessionLimits } from './session-limits.ts';
export { StoreError, type StoreErrorCode } from './store/errors.ts';
export { MemoryStore } from './store/memory/memory-store.ts';
export type {
  AccessRecord,
  CredentialMechanism,
  Credentials,
  CredentialsOf,
  DigestCredentials,
  HeldRecord,
  OperationRecord,
  PresenceRecord,
  ScramCredentials,
  Store,
  StoreWrite,
  SubjectRecords,
} from './store/ports.ts';
export { backupDataDir } from './store/sqlite/backup.ts';
export { type DataDirLock, lockDataDir } from './store/sqlite/data-dir.ts';
export { restoreDataDir } from './store/sqlite/restore.ts';
export { openSqliteStore, type SqliteStoreOptions } from './store/sqlite/sqlite-store.ts';
export { type DatabaseContents, verifyDataDir } from './store/sqlite/verify.ts';
export type { AccessDefault } from './subject/administration.ts';
export type { ImportOutcome } from './subject/input.ts';
export type { Span, SpanAttributes, SpanRefusal, Tracing } from './tracing.ts';
