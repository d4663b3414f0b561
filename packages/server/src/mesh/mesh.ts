import { ReplyError } from '@apex/beep';
import { domainOf } from '@apex/protocol';
import { eventValve } from '../event-valve.ts';
import type { MeshPort, OnwardData } from '../relay/mesh-port.ts';
import type { Relay } from '../relay/relay.ts';
import type { RelayChannel, RelaySession } from '../relay/relay-session.ts';
import type { ServerEvent } from '../server-event.ts';
import { dialRelay, type MeshSession, type MeshSessionOptions } from './mesh-session.ts';
import { type MeshCounters, PeerRelay } from './peer-relay.ts';
import type { RelayDirectory } from './relay-directory.ts';
import type { WaitingLimits, WaitingTotal } from './waiting-data.ts';

export interface MeshOptions extends Omit<MeshSessionOptions, 'diagnosed'> {
  /** The domains that are served here; the first is the one for everything that is of none of them. */
  readonly ours: readonly string[];
  readonly directory: RelayDirectory;
  readonly waiting: WaitingLimits;
  /** How long data waits when it does not say itself, in milliseconds. */
  readonly waitMs: number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly onEvent: (event: ServerEvent) => void;
}

/** What an operator is told of the relay of one domain. */
export interface PeerRelayView {
  readonly domain: string;
  /** Our domain that deals with it. */
  readonly as: string;
  /** Sessions on which it takes data. */
  readonly sessions: number;
  readonly waiting: number;
  readonly waitingOctets: number;
  /** Attempts without success since data was last taken, and what the last one failed of. */
  readonly failures: number;
  readonly failure: string | undefined;
}

/** No data waits for longer, whatever it asks for, in milliseconds. */
const LONGEST_WAIT_MS = 10 * 60_000;
/** Relays that are dealt with at the same time, beside those that are configured. */
const RELAYS = 1000;
/** Attempts to reach one of these that are made at the same time; further ones wait for their turn. */
const ATTEMPTS = 32;

/**
 * The relaying mesh (RFC 3340 §2.1): brings data to the relays of other domains, over sessions that these have bound or
 * that are dialled when they are needed. Each of our domains deals with each other one by itself: data from an
 * originator of ours goes over sessions on which that domain of ours is known, all other data in the name of the first.
 */
