import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';

/** JSON lines on standard error. Passwords, blobs and content never reach it. */
export function createLog(level: Config['log']['level']): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}
