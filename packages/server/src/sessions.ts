import {
  type Diagnostic,
  type DriveOptions,
  drive,
  type Negotiate,
  type Peer,
  type Profile,
  type Transport,
  tlsProfileUri,
} from '@apex/beep';
import { WebSocketTransport } from '@apex/beep/websocket';
import { AddressPlaces } from './address-places.ts';
import { type Clock, repeat, systemClock } from './clock.ts';
import { eventValve } from './event-valve.ts';
import type { ServerEvent } from './server-event.ts';
import { limitOfCode, SessionCounters, type SessionTransport } from './session-figures.ts';
import { beepLimits, defaultSessionLimits, type SessionLimits } from './session-limits.ts';
import type { SessionRow } from './session-place.ts';

export interface SessionsOptions {
  /** The server names that they operate under (B15). */
  readonly domains: readonly string[];
  readonly profiles: readonly Profile[];
  readonly limits: Partial<SessionLimits>;
  /** Protects the connection of a peer that asks for it. */
  readonly negotiate?: Negotiate | undefined;
  readonly onEvent: (event: ServerEvent) => void;
  readonly clock?: Clock | undefined;
}

/** How long peers may take to agree to the release when the server wants to be rid of them, in milliseconds. */
const RELEASE_MS = 2000;
/** How often sessions are looked at, in milliseconds. */
const SWEEP_MS = 1000;
/** Refusals on their way to peers; what connects beyond that is cut off without one. */
const REFUSALS = 100;
/** Why the server wants to be rid of a session. */
const STOPS = 'the server stops';

interface Entry {
  readonly id: number;
  readonly transport: SessionRow['transport'];
  readonly peer: Peer;
  readonly startedAt: number;
  authenticatedAt: number | undefined;
  /** What it had sent when something new was last seen, and when that was. */
  receivedOctets: number;
  heardAt: number;
  isLeaving: boolean;
}

/**
 * The BEEP sessions of a server, on whatever transports their peers come: how many there may be, and how long
 * each may take for what it is there for. What a session keeps to by itself is the business of `@apex/beep`.
 */