export class Mesh implements MeshPort {
  readonly counters: MeshCounters = {
    forwarded: 0,
    unanswered: 0,
    unsent: 0,
    overflowed: 0,
    dialled: 0,
    failures: 0,
  };
  readonly #options: MeshOptions;
  readonly #tell: (event: ServerEvent) => void;
  readonly #sessionOptions: MeshSessionOptions;
  readonly #relays = new Map<string, PeerRelay>();
  /** For whom each channel is used. */
  readonly #users = new Map<RelayChannel, Map<string, PeerRelay>>();
  readonly #sessions = new Set<MeshSession>();
  readonly #total: WaitingTotal = { octets: 0 };
  readonly #stopping = new AbortController();
  readonly #attempts = new Set<Promise<void>>();
  readonly #turns: (() => void)[] = [];
  #running = 0;
  #relay: Relay | undefined;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.#tell = eventValve(options.onEvent, options.clock);
    this.#sessionOptions = {
      ...options,
      // B1, B7
      diagnosed: (domain, { ended, code, message: text, remoteAddress: remote }) =>
        this.#tell({
          level: 'warn',
          name: ended ? 'mesh.ended' : 'mesh.refused',
          domain,
          code,
          text,
          remote,
        }),
    };
  }

  /** Gives it the relay that it serves, before anything else. */
  open(relay: Relay): void {
    this.#relay = relay;
  }

  /** The relays that are dealt with. */
  peers(): readonly PeerRelayView[] {
    return [...this.#relays].map(([key, relay]) => {
      const { as, domain } = partsOf(key);
      return { domain, as, ...relay.state };
    });
  }

  /** Sessions that it has dialled. */
  get dialledSessions(): number {
    return this.#sessions.size;
  }

  /** What waits for all relays together. */
  get waiting(): { readonly data: number; readonly octets: number } {
    let data = 0;
    for (const { state } of this.#relays.values()) data += state.waiting;
    return { data, octets: this.#total.octets };
  }

  /**
   * Ends all attempts, drops what waits, and releases the sessions that were dialled; those that do not agree in time, or
   * by the abort of the signal, are aborted.
   */
  async close(signal?: AbortSignal): Promise<void> {
    const why = new Error('the server stops');
    this.#stopping.abort(why);
    this.#options.directory.close();
    for (const relay of this.#relays.values()) relay.close();
    const abort = (): void => {
      for (const session of this.#sessions) session.abort(why);
    };
    const released = Promise.all([...this.#sessions].map((session) => session.release()));
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    await released;
    await Promise.all(this.#attempts);
    signal?.removeEventListener('abort', abort);
  }

  // MeshPort

  forward(
    { domain, originator, payload, withinMs }: OnwardData,
    settled: (failure: Error | undefined) => void,
  ): void {
    const { peers, waitMs } = this.#options;
    const next = peers.find(domain)?.via ?? domain;
    const relay = this.#peerRelay(this.#as(domainOf(originator)), next);
    if (relay === undefined) {
      this.counters.overflowed += 1;
      return settled(new ReplyError(450, `${RELAYS} other domains are dealt with already; try again later`));
    }
    relay.forward(payload, Math.min(withinMs ?? waitMs, LONGEST_WAIT_MS), settled);
  }

  mayBind(session: RelaySession, domain: string): boolean {
    if (this.#options.ours.includes(domain)) return false;
    const facts = session.facts();
    const authenticated = session.dialled ?? facts.identity?.authorization;
    return authenticated !== undefined && this.#options.peers.mayBind(authenticated, facts, domain);
  }

  isTrusted(domain: string): boolean {
    return this.#options.peers.isTrusted(domain);
  }

  /** The peer knows us as the domain that it has asked for (B15). */
  bound(channel: RelayChannel, domain: string): void {
    this.#link(channel, this.#as(channel.session.facts().serverName?.toLowerCase() ?? ''), domain);
    this.#tell({
      level: 'info',
      name: 'mesh.bound',
      domain,
      remote: channel.session.facts().remoteAddress,
    });
  }

  unbound(channel: RelayChannel, domain?: string): void {
    this.#unlink(channel, (of) => domain === undefined || of.domain === domain);
  }

  ended(channel: RelayChannel, ours: string): void {
    this.#unlink(channel, ({ as }) => as === ours);
  }

  #as(domain: string): string {
    const { ours } = this.#options;
    return ours.includes(domain) ? domain : (ours[0] ?? '');
  }

  #link(channel: RelayChannel, as: string, domain: string): void {
    const relay = this.#peerRelay(as, domain);
    if (relay === undefined) return;
    const users = this.#users.get(channel) ?? new Map<string, PeerRelay>();
    this.#users.set(channel, users);
    users.set(keyOf(as, domain), relay);
    relay.linked(channel);
  }

  #unlink(
    channel: RelayChannel,
    isMeant: (of: { readonly as: string; readonly domain: string }) => boolean,
  ): void {
    const users = this.#users.get(channel);
    if (users === undefined) return;
    for (const [key, relay] of users) {
      if (!isMeant(partsOf(key))) continue;
      users.delete(key);
      relay.unlinked(channel);
    }
    if (users.size > 0) return;
    this.#users.delete(channel);
    // A session that we dialled is of no use without it.
    for (const session of this.#sessions) if (session.channel === channel) void session.release();
  }

  /** Undefined when there are too many of them. */
  #peerRelay(as: string, domain: string): PeerRelay | undefined {
    const key = keyOf(as, domain);
    const known = this.#relays.get(key);
    if (known !== undefined) return known;
    const isPeer = this.#isPeer(domain);
    if (!isPeer && this.#relays.size >= RELAYS) this.#forgetIdle();
    if (!isPeer && this.#relays.size >= RELAYS) return undefined;
    const { clock, random, waiting } = this.#options;
    const relay: PeerRelay = new PeerRelay({
      relay: this.#served(),
      domain,
      waiting,
      total: this.#total,
      clock,
      random,
      counters: this.counters,
      dial: () => this.#attempt(as, domain),
      answered: (channel) => {
        const users = this.#users.get(channel);
        if (users === undefined || users.size === 1) return;
        for (const user of users.values()) if (user !== relay) user.resume();
      },
      failed: (text, failures) =>
        this.#tell({ level: 'warn', name: 'mesh.failed', domain, as, text, failures }),
    });
    this.#relays.set(key, relay);
    return relay;
  }

  /** Those whom anybody can name by sending data to them take no place from those who are configured. */
  #isPeer(domain: string): boolean {
    return this.#options.peers.find(domain) !== undefined;
  }

  #forgetIdle(): void {
    for (const [key, relay] of this.#relays) if (relay.isIdle) this.#relays.delete(key);
  }

  #served(): Relay {
    if (this.#relay === undefined) throw new TypeError('the mesh has no relay yet');
    return this.#relay;
  }

  #attempt(as: string, domain: string): Promise<void> {
    const attempt = this.#dial(as, domain);
    const over = attempt.then(
      () => {},
      () => {},
    );
    this.#attempts.add(over);
    void over.then(() => this.#attempts.delete(over));
    return attempt;
  }

  async #dial(as: string, domain: string): Promise<void> {
    if (this.#isPeer(domain)) return this.#reach(as, domain);
    if (this.#running < ATTEMPTS) this.#running += 1;
    // Whoever has finished leaves its place.
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      return await this.#reach(as, domain);
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #reach(as: string, domain: string): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    // What the system looks up by itself cannot be cancelled.
    const places = await unlessAborted(this.#options.directory.find(domain), this.#stopping.signal);
    const failures: Error[] = [];
    for (const place of places) {
      this.#stopping.signal.throwIfAborted();
      try {
        return await this.#dialPlace(as, domain, place);
      } catch (error) {
        failures.push(error as Error);
      }
    }
    this.#options.directory.forget(domain);
    // What a relay that was reached has said tells more than that another one could not be.
    throw failures.find((failure) => failure instanceof ReplyError) ?? failures.at(-1);
  }

  async #dialPlace(
    as: string,
    domain: string,
    place: { readonly host: string; readonly port: number },
  ): Promise<void> {
    const others = this.#options.ours.filter((each) => each !== as);
    const dialled = { as, others, domain, place };
    const session = await dialRelay(this.#served(), dialled, this.#sessionOptions, this.#stopping.signal);
    // It may have ended in the meantime.
    if (!this.#served().isOpen(session.channel)) throw new Error('the relay ended the session at once');
    this.#sessions.add(session);
    void session.ended.then(() => this.#sessions.delete(session));
    this.#tell({ level: 'info', name: 'mesh.connected', domain, as, remote: session.remoteAddress });
    for (const ours of session.channel.ours?.values() ?? []) this.#link(session.channel, ours, domain);
  }
}

/** As the promise, or rejects with the reason of the signal when that is aborted before. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function keyOf(as: string, domain: string): string {
  return `${as} ${domain}`;
}

function partsOf(key: string): { readonly as: string; readonly domain: string } {
  const [as = '', domain = ''] = key.split(' ');
  return { as, domain };
}
