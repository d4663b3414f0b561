import {
  type ApexServer,
  createOwner,
  createServer,
  lockDataDir,
  openSqliteStore,
  type ServerEvent,
  type ServerOptions,
  type StoreError,
} from '@apex/server';
import type { Logger } from 'pino';
import { listenAdmin } from './admin/socket-server.ts';
import { Closers } from './closers.ts';
import { type Config, namesOf } from './config.ts';
import { consoleRoutes } from './console-route.ts';
import { domainOptions } from './domain-options.ts';
import { Edges } from './edges.ts';
import { Ending } from './ending.ts';
import { AppError } from './errors.ts';
import { returnMemoryAtRest } from './memory-at-rest.ts';
import { meshSettings } from './mesh-settings.ts';
import { metricsFor } from './metrics/metrics-route.ts';
import { connectionsWithin } from './open-files.ts';
import { openTelemetry } from './open-telemetry.ts';
import { readMeshRoots, readTlsFiles, warnOfExpired } from './tls-files.ts';
import { holdYoungGeneration } from './young-generation.ts';

export interface RunningServer {
  readonly server: ApexServer;
  /** Behind it the store is closed and the data folder is free. */
  readonly ending: Ending;
}

/**
 * Starts the server that a configuration describes: the lock of the data folder, the store, the
 * listener, the admin socket, in that order; on a failure what was opened is closed again. With `workers` so many
 * processes hold the connections.
 */
export async function serve(config: Config, log: Logger, workers = 0): Promise<RunningServer> {
  if (config.auth.requireTls && config.tls === undefined && config.http?.trustProxy !== true) {
    throw new AppError(
      'serve.tls',
      'auth.requireTls is true and there is no tls: nobody could authenticate; configure tls (apexd tls self-signed makes a certificate for trying out), or set auth.requireTls to false on a network that you trust',
    );
  }
  const tls = readTlsFiles(config);
  const mesh = meshSettings(config, readMeshRoots(config));
  const closers = new Closers();
  try {
    const lock = await lockDataDir(config.dataDir);
    closers.add(() => lock.release());
    const store = await openSqliteStore({
      dataDir: config.dataDir,
      onLost: (error) => endWithStore(error, log),
    });
    closers.add(() => store.close());
    const server = await start(config, { tls, mesh, store }, workers, log);
    closers.add(() => server.close());
    const ending = new Ending(server, closers, config.drain.graceSeconds * 1000);
    const admin = await listenAdmin(config.dataDir, { server, ending, log });
    closers.add(() => admin.close());
    holdYoungGeneration();
    const leaveMemory = returnMemoryAtRest();
    closers.add(async () => leaveMemory());
    log.info({
      event: 'serving',
      domain: namesOf(config),
      ...server.address,
      http: server.httpAddress,
      mesh: server.mesh?.address,
    });
    if (tls !== undefined) warnOfExpired(tls, log);
    return { server, ending };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/**
 * Whether what is on its way to the disk is there is not known, so nothing may be said about it any more: it is as if
 * the process had been killed, and who restarts it brings the store back.
 */
function endWithStore({ code, message }: StoreError, log: Logger): never {
  log.fatal({ event: 'store.failed', code, text: message });
  process.exit(1);
}

async function start(
  config: Config,
  opened: Pick<ServerOptions, 'tls' | 'mesh' | 'store'>,
  workers: number,
  log: Logger,
): Promise<ApexServer> {
  const { limits, http } = config;
  const { routes, figures } = await metricsFor(http?.metrics);
  const options = {
    ...domainOptions(config),
    ...opened,
    requireTls: config.auth.requireTls,
    oauth: config.auth.oauth,
    failedAuthentications: limits.failedAuthentications,
    figures,
    tracing: openTelemetry(),
    sessionLimits: {
      connections: connectionsWithin(limits.connections, Math.max(1, workers), log),
      connectionsPerAddress: limits.connectionsPerAddress,
      channelsPerSession: limits.channelsPerSession,
      messageOctets: limits.messageOctets,
      receiveWindowOctets: limits.receiveWindowOctets,
      outstandingExchanges: limits.outstandingExchanges,
      sessionOctets: limits.sessionOctets,
      messagesPerSecond: limits.messagesPerSecond,
      octetsPerSecond: limits.octetsPerSecond,
      greetingMs: limits.greetingSeconds * 1000,
      authenticationMs: limits.authenticationSeconds * 1000,
      attachMs: limits.attachSeconds * 1000,
      idleMs: limits.idleSeconds * 1000,
    },
    onEvent: (event: ServerEvent) => logEvent(log, event),
  };
  if (workers === 0) {
    const all = [...routes, ...consoleRoutes(http?.console === true)];
    return createServer({ ...options, listen: config.edge, http: http && { ...http, routes: all } });
  }
  const owner = await createOwner({ ...options, edges: workers });
  let edges: Edges;
  try {
    edges = await Edges.start(owner, workers, config, log);
  } catch (error) {
    await owner.close();
    throw error;
  }
  return {
    address: edges.address,
    httpAddress: edges.httpAddress,
    mesh: owner.mesh,
    administration: owner.administration,
    oversight: owner.oversight,
    counters: owner.counters,
    figures: owner.figures,
    get sessions() {
      return owner.sessions;
    },
    reloadTls: (credentials) => owner.reloadTls(credentials),
    drain(asked) {
      edges.stopping();
      return owner.drain(asked);
    },
    async close() {
      edges.stopping();
      await owner.close();
      await edges.stop();
    },
  };
}

function logEvent(log: Logger, event: ServerEvent): void {
  const { level, name, ...fields } = event;
  log[level]({ event: name, ...fields });
}
