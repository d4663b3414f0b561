import { defaultSessionLimits, type SessionLimits } from '../session-limits.ts';
import type { MeshPeer } from './peers.ts';
import type { WaitingLimits } from './waiting-data.ts';

/** How a server deals with the relays of other domains. */
export interface MeshSettings {
  /** Where they connect; absent: they cannot, and data goes where we connect. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** What is known of some of them, by domain. */
  readonly peers?: Readonly<Record<string, MeshPeer>> | undefined;
  /** Whether domains are looked for in the DNS that are not among the peers; default true. */
  readonly discovery?: boolean | undefined;
  /** Name servers to ask, `address` or `address:port`; default: those of the system. */
  readonly resolvers?: readonly string[] | undefined;
  /** No authentication and no data on sessions that are not protected; default: as for endpoints. */
  readonly requireTls?: boolean | undefined;
  /** PEM: roots of the certificates of relays; default: those of the system for relays that are dialled, and none for others. */
  readonly ca?: string | undefined;
  /** How long data waits for a relay when it does not say itself, in milliseconds; default 10,000. */
  readonly waitMs?: number | undefined;
  /** How long nothing may come from a relay that was dialled, in milliseconds; default 5 minutes. */
  readonly idleMs?: number | undefined;
  readonly waiting?: Partial<WaitingLimits> | undefined;
  /** Limits of sessions with relays where they are not those of endpoints; default: ten times as much in a second. */
  readonly sessionLimits?: Partial<SessionLimits> | undefined;
}

/** One session has what a whole domain says. */
export const defaultMeshSessionLimits = {
  messagesPerSecond: 10 * defaultSessionLimits.messagesPerSecond,
  octetsPerSecond: 10 * defaultSessionLimits.octetsPerSecond,
} as const;
export const defaultWaitMs = 10_000;
export const defaultIdleMs = 5 * 60_000;
