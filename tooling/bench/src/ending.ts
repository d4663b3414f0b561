import { setTimeout as sleep } from 'node:timers/promises';

/** How long an interruption may be on its way here, in milliseconds. */
const ON_ITS_WAY_MS = 100;

/**
 * Says in one line why it ends before its time; resolves with the exit code, 130 when it was interrupted, else 1.
 * A terminal interrupts the processes that this one has started as well: that one of them has ended may be known
 * here before the reason is.
 */
export async function endingOf(failure: Error, signal: AbortSignal): Promise<number> {
  if (!signal.aborted) await sleep(ON_ITS_WAY_MS);
  process.stderr.write(`bench: ${signal.aborted ? 'interrupted' : failure.message}\n`);
  return signal.aborted ? 130 : 1;
}
