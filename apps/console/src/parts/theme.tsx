import { useSyncExternalStore } from 'react';
import { useValue, Value } from '../external.ts';
import { remember, remembered } from '../remembered.ts';
import { Icon } from './icon.tsx';

/** The theme of the system, until the person at the page chooses one. */
type Theme = 'light' | 'dark';

const KEY = 'theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const chosen = new Value<Theme | undefined>(stored());

function stored(): Theme | undefined {
  const theme = remembered(KEY);
  return theme === 'light' || theme === 'dark' ? theme : undefined;
}

function apply(theme: Theme | undefined): void {
  if (theme === undefined) delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

apply(chosen.get());

function subscribeToSystem(changed: () => void): () => void {
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

export function ThemeSwitch() {
  const isDarkSystem = useSyncExternalStore(subscribeToSystem, () => dark.matches);
  const theme = useValue(chosen) ?? (isDarkSystem ? 'dark' : 'light');
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Switch to the ${other} theme`}
      title={`Switch to the ${other} theme`}
      onClick={() => {
        remember(KEY, other);
        apply(other);
        chosen.set(other);
      }}
    >
      <Icon name={other} />
    </button>
  );
}
