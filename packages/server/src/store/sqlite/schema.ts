import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';

/**
 * The file format of what RFC 3343 §4 and RFC 3341 §4 ask to be in persistent storage.
 * `application_id` says that a file is ours, `user_version` counts the migrations that it has been
 * through. A published migration is never edited: a change is one more at the end.
 */
export const APPLICATION_ID = 0x41504558; // 'APEX'

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE endpoint (
    endpoint   TEXT PRIMARY KEY,
    code_units BLOB NOT NULL UNIQUE, -- the name as UTF-16BE: in byte order this is code unit order
    created_at INTEGER               -- null while removed
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE credentials (
    endpoint   TEXT PRIMARY KEY,
    mechanism  TEXT NOT NULL,
    salt       BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE presence (
    endpoint       TEXT PRIMARY KEY,
    last_update    INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    publisher_info TEXT NOT NULL,
    tuples_xml     TEXT NOT NULL
  ) STRICT;

  CREATE TABLE operation (
    id               INTEGER PRIMARY KEY,
    subject          TEXT NOT NULL,
    kind             TEXT NOT NULL,
    originator       TEXT NOT NULL,
    trans_id         INTEGER NOT NULL,
    duration_seconds INTEGER NOT NULL,
    deadline         INTEGER NOT NULL,
    UNIQUE (originator, trans_id),
    UNIQUE (subject, kind, originator)
  ) STRICT;

  CREATE TABLE access (
    owner          TEXT NOT NULL,
    actor          TEXT NOT NULL,
    owner_endpoint TEXT NOT NULL, -- the owner without its subaddress
    actions        TEXT,          -- a JSON array; null for an entry that was removed
    last_update    INTEGER NOT NULL,
    PRIMARY KEY (owner, actor)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX access_by_owner_endpoint ON access (owner_endpoint);
  CREATE INDEX access_by_actor ON access (actor) WHERE actions IS NOT NULL;
  `,
  // RFC 3342 §3: data that waits for its recipient.
  `
  CREATE TABLE held (
    id                 INTEGER PRIMARY KEY,
    recipient          TEXT NOT NULL,
    recipient_endpoint TEXT NOT NULL, -- the recipient without its subaddress
    arrived_at         INTEGER NOT NULL,
    deadline           INTEGER NOT NULL,
    payload            BLOB NOT NULL
  ) STRICT;
  CREATE INDEX held_by_recipient ON held (recipient);
  CREATE INDEX held_by_recipient_endpoint ON held (recipient_endpoint);
  `,
  // Credentials for more than one mechanism; what salt and server key are to SCRAM, DIGEST-MD5 has not.
  `
  ALTER TABLE credentials RENAME TO former_credentials;
  CREATE TABLE credentials (
    endpoint   TEXT NOT NULL,
    mechanism  TEXT NOT NULL,
    salt       BLOB,
    iterations INTEGER,
    stored_key BLOB NOT NULL,
    server_key BLOB,
    PRIMARY KEY (endpoint, mechanism)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO credentials SELECT endpoint, mechanism, salt, iterations, stored_key, server_key FROM former_credentials;
  DROP TABLE former_credentials;
  `,
  // What names without credentials are answered with has to look the same after a restart (B13).
  `
  CREATE TABLE secret (octets BLOB NOT NULL) STRICT;
  INSERT INTO secret VALUES (randomblob(32));
  `,
];

/** Result codes of SQLite, in the low octet of `errcode`. */
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/**
 * Makes an open database ready: refuses what is not ours, brings an older schema up to date.
 * Throws StoreError `store.foreign`, `store.newer`, `store.corrupt` or `store.failed`; the file is
 * not written to before it is known to be ours or empty.
 */
export function prepareDatabase(database: DatabaseSync, path: string): void {
  const version = requireOurs(database, path);
  requireIntact(database, path, 'quick_check');

  // 3343 §4, 3341 §4, P8: an acknowledged commit is on the disk, since each COMMIT syncs the
  // write-ahead log before it returns.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
  for (let next = version; next < MIGRATIONS.length; next++) {
    const finish = `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next + 1}`;
    database.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]}; ${finish}; COMMIT`);
  }
}

/** The version of its schema; 0 for an empty one. Throws StoreError `store.foreign` or `store.newer`. */
export function requireOurs(database: DatabaseSync, path: string): number {
  const applicationId = numberOf(database, 'PRAGMA application_id');
  const version = numberOf(database, 'PRAGMA user_version');
  const tables = numberOf(database, 'SELECT count(*) FROM sqlite_schema');
  // SQLite takes a file that is shorter than a page for empty, and would write over it.
  const short = numberOf(database, 'PRAGMA page_count') === 0 && statSync(path).size > 0;
  const empty = applicationId === 0 && version === 0 && tables === 0 && !short;
  if (applicationId !== APPLICATION_ID && !empty) throw foreign(path);
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'store.newer',
      `${path} was written by a newer version of this server (schema ${version}, this one knows up to ` +
        `${MIGRATIONS.length}): run that version, or restore a backup made before the upgrade`,
    );
  }
  return version;
}

/** Throws StoreError `store.corrupt`. `integrity_check` compares the indexes with their tables too, and takes longer. */
export function requireIntact(
  database: DatabaseSync,
  path: string,
  check: 'quick_check' | 'integrity_check',
): void {
  const [found] = database.prepare(`PRAGMA ${check}(1)`).all();
  if (found?.[check] !== 'ok') throw corrupt(path, String(found?.[check]));
}

/** What an error of node:sqlite means to us. */
export function storeErrorOf(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  switch (resultCodeOf(error)) {
    case SQLITE_NOTADB:
      return foreign(path);
    case SQLITE_CORRUPT:
      return corrupt(path, message);
    case SQLITE_BUSY:
      return new StoreError(
        'store.failed',
        `${path} is kept busy by another program (${message}): end it and try again`,
      );
    default:
      return new StoreError(
        'store.failed',
        `${path} could not be read or written: ${message}${hintOf(error)}`,
      );
  }
}

/** What to do about an error of SQLite or of the system, where that is known. */
function hintOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  const result = resultCodeOf(error);
  if (result === SQLITE_FULL || code === 'ENOSPC' || code === 'EDQUOT') return '; make room on its disk';
  if (result === SQLITE_READONLY || code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return '; the server needs the right to write there';
  }
  return '';
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === SQLITE_BUSY;
}

function resultCodeOf(error: unknown): number {
  return Number((error as { errcode?: unknown } | undefined)?.errcode) & 0xff;
}

function foreign(path: string): StoreError {
  return new StoreError(
    'store.foreign',
    `${path} is not a database of this server: name another data folder, or move the file away`,
  );
}

function corrupt(path: string, detail: string): StoreError {
  return new StoreError('store.corrupt', `${path} is damaged (${detail}): restore a backup`);
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}