export class Sessions {
  readonly counters = new SessionCounters();
  readonly #options: SessionsOptions;
  readonly #limits: SessionLimits;
  /** What all sessions have in common, made once. */
  readonly #common: Pick<DriveOptions, 'role' | 'negotiate' | 'limits' | 'acceptsServerName'>;
  readonly #onDiagnostic = (diagnostic: Diagnostic): void => this.#diagnosed(diagnostic);
  readonly #clock: Clock;
  readonly #entries = new Map<number, Entry>();
  readonly #places: AddressPlaces;
  readonly #refused = new Set<Peer>();
  /** Connections that begin with TLS and have not got to a session. */
  readonly #handshakes = new Set<Transport>();
  readonly #tell: (event: ServerEvent) => void;
  readonly #cancelSweep: () => void;
  #lastId = 0;
  #isDraining = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#limits = { ...defaultSessionLimits, ...options.limits };
    const { domains, negotiate } = options;
    this.#common = {
      role: 'listener',
      negotiate,
      limits: beepLimits(this.#limits),
      acceptsServerName: (name) => domains.includes(name.toLowerCase()) || isAddress(name),
    };
    this.#places = new AddressPlaces(this.#limits.connectionsPerAddress);
    this.#clock = options.clock ?? systemClock;
    this.#tell = eventValve(options.onEvent, this.#clock);
    this.#cancelSweep = repeat(this.#clock, SWEEP_MS, () => this.#sweep());
  }

  get size(): number {
    return this.#entries.size + this.#handshakes.size;
  }

  /**
   * Begins a session with a peer that has connected, or refuses it; with `negotiate` the peer begins with TLS, and
   * counts from now on.
   */
  accept(transport: Transport, negotiate?: Negotiate): void {
    const beginsWithTls = negotiate !== undefined;
    if (this.#isDraining) return this.#refuse(transport, STOPS, beginsWithTls);
    if (this.size >= this.#limits.connections) {
      this.counters.limits.add('connections');
      return this.#refuse(transport, 'too many connections', beginsWithTls);
    }
    const leave = this.#places.take(transport.remoteAddress);
    if (leave === undefined) {
      this.counters.limits.add('connectionsPerAddress');
      return this.#refuse(transport, 'too many connections from this address', beginsWithTls);
    }
    const end = this.#counted(transport, beginsWithTls, leave);
    if (negotiate === undefined) this.#begin(transport, end);
    else void this.#secure(transport, end, negotiate);
  }

  /** Counts a session that begins; what it gives is called at its end. */
  #counted(transport: Transport, beginsWithTls: boolean, leave: () => void): () => void {
    const kind: SessionTransport =
      transport instanceof WebSocketTransport ? 'websocket' : beginsWithTls ? 'tls' : 'tcp';
    this.counters.begun.add(kind);
    return () => {
      this.counters.over.add(kind);
      leave();
    };
  }

  async #secure(transport: Transport, leave: () => void, negotiate: Negotiate): Promise<void> {
    this.#handshakes.add(transport);
    let secured: Transport;
    try {
      secured = await negotiate(transport, {});
    } catch (error) {
      leave();
      // What `close` has ended needs no explanation.
      if (!this.#handshakes.delete(transport)) return;
      const { message } = error as Error;
      const { remoteAddress } = transport;
      this.#diagnosed({ ended: true, code: 'tls.failed', message, remoteAddress, header: '' });
      return;
    }
    if (this.#handshakes.delete(transport)) return this.#begin(secured, leave);
    leave();
    secured.abort();
  }

  #begin(transport: Transport, leave: () => void): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const peer = this.#drive(transport, { id, onDiagnostic: this.#onDiagnostic });
    const now = this.#clock.monotonic();
    const entry: Entry = {
      id,
      transport: transport instanceof WebSocketTransport ? 'websocket' : 'tcp',
      peer,
      startedAt: now,
      authenticatedAt: undefined,
      receivedOctets: 0,
      heardAt: now,
      isLeaving: false,
    };
    this.#entries.set(id, entry);
    void peer.ended.then(() => {
      this.#entries.delete(id);
      leave();
    });
  }

  /** From now on it takes no more, and those on which nobody has attached are released. */
  drain(): void {
    this.#isDraining = true;
    for (const transport of this.#handshakes) transport.abort();
    this.#handshakes.clear();
    for (const entry of this.#entries.values()) {
      if (entry.peer.facts.established !== true) this.#release(entry, STOPS);
    }
  }

  /** Those whose id is above `after`, in their order, at most `limit`. */
  rows(after: number, limit: number): readonly SessionRow[] {
    const rows: SessionRow[] = [];
    const now = this.#clock.monotonic();
    for (const entry of this.#entries.values()) {
      if (rows.length >= limit) break;
      if (entry.id > after) rows.push(rowOf(entry, now));
    }
    return rows;
  }

  /** Asks the peer to release a session; false when there is none with this id. */
  release(id: number, text: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#release(entry, text);
    return true;
  }

  #release(entry: Entry, text: string): void {
    if (entry.isLeaving) return;
    entry.isLeaving = true;
    void releaseInTime(entry.peer, text);
  }

  /** Releases them; those that do not agree in time, or by the abort of the signal, are aborted. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#cancelSweep();
    this.drain();
    for (const peer of this.#refused) peer.abort(new Error(STOPS));
    const peers = Array.from(this.#entries.values(), ({ peer }) => peer);
    const abort = (): void => {
      for (const peer of peers) peer.abort(new Error(STOPS));
    };
    const released = Promise.all(peers.map((peer) => releaseInTime(peer, STOPS)));
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    await released;
    signal?.removeEventListener('abort', abort);
  }

  // 3080 §2.4
  #refuse(transport: Transport, text: string, beginsWithTls: boolean): void {
    this.#tell({ level: 'warn', name: 'session.refused', text, remote: transport.remoteAddress });
    // A handshake costs more than the answer is worth.
    if (beginsWithTls || this.#refused.size >= REFUSALS) return transport.abort();
    const peer = this.#drive(transport, { unavailable: { replyCode: 421, text } });
    this.#refused.add(peer);
    void peer.ended.then(() => this.#refused.delete(peer));
  }

  #drive(transport: Transport, options: Pick<DriveOptions, 'id' | 'unavailable' | 'onDiagnostic'>): Peer {
    const { profiles } = this.#options;
    return drive(transport, {
      ...this.#common,
      // What protects a WebSocket stands below it.
      profiles:
        transport instanceof WebSocketTransport
          ? profiles.filter(({ uri }) => uri !== tlsProfileUri)
          : profiles,
      ...options,
    });
  }

  // B1, B7
  #diagnosed({ ended, code, message, remoteAddress, header }: Diagnostic): void {
    const what = { code, text: message, remote: remoteAddress };
    this.#count(code, ended);
    if (ended) this.#tell({ level: 'warn', name: 'session.ended', header, ...what });
    else if (code === 'limit.rate') this.#tell({ level: 'info', name: 'session.slowed', ...what });
    else this.#tell({ level: 'info', name: 'message.refused', ...what });
  }

  #count(code: string, ended: boolean): void {
    const limit = limitOfCode.get(code);
    if (limit !== undefined) this.counters.limits.add(limit);
    if (ended) this.counters.ended.add(code);
    else if (limit !== 'rate') this.counters.refusedMessages.add(code);
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const entry of this.#entries.values()) {
      if (entry.isLeaving) continue;
      const overdue = this.#overdue(entry, now);
      if (overdue === undefined) continue;
      const { code, text } = overdue;
      this.#count(code, true);
      const remote = entry.peer.facts.remoteAddress;
      this.#tell({ level: 'info', name: 'session.ended', code, text, remote });
      this.#release(entry, text);
    }
  }

  /** What a peer has taken too long for. */
  #overdue(entry: Entry, now: number): { readonly code: string; readonly text: string } | undefined {
    const { authenticationMs, attachMs, idleMs } = this.#limits;
    const { facts } = entry.peer;
    hear(entry, now);
    if (facts.identity === undefined) {
      if (now - entry.startedAt <= authenticationMs) return undefined;
      return { code: 'limit.authentication', text: `no authentication within ${authenticationMs} ms` };
    }
    entry.authenticatedAt ??= now;
    if (facts.established !== true) {
      if (now - entry.authenticatedAt <= attachMs) return undefined;
      return { code: 'limit.attach', text: `no attach within ${attachMs} ms` };
    }
    if (now - entry.heardAt <= idleMs) return undefined;
    return { code: 'limit.idle', text: `nothing was sent for ${idleMs} ms` };
  }
}

/** Notices whether anything has been sent since the last look. */
function hear(entry: Entry, now: number): void {
  const { receivedOctets } = entry.peer;
  if (receivedOctets === entry.receivedOctets) return;
  entry.receivedOctets = receivedOctets;
  entry.heardAt = now;
}

function rowOf(entry: Entry, now: number): SessionRow {
  hear(entry, now);
  const { id, transport, startedAt, heardAt, peer } = entry;
  const { remoteAddress, secured, identity } = peer.facts;
  return {
    id,
    remoteAddress,
    transport,
    secured,
    ...(identity && { identity: identity.authorization, mechanism: identity.mechanism }),
    ageMs: Math.round(now - startedAt),
    idleMs: Math.round(now - heardAt),
  };
}

/** Peers that know no better name the address that they dialled; it selects nothing (B15). */
function isAddress(name: string): boolean {
  return name === 'localhost' || /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(':');
}

async function releaseInTime(peer: Peer, why: string): Promise<void> {
  const timer = setTimeout(() => peer.abort(new Error(why)), RELEASE_MS);
  peer.released().catch((error: unknown) => peer.abort(error as Error));
  await peer.ended;
  clearTimeout(timer);
}
