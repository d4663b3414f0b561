import { realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backupDataDir } from '@apex/server';
import { wholeFile } from '../data/whole-file.ts';
import { AppError } from '../errors.ts';
import type { Report } from './progress.ts';

export interface Written {
  readonly octets: number;
  readonly ms: number;
}

/** Writes a backup of a data folder, which a server may use meanwhile. Throws AppError `backup.place`, `file.…`. */
export async function backup(
  dataDir: string,
  file: string,
  force: boolean,
  report: Report,
): Promise<Written> {
  const begun = performance.now();
  if (isIn(dataDir, file)) {
    throw new AppError(
      'backup.place',
      `${file} is in the data folder itself: name a file elsewhere, best on another disk`,
    );
  }
  await wholeFile(file, force, (temporary) =>
    backupDataDir(dataDir, temporary, (done, total) => report({ step: 'writing octets', done, total })),
  );
  const { size: octets } = await stat(file);
  return { octets, ms: Math.round(performance.now() - begun) };
}

/** Whether it would lie beside the database, where nothing may be written over. */
function isIn(dataDir: string, file: string): boolean {
  try {
    return realpathSync(dirname(file)) === realpathSync(dataDir);
  } catch {
    // A folder that is not there is told when the file is written.
    return false;
  }
}
