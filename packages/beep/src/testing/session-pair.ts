import { Session, type SessionOptions } from '../session/session.ts';

/** What differs from a session without profiles. */
export type PairOptions = Partial<SessionOptions>;

/** An initiator and a listener joined in memory, with a clock that stands still until it is moved. */
export interface SessionPair {
  readonly initiator: Session;
  readonly listener: Session;
  /** Carries octets both ways until both are quiet. */
  pump(): void;
  /** One step: octets of one side, whose turn it is, to the other. False when both are quiet. */
  step(): boolean;
  /** Moves the clock, lets both sides see it, and pumps. */
  advance(ms: number): void;
}

/** How octets are carried from one side to the other. */
export interface Carriage {
  /** Octets asked of a session at a time; default 65,536. */
  readonly batchOctets?: number;
  /** Cuts what one side sent into pieces; default one piece. */
  readonly cut?: (octets: Uint8Array) => readonly Uint8Array[];
  /** Sees what one side sent, before the other side does. */
  readonly carried?: (from: 'initiator' | 'listener', octets: Uint8Array) => void;
}

/** Joins two sessions in memory; options are those of either side. */
export function sessionPair(
  initiatorOptions: PairOptions = {},
  listenerOptions: PairOptions = {},
  { batchOctets = 65_536, cut = (octets) => [octets], carried = () => {} }: Carriage = {},
): SessionPair {
  let now = 0;
  const defaults = { profiles: [], now: () => now };
  const initiator = new Session({ ...defaults, ...initiatorOptions, role: 'initiator' });
  const listener = new Session({ ...defaults, ...listenerOptions, role: 'listener' });

  const carry = (from: Session, to: Session): boolean => {
    const octets = from.takeOutput(batchOctets);
    if (octets === undefined) return false;
    carried(from.facts.role, octets);
    for (const piece of cut(octets)) to.receive(piece);
    return true;
  };
  const step = (): boolean => {
    const forth = carry(initiator, listener);
    const back = carry(listener, initiator);
    return forth || back;
  };
  const pump = (): void => {
    while (step());
  };
  const advance = (ms: number): void => {
    now += ms;
    initiator.tick(now);
    listener.tick(now);
    pump();
  };
  return { initiator, listener, pump, step, advance };
}
