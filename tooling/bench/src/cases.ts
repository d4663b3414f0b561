/** What one measurement puts on the server. */
export interface Load {
  readonly mode: 'fanout' | 'p2p' | 'idle';
  readonly publishers: number;
  /** Subscribers of each publisher; connections in idle mode. */
  readonly subscribers: number;
}

/** A load on a server, or exchanges of BEEP alone. */
export type Case = Load | { readonly mode: 'echo' };

export const cases = {
  'fan-out-100': { mode: 'fanout', publishers: 1, subscribers: 100 },
  'fan-out-1000': { mode: 'fanout', publishers: 1, subscribers: 1000 },
  'fan-out-5000': { mode: 'fanout', publishers: 1, subscribers: 5000 },
  'pairs-100': { mode: 'p2p', publishers: 100, subscribers: 1 },
  'pairs-1000': { mode: 'p2p', publishers: 1000, subscribers: 1 },
  'idle-5000': { mode: 'idle', publishers: 1, subscribers: 5000 },
  echo: { mode: 'echo' },
} as const satisfies Record<string, Case>;

export type CaseName = keyof typeof cases;

export const caseNames = Object.keys(cases) as readonly CaseName[];

export function isCaseName(text: string): text is CaseName {
  return Object.hasOwn(cases, text);
}

/** Subscribers are u0, u1, …; publishers p0, p1, …. */
export function localsOf(load: Load): readonly string[] {
  const subscribers = load.mode === 'p2p' ? load.publishers : load.publishers * load.subscribers;
  return [
    ...Array.from({ length: subscribers }, (_, index) => `u${index}`),
    ...Array.from({ length: load.publishers }, (_, index) => `p${index}`),
  ];
}

/** Who subscribes to whom, by their locals: publisher and subscriber. */
export function subscriptionsOf(load: Load): readonly (readonly [publisher: string, subscriber: string])[] {
  const perPublisher = load.mode === 'p2p' ? 1 : load.subscribers;
  return Array.from({ length: load.publishers * perPublisher }, (_, index) => [
    `p${Math.floor(index / perPublisher)}`,
    `u${index}`,
  ]);
}
