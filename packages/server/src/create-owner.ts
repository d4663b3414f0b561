import { tlsServer } from '@apex/beep/tls';
import type { Administration } from './administration.ts';
import { type DomainCounters, domainsOf } from './create-domain.ts';
import { mechanismOptions } from './credentials/authentication.ts';
import { serverMechanisms } from './credentials/server-mechanisms.ts';
import { EdgeConnection } from './edge/edge-connection.ts';
import type { EdgeAddresses, EdgeSettings, FromEdge, ToEdge } from './edge/messages.ts';
import type { Pipe } from './edge/pipe.ts';
import { type ListenAddress, requireCertificate, type ServerCredentials } from './listener.ts';
import { authenticationOf, deskOf, type ServerOptions, servedDomain } from './serving.ts';

/** An edge that its owner has accepted. */
export interface Edge {
  /** Where it listens. Rejects with EdgeError when it cannot, or is gone before it does. */
  readonly listening: Promise<EdgeAddresses>;
  /** Resolves when the edge is gone. */
  readonly ended: Promise<void>;
}

/** A server whose connections are held by other processes. */
export interface ApexOwner {
  readonly administration: Administration;
  readonly counters: DomainCounters;
  /** Open sessions of all edges. */
  readonly sessions: number;
  /**
   * Serves through an edge: what `createEdge` runs at the other end of the pipe. Throws UsageError `tls.unavailable`.
   */
  accept(pipe: Pipe<FromEdge, ToEdge>, listen: ListenAddress, http?: EdgeSettings['http']): Edge;
  /** Has all edges show other certificates. Throws UsageError `tls.credentials`; without `tls` it does nothing. */
  reloadTls(credentials: ServerCredentials): void;
  /** Has the edges release their sessions, waits until all is durable. The store stays open. */
  close(): Promise<void>;
}

export interface OwnerOptions extends Omit<ServerOptions, 'listen' | 'http'> {
  /** Edges among which `sessionLimits.connections` are divided. */
  readonly edges: number;
}

/** How long an edge may take to release its sessions, in milliseconds. */
const DRAIN_MS = 5000;

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
  const domain = await servedDomain({ ...options, listen: { host: '', port: 0 } });
  const edges = new Set<EdgeConnection>();
  let { tls } = options;
  if (tls !== undefined) tlsServer(tls);
  const { connections, connectionsPerAddress } = sessionLimits;
  const share = (limit: number): number => Math.ceil(limit / options.edges);
  const limits = {
    ...sessionLimits,
    ...(connections === undefined ? {} : { connections: share(connections) }),
    ...(connectionsPerAddress === undefined ? {} : { connectionsPerAddress: share(connectionsPerAddress) }),
  };
  return {
    administration: domain.administration,
    counters: domain.counters,
    get sessions() {
      let sessions = 0;
      for (const edge of edges) sessions += edge.sessions;
      return sessions;
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
      const edge = new EdgeConnection({ relay: domain.relay, desk, pipe, settings, onEvent });
      edges.add(edge);
      void edge.ended.then(() => edges.delete(edge));
      return edge;
    },
    reloadTls(credentials) {
      if (tls === undefined) return;
      // Whether they fit together is found out here, once for all edges.
      tlsServer(credentials);
      tls = credentials;
      for (const edge of edges) edge.reloadTls(credentials);
    },
    async close() {
      await Promise.all([...edges].map(drainedInTime));
      await domain.close();
    },
  };
}

async function drainedInTime(edge: EdgeConnection): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS);
  });
  await Promise.race([edge.drain(), late]);
  clearTimeout(timer);
}
