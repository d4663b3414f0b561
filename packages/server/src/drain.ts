import { type Dismissal, dismiss } from './relay/dismiss.ts';
import type { Relay } from './relay/relay.ts';
import type { ServerEvent } from './server-event.ts';

/** How a server lets its peers go before it stops. */
export interface DrainOptions {
  /** How long those who are attached may go on with what they do, in milliseconds; less when all have left. */
  readonly graceMs: number;
  /** When it is aborted nobody is waited for any more: sessions end without a word, and what was decided is made durable. */
  readonly signal?: AbortSignal | undefined;
  /** Told about twenty times a second how far it is. */
  readonly onProgress?: ((progress: DrainProgress) => void) | undefined;
}

/** How far a drain is. */
export interface DrainProgress {
  /** `grace`: those who are attached go on; `terminating`: they are told to go; `releasing`: sessions end. */
  readonly step: 'grace' | 'terminating' | 'releasing';
  /** Endpoints that are attached now. */
  readonly attached: number;
  /** Open sessions. */
  readonly sessions: number;
}

/** What became of those who were attached and bound when a drain began. */
export interface Drained {
  readonly attached: number;
  /** Told to go, with `terminate` 421. */
  readonly terminated: number;
  /** Of these, those who have not answered in time. */
  readonly unanswered: number;
}

/** What is drained. */
export interface Drainable {
  readonly relay: Relay;
  readonly sessions: number;
  readonly onEvent: (event: ServerEvent) => void;
  /** Takes no more sessions, and releases those on which nobody has attached. */
  refuse(): void;
  /** Ends the sessions, at once when the signal is aborted, and resolves when all is durable. */
  close(signal: AbortSignal | undefined): Promise<void>;
}

/** How long endpoints may take to answer that they were terminated, in milliseconds. */
const ANSWER_MS = 2000;
const TICK_MS = 50;

/**
 * Stops a server so that nobody loses anything: no new sessions; those who are attached have some time for what they
 * have begun; then the relay terminates them with 421 (RFC 3340 §4.4.3, §10), a code behind which clients try again.
 */
export async function drain(house: Drainable, options: DrainOptions): Promise<Drained> {
  const { relay, onEvent } = house;
  const { graceMs, signal, onProgress = () => {} } = options;
  const { associations: attached } = relay;
  const tell = (step: DrainProgress['step']): void =>
    onProgress({ step, attached: relay.attachments.size, sessions: house.sessions });
  relay.isClosing = true;
  onEvent({ level: 'info', name: 'draining', attached, sessions: house.sessions, graceMs });
  house.refuse();
  await pass(
    graceMs,
    () => relay.associations === 0,
    signal,
    () => tell('grace'),
  );
  let dismissal: Dismissal = { count: 0, unanswered: 0 };
  if (signal?.aborted !== true) {
    dismissal = dismiss(relay, 421, 'the server stops');
    await pass(
      ANSWER_MS,
      () => dismissal.unanswered === 0,
      signal,
      () => tell('terminating'),
    );
  }
  // What ends with its session from now on is no answer.
  const drained = { attached, terminated: dismissal.count, unanswered: dismissal.unanswered };
  tell('releasing');
  await house.close(signal);
  onEvent({ level: 'info', name: 'drained', ...drained, atOnce: signal?.aborted === true });
  return drained;
}

/** Resolves after `ms`, once `isOver`, or when the signal is aborted; calls `tick` meanwhile. */
async function pass(
  ms: number,
  isOver: () => boolean,
  signal: AbortSignal | undefined,
  tick: () => void,
): Promise<void> {
  const end = performance.now() + ms;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0 || isOver() || signal?.aborted === true) return;
    tick();
    await turn(Math.min(left, TICK_MS), signal);
  }
}

function turn(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener('abort', over);
  });
}
