import type { Clock } from './clock.ts';
import type { ServerEvent } from './server-event.ts';

/** Events of one name that are told in a second. */
const PER_SECOND = 50;

/**
 * Tells events that peers can cause at will, but no more of a name than an operator could read: of a flood the
 * first ones, and once a second `events.dropped` with how many were left out.
 */
export function eventValve(
  onEvent: (event: ServerEvent) => void,
  clock: Pick<Clock, 'after'>,
): (event: ServerEvent) => void {
  const counts = new Map<string, number>();
  const endOfSecond = (): void => {
    for (const [of, count] of counts) {
      const dropped = count - PER_SECOND;
      if (dropped > 0) onEvent({ level: 'warn', name: 'events.dropped', of, count: dropped });
    }
    counts.clear();
  };
  return (event) => {
    if (counts.size === 0) clock.after(1000, endOfSecond);
    const count = (counts.get(event.name) ?? 0) + 1;
    counts.set(event.name, count);
    if (count <= PER_SECOND) onEvent(event);
  };
}
