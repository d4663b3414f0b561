import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';

/** Files and connections of a process beside those of sessions: its store, its log, administration, refusals. */
const OTHERS = 256;

/**
 * How many connections so many processes may hold: what is configured, or what the system leaves it. A connection for which
 * there is no file descriptor is closed by the runtime without a word to anybody; one that is too many is refused with
 * 421, and logged.
 */
export function connectionsWithin(wanted: number, processes: number, log: Logger): number {
  const openFiles = openFilesLimit();
  const most = processes * Math.max(1, openFiles - OTHERS);
  if (wanted <= most) return wanted;
  // A few less than were asked for are no news.
  if (wanted <= processes * openFiles) return most;
  log.warn({
    event: 'open-files.few',
    openFiles,
    connections: most,
    text: `a process may open ${openFiles} files, too few for limits.connections (${wanted}): raise that (ulimit -n, LimitNOFILE), or lower limits.connections`,
  });
  return most;
}

/** Infinity where the system does not tell. */
function openFilesLimit(): number {
  try {
    const soft = /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return Number(soft ?? Infinity);
  } catch {
    return Infinity; // no Linux
  }
}
