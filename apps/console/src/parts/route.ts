import { useSyncExternalStore } from 'react';

/** The views, each at a hash of its own, such as `#board`. */
export const views = [
  { name: 'board', title: 'Board' },
  { name: 'me', title: 'My presence' },
  { name: 'watchers', title: 'Watchers' },
  { name: 'messages', title: 'Messages' },
  { name: 'wire', title: 'Wire log' },
] as const;

export type ViewName = (typeof views)[number]['name'];

export function useRoute(): ViewName {
  return useSyncExternalStore(subscribe, current);
}

export function go(name: ViewName): void {
  location.hash = name;
}

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

function current(): ViewName {
  return views.find(({ name }) => `#${name}` === location.hash)?.name ?? 'board';
}
