import {
  type Diagnostic,
  drive,
  negotiate,
  type Peer,
  ReplyError,
  tlsProfileUri,
  UsageError,
} from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { tlsClient } from '@apex/beep/tls';
import {
  APEX_PROFILE_URI,
  formatInitialization,
  newTransID,
  parseInitializationReply,
  secureRandom,
} from '@apex/protocol';
import type { Clock } from '../clock.ts';
import type { Relay } from '../relay/relay.ts';
import { channelTo } from '../relay/relay-profile.ts';
import type { RelayChannel } from '../relay/relay-session.ts';
import { beepLimits, type SessionLimits } from '../session-limits.ts';
import type { MeshPeers } from './peers.ts';
import type { RelayPlace } from './relay-directory.ts';

/** Certificate and key that we show, and whom we believe, as PEM. */
export interface MeshTls {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Roots to trust in place of the system's. */
  readonly ca?: string | undefined;
}

export interface MeshSessionOptions {
  readonly peers: MeshPeers;
  /** Whether a relay has to be protected by TLS; without, it is not asked for. */
  readonly requireTls: boolean;
  /** Asked for each session: certificates change. */
  readonly tls: () => MeshTls;
  readonly limits: SessionLimits;
  /** How long nothing may come from a relay until its session is released, in milliseconds; at most twice as long. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** The relay of that domain, which we have dialled, does not keep to the protocol. */
  readonly diagnosed: (domain: string, diagnostic: Diagnostic) => void;
}

/** Who dials whom. */
export interface DialledRelay {
  /** The domain as which we authenticate and bind. */
  readonly as: string;
  /** Others of ours, for which we bind as far as the peer lets us. */
  readonly others: readonly string[];
  readonly domain: string;
  readonly place: RelayPlace;
}

/** A session with the relay of another domain that we have dialled. */
export interface MeshSession {
  /** Bound for some of our domains, the one as which we dialled among them. */
  readonly channel: RelayChannel;
  /** `host:port` of the peer. */
  readonly remoteAddress: string;
  /** Resolves when it is over. */
  readonly ended: Promise<unknown>;
  /** Releases the session. Never rejects: one that does not agree in time is aborted. */
  release(): Promise<void>;
  abort(reason: Error): void;
}

/** For connection, TLS, authentication and bind together, in milliseconds. */
const SETUP_MS = 10_000;
const CONNECT_MS = 4000;
const RELEASE_MS = 2000;

/**
 * Dials a relay (RFC 3340 §2.1): connection, TLS, authentication as our domain, an APEX channel with the bind as its
 * initialization (RFC 3340 §4.2), and more binds if we have more domains. The peer has proved to be the domain by its
 * certificate, or by knowing the shared secret. Rejects with ReplyError when the peer refuses us, UsageError
 * `sasl.mechanism` or `mesh.tls` when there is no way to agree, and otherwise with what went wrong.
 */
export async function dialRelay(
  relay: Relay,
  dialled: DialledRelay,
  options: MeshSessionOptions,
  signal: AbortSignal,
): Promise<MeshSession> {
  const { host, port } = dialled.place;
  const transport = await connectTcp({ host, port, timeoutMs: CONNECT_MS, signal });
  const peer = drive(transport, {
    role: 'initiator',
    profiles: [],
    limits: beepLimits(options.limits),
    onDiagnostic: (diagnostic) => options.diagnosed(dialled.domain, diagnostic),
  });
  const abort = (): void => peer.abort(signal.reason as Error);
  signal.addEventListener('abort', abort);
  const late = setTimeout(() => peer.abort(new Error(`no session within ${SETUP_MS} ms`)), SETUP_MS);
  try {
    if (signal.aborted) throw signal.reason;
    await secure(peer, dialled, options);
    await authenticate(peer, dialled, options);
    const session = await bind(relay, peer, dialled);
    if (signal.aborted) throw signal.reason;
    closeWhenIdle(peer, session, options);
    return session;
  } catch (error) {
    peer.abort(error as Error);
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
  }
}

