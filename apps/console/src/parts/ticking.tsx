import { useSyncExternalStore } from 'react';

/**
 * Words that change with time. All of them on a page hang on one timer, which stands while nobody looks at the page,
 * and a component is rendered only when its words are other ones.
 */
const TICK_MS = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tell(): void {
  for (const listener of [...listeners]) listener();
}

function run(): void {
  const isWanted = listeners.size > 0 && document.visibilityState === 'visible';
  if (isWanted && timer === undefined) timer = setInterval(tell, TICK_MS);
  if (!isWanted) {
    clearInterval(timer);
    timer = undefined;
  }
}

document.addEventListener('visibilitychange', () => {
  tell();
  run();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  run();
  return () => {
    listeners.delete(listener);
    run();
  };
}

/** `words` of the present moment, in milliseconds since the epoch. */
export function useTicking(words: (nowMs: number) => string): string {
  return useSyncExternalStore(subscribe, () => words(Date.now()));
}

/** The same as an element; `atMs` is the instant that they are about. */
export function Ticking({
  words,
  atMs,
}: {
  readonly words: (nowMs: number) => string;
  readonly atMs: number;
}) {
  return <time dateTime={new Date(atMs).toISOString()}>{useTicking(words)}</time>;
}
