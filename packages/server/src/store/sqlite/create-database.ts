import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';
import { createFile, syncFolder } from './data-dir.ts';
import { APPLICATION_ID, storeErrorOf } from './schema.ts';

/**
 * Makes a database of ours without a schema where there is no file. Under its name it is whole or absent, whenever the
 * process is killed: an empty file of that name has lost what it held. Throws StoreError `store.corrupt` for that, and
 * for the log of a database that is gone; `store.failed`.
 */
export function createDatabase(path: string): void {
  if (existsSync(path)) {
    const found = statSync(path);
    if (!found.isFile() || found.size > 0) return;
    throw new StoreError(
      'store.corrupt',
      `${path} is empty: restore a backup, or remove the file if this server has no data yet`,
    );
  }
  const log = `${path}-wal`;
  if (existsSync(log) && statSync(log).size > 0) {
    throw new StoreError(
      'store.corrupt',
      `${path} is missing, and its log ${log} is there: put the database back, or move the log away and restore a backup`,
    );
  }
  const part = `${path}.new`;
  try {
    rmSync(part, { force: true });
    createFile(part);
    const connection = new DatabaseSync(part);
    try {
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    } finally {
      connection.close();
    }
    renameSync(part, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}
