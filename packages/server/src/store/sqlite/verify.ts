import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';
import { databasePath } from './data-dir.ts';
import { requireIntact, requireOurs, storeErrorOf } from './schema.ts';

/** What a database holds. */
export interface DatabaseContents {
  /** Of its schema; an older one is brought up to date when a server opens it. */
  readonly version: number;
  readonly octets: number;
  /** Without services. */
  readonly endpoints: number;
  readonly accessEntries: number;
  readonly operations: number;
  readonly heldMessages: number;
}

/**
 * Reads the whole database of a data folder and checks that it is intact, without writing to it; undefined when there is
 * none. For a folder whose lock the caller has. Throws StoreError as `verifyDatabase`.
 */
export function verifyDataDir(dataDir: string): DatabaseContents | undefined {
  const path = databasePath(dataDir);
  return existsSync(path) ? verifyDatabase(path) : undefined;
}

/** Throws StoreError `store.foreign`, `store.newer`, `store.corrupt` or `store.failed`. */
export function verifyDatabase(path: string): DatabaseContents {
  try {
    const connection = new DatabaseSync(path, { readOnly: true });
    try {
      const version = requireOurs(connection, path);
      if (version === 0)
        throw new StoreError('store.foreign', `${path} is empty: no database of this server`);
      requireIntact(connection, path, 'integrity_check');
      const number = (sql: string): number => Number(Object.values(connection.prepare(sql).get() ?? {})[0]);
      const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      const has = (table: string): boolean => tables.some(({ name }) => name === table);
      return {
        version,
        octets: number('PRAGMA page_count') * number('PRAGMA page_size'),
        endpoints: number(
          `SELECT count(*) FROM endpoint WHERE created_at IS NOT NULL AND endpoint NOT LIKE 'apex=%'`,
        ),
        accessEntries: number('SELECT count(*) FROM access WHERE actions IS NOT NULL'),
        operations: number('SELECT count(*) FROM operation'),
        // Schema 1 has none.
        heldMessages: has('held') ? number('SELECT count(*) FROM held') : 0,
      };
    } finally {
      connection.close();
    }
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}
