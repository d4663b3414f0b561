import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { StoreError, type StoreErrorCode } from '../errors.ts';
import { databasePath } from './data-dir.ts';
import { storeErrorOf } from './schema.ts';

/** How often it is looked how much has been written, in milliseconds. */
const LOOK_MS = 200;

/**
 * Writes all that the store of a data folder holds to a new file, a database that a data folder can have in its place.
 * The store may be open and be written to meanwhile: the copy has all that was committed before this call, and of
 * what is committed later all up to some commit. `report` is told how many octets are written, and about how
 * many there will be.
 *
 * The file has mode 0600. It is neither synced nor does it appear whole: give it a temporary name. Rejects with
 * StoreError `store.missing`, `store.corrupt` or `store.failed`.
 */
export async function backupDataDir(
  dataDir: string,
  target: string,
  report: (done: number, total: number) => void = () => {},
): Promise<void> {
  const path = databasePath(dataDir);
  if (!existsSync(path))
    throw new StoreError('store.missing', `there is no database in ${dataDir}: nothing to back up`);
  try {
    const handle = await open(target, 'wx', 0o600);
    await handle.close();
  } catch (error) {
    throw storeErrorOf(error, target);
  }
  const total = sizeOf(path);
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const { size } = await stat(target);
    report(Math.min(size, total), total);
    isLooking = false;
  };
  // A file that cannot be looked at is of the worker's concern.
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
  try {
    report(0, total);
    await copied(path, target);
  } finally {
    clearInterval(timer);
  }
}

function copied(path: string, target: string): Promise<void> {
  // Sources run as they are where types are stripped; dist holds JavaScript.
  const source = import.meta.url.endsWith('.ts');
  const worker = new Worker(new URL(source ? './backup-worker.ts' : './backup-worker.js', import.meta.url), {
    name: 'apex-backup',
    workerData: { path, target },
    ...(source && !process.features.typescript && { execArgv: ['--experimental-strip-types'] }),
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (failure: { code: StoreErrorCode; message: string } | undefined) => {
      if (failure === undefined) resolve();
      else reject(new StoreError(failure.code, failure.message));
    });
    worker.once('error', (cause) => reject(storeErrorOf(cause, target)));
    worker.once('exit', () => reject(new StoreError('store.failed', `${target} was not written to its end`)));
  });
}

/** What the copy may have: pages that are free are left out. */
function sizeOf(path: string): number {
  try {
    const connection = new DatabaseSync(path);
    try {
      const number = (pragma: string): number =>
        Number(Object.values(connection.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
      return (number('page_count') - number('freelist_count')) * number('page_size');
    } finally {
      connection.close();
    }
  } catch (error) {
    throw storeErrorOf(error, path);
  }
}
