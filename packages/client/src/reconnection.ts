import type { Attachment } from './attachment.ts';
import type { Backoff, BackoffOptions } from './backoff.ts';
import type { Clock } from './clock.ts';
import { type ApexError, applicationError, isTransient } from './errors.ts';
import { unlessAborted } from './in-time.ts';

export interface ReconnectOptions extends BackoffOptions {
  /**
   * Whether the first connection is tried for again and again, too, until the signal is aborted; default false:
   * `connect` rejects when it fails. A refusal that will not change, such as a wrong password, rejects in any case.
   */
  readonly fromStart?: boolean;
  /**
   * When the server has said nothing for so long, it is made to, in milliseconds; the session counts as lost when that
   * takes as long again. A connection that broke silently is noticed by nothing else. Default 60,000; 0: never.
   */
  readonly probeMs?: number;
}

/** What the attempts need of their client. */
export interface Attempts {
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** One attempt. Rejects with ApexError. */
  attach(): Promise<Attachment>;
  /** The next attempt comes after `delayMs`. */
  retrying(attempt: number, delayMs: number, error: ApexError): void;
}

/**
 * Tries until it is attached; `done` is how many attempts in a row have been made before. Rejects with the ApexError
 * of an attempt when another one would end no better, and with the reason of the signal.
 */
export async function reattach(
  { clock, backoff, attach, retrying }: Attempts,
  cause: ApexError,
  done: number,
  signal: AbortSignal,
): Promise<{ readonly attachment: Attachment; readonly attempts: number }> {
  let error = cause;
  for (let attempt = done + 1; ; attempt += 1) {
    const delayMs = backoff.delayMs(attempt);
    retrying(attempt, delayMs, error);
    await pause(clock, delayMs, signal);
    try {
      return { attachment: await attach(), attempts: attempt };
    } catch (failure) {
      if (signal.aborted) throw signal.reason;
      error = applicationError('attach', failure);
      if (!mayPass(error)) throw error;
    }
  }
}

/** Whether the same may succeed later. */
export function mayPass({ code, replyCode }: ApexError): boolean {
  switch (code) {
    case 'client.lost':
    case 'client.timeout':
      return true;
    case 'client.refused':
      return isTransient(replyCode);
    default:
      return false;
  }
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const stop = clock.after(ms, over.resolve);
  try {
    await unlessAborted(over.promise, signal);
  } finally {
    stop();
  }
}
