import { isDeepStrictEqual } from 'node:util';
import type { ApexServer } from '@apex/server';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config.ts';
import { readTlsFiles, warnOfExpired } from './tls-files.ts';

/**
 * Reads the configuration of a running server again. The log level and the files of `tls` take effect at once; of all else
 * that has changed the log says that it waits for a restart. A configuration that is not valid changes
 * nothing. Returns what is in effect.
 */
export function reloadConfig(path: string, current: Config, server: ApexServer, log: Logger): Config {
  let next: Config;
  try {
    next = readConfig(path);
  } catch (error) {
    log.error({ event: 'reload.failed', error: (error as Error).message });
    return current;
  }
  log.level = next.log.level;
  log.info({ event: 'reloaded', level: next.log.level });
  let { tls } = current;
  try {
    // Also when its files have the names that they had: that is what a renewed certificate looks like.
    const credentials = readTlsFiles(next);
    if (credentials !== undefined && current.tls !== undefined) {
      server.reloadTls(credentials);
      tls = next.tls;
      log.info({ event: 'reloaded.tls' });
      warnOfExpired(credentials, log);
    }
  } catch (error) {
    log.error({ event: 'reload.failed', error: (error as Error).message });
    return { ...current, log: next.log };
  }
  const effective: Config = { ...current, log: next.log, tls };
  const waiting = keysOf(next).filter((key) => !isDeepStrictEqual(next[key], effective[key]));
  if (waiting.length > 0) log.warn({ event: 'reload.restart', keys: waiting });
  return effective;
}

function keysOf(config: Config): readonly (keyof Config)[] {
  return Object.keys(config) as (keyof Config)[];
}
