import { UsageError } from '@apex/beep';
import {
  formatPresence,
  type Presence as PresenceElement,
  parsePresence,
  requireReadable,
  type Tuple,
} from '@apex/protocol';
import { ApexError } from '../errors.ts';

/** A presence entry as a service gave it (RFC 3343 §3). */
export interface PresenceEntry {
  readonly publisher: string;
  /** RFC 3339; the token of the next update. */
  readonly lastUpdate: string;
  /** URI, or empty. */
  readonly publisherInfo: string;
  readonly tuples: readonly Tuple[];
  /** The service's notion of the time when it sent the entry (RFC 3339). */
  readonly timeStamp: string;
}

/** What a publisher says of itself: an entry without what the service adds. */
export interface PresenceUpdate {
  /** URI; absent or empty when there is none. */
  readonly publisherInfo?: string;
  /** At least one. */
  readonly tuples: readonly TupleUpdate[];
}

/** A tuple, what is optional left out. */
export type TupleUpdate = Pick<Tuple, 'destination' | 'availableUntil'> &
  Partial<Pick<Tuple, 'tupleInfo' | 'capabilities'>>;

export function entryOf(presence: PresenceElement, timeStamp: string): PresenceEntry {
  const { publisher, lastUpdate, publisherInfo, tuples } = presence;
  return { publisher, lastUpdate, publisherInfo, tuples, timeStamp };
}

/**
 * The element that replaces `current`.
 * @throws ApexError `client.usage` for an update that is none
 */
export function presenceOf(update: PresenceUpdate, current: PresenceEntry): PresenceElement {
  const presence: PresenceElement = {
    kind: 'presence',
    publisher: current.publisher,
    lastUpdate: current.lastUpdate,
    publisherInfo: update.publisherInfo ?? '',
    tuples: update.tuples.map(({ destination, availableUntil, tupleInfo = '', capabilities = [] }) => ({
      destination,
      availableUntil,
      tupleInfo,
      capabilities,
    })),
  };
  const problem = problemOf(presence);
  if (problem === undefined) return presence;
  // What the codec says does not tell which of many tuples it is.
  const at = presence.tuples.findIndex((tuple) => problemOf({ ...presence, tuples: [tuple] }) !== undefined);
  const where = at < 0 || problem.startsWith('tuples.') ? '' : `tuples.${at}: `;
  throw new ApexError('client.usage', `publish ${current.publisher}: ${where}${problem}`);
}

function problemOf(presence: PresenceElement): string | undefined {
  try {
    requireReadable(presence, formatPresence, parsePresence);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
