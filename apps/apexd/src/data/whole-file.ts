import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../errors.ts';

/**
 * Lets `write` make a file under a temporary name beside it, syncs it, and gives it its name: under that name it is
 * complete or absent, whenever the process ends. Throws AppError `file.exists` unless `force`, or `file.write`.
 */
export async function wholeFile<T>(
  path: string,
  force: boolean,
  write: (temporary: string) => Promise<T>,
): Promise<T> {
  refuseExisting(path, force);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const result = await write(temporary);
    await sync(temporary);
    // Who else has made one meanwhile keeps it.
    refuseExisting(path, force);
    await rename(temporary, path);
    await sync(dirname(path));
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new AppError('file.write', `cannot write ${path}: ${(error as Error).message}`, 1, {
      cause: error,
    });
  }
}

export function refuseExisting(path: string, force: boolean): void {
  if (!force && existsSync(path))
    throw new AppError('file.exists', `${path} is there already: name another file, or add --force`);
}

async function sync(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be synced there
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
