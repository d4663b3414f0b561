export { PasswordVerifier, type PasswordVerifierOptions } from './credentials/password-verifier.ts';
export {
  type DeriveOptions,
  defaultScramIterations,
  deriveCredentials,
  verifyPassword,
} from './credentials/scram.ts';
export { StoreError, type StoreErrorCode } from './store/errors.ts';
export { MemoryStore } from './store/memory/memory-store.ts';
export type {
  AccessRecord,
  OperationRecord,
  PresenceRecord,
  ScramCredentials,
  Store,
  StoreWrite,
  SubjectRecords,
} from './store/ports.ts';
export { type DataDirLock, lockDataDir } from './store/sqlite/data-dir.ts';
export { openSqliteStore, type SqliteStoreOptions } from './store/sqlite/sqlite-store.ts';
