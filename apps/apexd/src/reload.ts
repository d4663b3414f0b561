import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config.ts';

/**
 * Reads the configuration of a running server again. The log level takes effect at once; of all else
 * that has changed the log says that it waits for a restart. A configuration that is not valid changes
 * nothing. Returns what is in effect.
 */
export function reloadConfig(path: string, current: Config, log: Logger): Config {
  let next: Config;
  try {
    next = readConfig(path);
  } catch (error) {
    log.error({ event: 'reload.failed', error: (error as Error).message });
    return current;
  }
  log.level = next.log.level;
  log.info({ event: 'reloaded', level: next.log.level });
  const waiting = keysOf(next).filter((key) => key !== 'log' && !isDeepStrictEqual(next[key], current[key]));
  if (waiting.length > 0) log.warn({ event: 'reload.restart', keys: waiting });
  return { ...current, log: next.log };
}

function keysOf(config: Config): readonly (keyof Config)[] {
  return Object.keys(config) as (keyof Config)[];
}