/** Whether a domain is a name, so that a certificate can have it. */
function nameOf(domain: string): string | undefined {
  return domain.startsWith('[') ? undefined : domain;
}

async function secure(
  peer: Peer,
  { domain, place }: DialledRelay,
  { peers, requireTls, tls }: MeshSessionOptions,
): Promise<void> {
  const { profiles } = await peer.greeting;
  if (!requireTls) return;
  if (!profiles.includes(tlsProfileUri)) {
    throw new UsageError('mesh.tls', 'the relay offers no TLS, without which nothing is said to it');
  }
  const configured = peers.find(domain);
  // What the DNS says of hosts is no proof; what the operator says is.
  const names = [configured?.host ?? (nameOf(domain) === undefined ? place.host : undefined)];
  const { cert, key, ca } = tls();
  const secured = tlsClient({
    names: names.filter((name) => name !== undefined),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ca,
    fingerprint: configured?.fingerprint,
  });
  await peer.secure(secured, nameOf(domain));
}

async function authenticate(
  peer: Peer,
  { as, domain }: DialledRelay,
  { peers, requireTls, tls }: MeshSessionOptions,
): Promise<void> {
  const mechanisms = peers.clientMechanisms(domain, as, {
    hasCertificate: peer.facts.secured && tls().cert !== undefined,
    requireSecured: requireTls,
  });
  if (mechanisms.length === 0) {
    throw new UsageError(
      'sasl.mechanism',
      `there is neither a secret for ${domain} nor a certificate to show on a protected session`,
    );
  }
  await negotiate(peer, mechanisms, { serverName: domain });
}

async function bind(relay: Relay, peer: Peer, { as, others, domain }: DialledRelay): Promise<MeshSession> {
  const { channel, apex } = channelTo(relay, domain, peer);
  // Also a channel that never came to be one.
  void peer.ended.then(() => relay.closed(channel));
  const random = secureRandom();
  // Known before it is answered: the peer may end it at once.
  const bindFor = (ours: string) => {
    const transID = newTransID(random, (candidate) => channel.ours?.has(candidate) === true);
    channel.ours ??= new Map();
    channel.ours.set(transID, ours);
    return { kind: 'bind', relay: ours, transID, options: [] } as const;
  };
  const started = await peer.startChannel({
    profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(bindFor(as)) }],
    serverName: domain,
    handler: apex,
  });
  apex.open(started.channel);
  const refusal = parseInitializationReply(started.initializationReply);
  if (refusal !== undefined) throw refusal;
  await Promise.all(
    others.map((ours) => {
      const request = bindFor(ours);
      return new Promise<void>((resolve, reject) => {
        apex.bind(request, (failure) => {
          if (failure instanceof ReplyError) channel.ours?.delete(request.transID);
          if (failure === undefined || failure instanceof ReplyError) resolve();
          else reject(failure);
        });
      });
    }),
  );
  return {
    channel,
    remoteAddress: peer.facts.remoteAddress,
    ended: peer.ended,
    release: () => released(peer),
    abort: (reason) => peer.abort(reason),
  };
}

async function released(peer: Peer): Promise<void> {
  const timer = setTimeout(() => peer.abort(new Error('the relay does not release the session')), RELEASE_MS);
  peer.released().catch((error: unknown) => peer.abort(error as Error));
  await peer.ended;
  clearTimeout(timer);
}

/** Whoever dials hangs up: all that is sent is answered, so that what comes tells of both directions. */
function closeWhenIdle(peer: Peer, session: MeshSession, { idleMs, clock }: MeshSessionOptions): void {
  let heard = peer.receivedOctets;
  const look = (): void => {
    if (peer.receivedOctets === heard) return void session.release();
    heard = peer.receivedOctets;
    cancel = clock.after(idleMs, look);
  };
  let cancel = clock.after(idleMs, look);
  void peer.ended.then(() => cancel());
}
