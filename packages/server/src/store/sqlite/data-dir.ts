import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';
import { isBusy, storeErrorOf } from './schema.ts';

/** The database of a data folder. */
export function databasePath(dataDir: string): string {
  return join(dataDir, 'apex.db');
}

/** A data folder that this process alone uses. */
export interface DataDirLock {
  readonly dataDir: string;
  /** Gives the folder back. Calling it again does nothing. */
  release(): Promise<void>;
}

/**
 * Takes a data folder for this process, until `release` or its end, however it ends: the lock is
 * SQLite's own lock on the empty database `apex.lock`, which the kernel drops with its process, so
 * that a kill leaves nothing to clean up. `apex.pid` only tells who holds it.
 *
 * Creates the folder (mode 0700) when missing. Rejects with StoreError `store.locked` when another
 * process, or this one, holds the folder; `store.failed` when the folder cannot be used.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const lockPath = join(dataDir, 'apex.lock');
  const holderPath = join(dataDir, 'apex.pid');
  createFile(lockPath);
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(lockPath);
    connection.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    writeFileSync(holderPath, `${process.pid} ${new Date().toISOString()}\n`, { mode: 0o600 });
  } catch (error) {
    connection?.close();
    if (!isBusy(error)) throw storeErrorOf(error, lockPath);
    throw new StoreError(
      'store.locked',
      `the data folder ${dataDir} is in use by ${holderOf(holderPath)}: stop that server, or name another data folder`,
    );
  }
  let held: DatabaseSync | undefined = connection;
  return {
    dataDir,
    async release() {
      if (held === undefined) return;
      rmSync(holderPath, { force: true }); // before another process can write its own
      held.close();
      held = undefined;
    },
  };
}

/**
 * Creates an empty file of mode 0600, and its folder of mode 0700, when there is none; the entry in
 * the folder is synced. Throws StoreError `store.failed`.
 */
export function createFile(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'ax', 0o600));
    syncFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storeErrorOf(error, path);
  }
}

/** Makes the entries of a folder durable. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // folders cannot be synced there
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function holderOf(holderPath: string): string {
  let holder: string[] = [];
  try {
    holder = readFileSync(holderPath, 'utf8').trim().split(' ');
  } catch {
    // The holder has not written it yet.
  }
  const [pid, since] = holder;
  return pid === undefined || since === undefined ? 'another process' : `process ${pid} (since ${since})`;
}
