/** What one measurement puts on the server. */
export interface Load {
  readonly mode: 'fanout' | 'p2p' | 'idle';
  readonly publishers: number;
  /** Subscribers of each publisher; connections in idle mode. */
  readonly subscribers: number;
}

export const cases = {
  'fan-out-100': { mode: 'fanout', publishers: 1, subscribers: 100 },
  'fan-out-1000': { mode: 'fanout', publishers: 1, subscribers: 1000 },
  'pairs-100': { mode: 'p2p', publishers: 100, subscribers: 1 },
  'pairs-1000': { mode: 'p2p', publishers: 1000, subscribers: 1 },
  'idle-5000': { mode: 'idle', publishers: 1, subscribers: 5000 },
} as const satisfies Record<string, Load>;

export type CaseName = keyof typeof cases;

export function isCaseName(text: string): text is CaseName {
  return Object.hasOwn(cases, text);
}

/** Subscribers are u0, u1, …; publishers p0, p1, …. */
export function endpointsOf(load: Load): readonly string[] {
  const subscribers = load.mode === 'p2p' ? load.publishers : load.publishers * load.subscribers;
  return [
    ...Array.from({ length: subscribers }, (_, index) => `u${index}@example.com`),
    ...Array.from({ length: load.publishers }, (_, index) => `p${index}@example.com`),
  ];
}
