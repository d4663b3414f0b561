import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, open, rename, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';
import { databasePath } from './data-dir.ts';
import { storeErrorOf } from './schema.ts';
import { type DatabaseContents, verifyDatabase } from './verify.ts';

/**
 * Makes a backup the database of a data folder that has none. What is verified is the copy, before it gets its name:
 * there is a whole database or none, whenever the process ends. For a folder whose lock the caller has.
 *
 * Rejects with StoreError `store.exists`, `store.domain` when it is of none of these domains, and as `verifyDatabase`.
 */
export async function restoreDataDir(
  file: string,
  dataDir: string,
  domains: readonly string[],
): Promise<DatabaseContents> {
  const path = databasePath(dataDir);
  // A log of another database would be applied to this one.
  const present = ['', '-wal', '-shm', '-journal']
    .map((end) => `${path}${end}`)
    .find((each) => existsSync(each));
  if (present !== undefined) {
    throw new StoreError(
      'store.exists',
      `${present} is there already: move it away, or name another data folder`,
    );
  }
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await copyFile(file, temporary, constants.COPYFILE_EXCL);
    await chmod(temporary, 0o600);
    const contents = verifyDatabase(temporary);
    requireDomain(temporary, domains);
    await sync(temporary);
    await rename(temporary, path);
    if (process.platform !== 'win32') await sync(dataDir); // folders cannot be synced there
    return contents;
  } catch (error) {
    const { code, message } = storeErrorOf(error, file);
    throw new StoreError(code, message.replaceAll(temporary, file), { cause: error });
  } finally {
    for (const end of ['', '-wal', '-shm']) await rm(`${temporary}${end}`, { force: true });
  }
}

/** Each domain has its services. */
function requireDomain(path: string, domains: readonly string[]): void {
  const connection = new DatabaseSync(path, { readOnly: true });
  try {
    const service = connection.prepare('SELECT 1 FROM endpoint WHERE endpoint = ?');
    if (domains.some((domain) => service.get(`apex=presence@${domain}`) !== undefined)) return;
  } finally {
    connection.close();
  }
  throw new StoreError(
    'store.domain',
    `${path} is no backup of the domain ${domains.join(', ')}: take the configuration of its own`,
  );
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
