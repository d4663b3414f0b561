import { tlsServer } from '@apex/beep/tls';
import type { Administration } from './administration.ts';
import { type DomainCounters, domainsOf } from './create-domain.ts';
import { mechanismOptions } from './credentials/authentication.ts';
import { serverMechanisms } from './credentials/server-mechanisms.ts';
import { type Drained, type DrainOptions, drain } from './drain.ts';
import { EdgeConnection } from './edge/edge-connection.ts';
import type { EdgeAddresses, EdgeSettings, FromEdge, ToEdge } from './edge/messages.ts';
import type { Pipe } from './edge/pipe.ts';
import { type FigureSource, gauge, joined, ofProcess } from './figures/figure.ts';
import { type ListenAddress, requireCertificate, type ServerCredentials } from './listener.ts';
import { type MeshView, openMesh } from './open-mesh.ts';
import type { Oversight } from './oversight.ts';
import {
  authenticationOf,
  deskOf,
  MAIN_PROCESS,
  processFigures,
  type ServerOptions,
  servedDomain,
} from './serving.ts';

/** An edge that its owner has accepted. */
export interface Edge {
  /** Its number among the edges that the owner ever had, from 1. */
  readonly worker: number;
  /** Where it listens. Rejects with EdgeError when it cannot, or is gone before it does. */
  readonly listening: Promise<EdgeAddresses>;
  /** Resolves when the edge is gone. */
  readonly ended: Promise<void>;
}

/** A server whose connections are held by other processes. */
export interface ApexOwner {
  readonly administration: Administration;
  /** What goes on in it, with the sessions of all edges. */
  readonly oversight: Oversight;
  readonly counters: DomainCounters;
  /** The relays of other domains, if there is a way to them; they connect to the owner. */
  readonly mesh: MeshView | undefined;
  /** Open sessions of all edges. */
  readonly sessions: number;
  /** What the server counts in all of its processes, as figures for monitoring; what an edge does not tell in time is left out. */
  readonly figures: FigureSource;
  /**
   * Serves through an edge: what `createEdge` runs at the other end of the pipe. Throws UsageError `tls.unavailable`.
   */
  accept(pipe: Pipe<FromEdge, ToEdge>, listen: ListenAddress, http?: EdgeSettings['http']): Edge;
  /** Has all edges show other certificates. Throws UsageError `tls.credentials`; without `tls` it does nothing. */
  reloadTls(credentials: ServerCredentials): void;
  /** As `drain` of `ApexServer`, of the sessions of all edges. What ends in the meantime need not be started again. */
  drain(options: DrainOptions): Promise<Drained>;
  /** Has the edges release their sessions, waits until all is durable. The store stays open. */
  close(): Promise<void>;
}

/** Those of a server, without addresses: its edges listen. */
export interface OwnerOptions extends Omit<ServerOptions, 'listen' | 'http'> {
  /** Edges among which `sessionLimits.connections` are divided. */
  readonly edges: number;
}

/** How long an edge may take to release its sessions, in milliseconds. */
const RELEASE_MS = 5000;

/**
 * Starts what all edges share: subjects, store, relay and services of its domains. The caller owns the store and the
 * processes of the edges. Rejects with StoreError, and with UsageError `tls.credentials`, `server.mechanism` or
 * `server.jwks`.
 */
export async function createOwner(options: OwnerOptions): Promise<ApexOwner> {
  const { onEvent = () => {}, sessionLimits = {} } = options;
  const authentication = await authenticationOf(options);
  const desk = deskOf(options);
  // Whether they lack anything is found out here, once for all edges.
  serverMechanisms(await mechanismOptions(domainsOf(options), desk, authentication));
  const mesh = options.mesh && (await openMesh(options, options.mesh));
  const domain = await servedDomain({ ...options, listen: { host: '', port: 0 } }, mesh?.port);
  try {
    await mesh?.serve(domain);
  } catch (error) {
    await mesh?.close();
    await domain.close();
    throw error;
  }
  const edges = new Map<EdgeConnection, number>();
  let lastWorker = 0;
  const figures: FigureSource = async () => {
    const workers = gauge('apex_workers', 'Processes that hold connections.', edges.size);
    const told = await Promise.all([
      processFigures(
        MAIN_PROCESS,
        [domain.figures(), desk.figures(), mesh?.figures() ?? [], [workers]],
        options.figures,
      ),
      ...Array.from(edges, async ([edge, number]) => ofProcess(`worker-${number}`, await edge.figures())),
    ]);
    return joined(...told);
  };
  let { tls } = options;
  if (tls !== undefined) tlsServer(tls);
  const { connections, connectionsPerAddress } = sessionLimits;
  const share = (limit: number): number => Math.ceil(limit / options.edges);
  const limits = {
    ...sessionLimits,
    ...(connections === undefined ? {} : { connections: share(connections) }),
    ...(connectionsPerAddress === undefined ? {} : { connectionsPerAddress: share(connectionsPerAddress) }),
  };
  const sessionsOfAll = (): number => {
    let sessions = 0;
    for (const edge of edges.keys()) sessions += edge.sessions;
    return sessions;
  };
  let closing: Promise<void> | undefined;
  const close = (signal?: AbortSignal): Promise<void> => {
    closing ??= Promise.all([
      ...[...edges.keys()].map((edge) => endedInTime(edge, signal)),
      mesh?.close(signal),
    ]).then(() => domain.close());
    return closing;
  };
  let draining: Promise<Drained> | undefined;
  return {
    administration: domain.administration,
    oversight: domain.oversee(() => Array.from(edges.keys(), ({ place }) => place)),
    counters: domain.counters,
    figures,
    mesh,
    get sessions() {
      return sessionsOfAll();
    },
    accept(pipe, listen, http) {
      requireCertificate(listen, tls);
      const settings = {
        domains: domain.relay.domains,
        listen,
        authentication,
        sessionLimits: limits,
        tls,
        http,
      };
      lastWorker += 1;
      const edge = new EdgeConnection({
        relay: domain.relay,
        desk,
        pipe,
        settings,
        figures,
        onEvent,
        worker: lastWorker,
      });
      edges.set(edge, freeNumber(edges.values()));
      void edge.ended.then(() => edges.delete(edge));
      return edge;
    },
    reloadTls(credentials) {
      if (tls === undefined) return;
      // Whether they fit together is found out here, once for all edges.
      tlsServer(credentials);
      tls = credentials;
      for (const edge of edges.keys()) edge.reloadTls(credentials);
      mesh?.reloadTls(credentials);
    },
    drain(asked) {
      const house = {
        relay: domain.relay,
        onEvent,
        get sessions() {
          return sessionsOfAll();
        },
        refuse() {
          for (const edge of edges.keys()) edge.drain();
          mesh?.drain();
        },
        close,
      };
      draining ??= drain(house, asked);
      return draining;
    },
    close: () => close(),
  };
}

/** The lowest number that none has: an edge that takes the place of another one continues its figures. */
function freeNumber(taken: Iterable<number>): number {
  const numbers = new Set(taken);
  let number = 1;
  while (numbers.has(number)) number += 1;
  return number;
}

async function endedInTime(edge: EdgeConnection, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, RELEASE_MS);
  });
  const atOnce = (): void => void edge.end(true);
  signal?.addEventListener('abort', atOnce);
  await Promise.race([edge.end(signal?.aborted === true), late]);
  signal?.removeEventListener('abort', atOnce);
  clearTimeout(timer);
}
