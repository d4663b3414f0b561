import { readFileSync } from 'node:fs';
import type { ServerCredentials } from '@apex/server';
import type { Config } from './config.ts';
import { AppError } from './errors.ts';

/**
 * What the files of `tls` hold; undefined without them. Throws AppError `tls.read`, whose message names the key and
 * the file.
 */
export function readTlsFiles({ tls }: Pick<Config, 'tls'>): ServerCredentials | undefined {
  if (tls === undefined) return undefined;
  const read = (key: 'cert' | 'key' | 'ca', path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const { message } = error as Error;
      throw new AppError('tls.read', `tls.${key}: cannot read ${path}: ${message}`, 1, { cause: error });
    }
  };
  return {
    cert: read('cert', tls.cert),
    key: read('key', tls.key),
    ...(tls.ca === undefined ? {} : { ca: read('ca', tls.ca) }),
  };
}
