import { existsSync } from 'node:fs';
import { type DatabaseContents, lockDataDir, restoreDataDir, verifyDataDir } from '@apex/server';
import { namesIn, readConfig } from '../config.ts';
import { AppError } from '../errors.ts';

/** `apexd restore`: a backup becomes the database of a data folder that has none. */
export async function restore(file: string, options: { readonly config: string }): Promise<void> {
  const { dataDir, domains } = readConfig(options.config);
  if (!existsSync(file)) throw new AppError('restore.read', `cannot read ${file}: there is no such file`);
  const lock = await lockDataDir(dataDir);
  try {
    const contents = await restoreDataDir(file, dataDir, namesIn(domains));
    process.stdout.write(`restored ${dataDir} from ${file}: ${described(contents)}\n`);
  } finally {
    await lock.release();
  }
}

/** `apexd check --data`: what the database of a server that does not run holds, and that it is intact. */
export async function checkData(dataDir: string): Promise<string> {
  // What is not there is not made.
  if (!existsSync(dataDir)) return `${dataDir}: no data yet`;
  const lock = await lockDataDir(dataDir);
  try {
    const contents = verifyDataDir(dataDir);
    return `${dataDir}: ${contents === undefined ? 'no data yet' : `intact; ${described(contents)}`}`;
  } finally {
    await lock.release();
  }
}

function described(contents: DatabaseContents): string {
  const { version, octets, endpoints, accessEntries, operations, heldMessages } = contents;
  const number = (value: number): string => value.toLocaleString('en');
  return [
    `schema ${version}`,
    `${number(octets)} octets`,
    `${number(endpoints)} endpoints`,
    `${number(accessEntries)} access entries`,
    `${number(operations)} operations in progress`,
    `${number(heldMessages)} held messages`,
  ].join(', ');
}
