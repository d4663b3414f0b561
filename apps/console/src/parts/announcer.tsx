import { useEffect } from 'react';
import { useValue, Value } from '../external.ts';

/**
 * One place from which changes are told to who does not look: what is announced twice in a row is told twice, since
 * what was told is taken away after a while.
 */
const announcement = new Value('');
const TOLD_MS = 5000;

export function announce(text: string): void {
  announcement.set(text);
}

export function Announcer() {
  const text = useValue(announcement);
  useEffect(() => {
    if (text === '') return;
    const timer = setTimeout(() => announcement.set(''), TOLD_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p className="visually-hidden" role="status" data-testid="announcer">
      {text}
    </p>
  );
}
