import { type ApexServer, createServer, lockDataDir, openSqliteStore, type ServerEvent } from '@apex/server';
import type { Logger } from 'pino';
import { listenAdmin } from './admin/socket-server.ts';
import { Closers } from './closers.ts';
import type { Config } from './config.ts';
import { domainOptions } from './domain-options.ts';
import { AppError } from './errors.ts';
import { holdYoungGeneration } from './young-generation.ts';

export interface RunningServer {
  readonly server: ApexServer;
  /** Releases the sessions, closes the store, frees the data folder. */
  stop(): Promise<void>;
}

/**
 * Starts the server that a configuration describes: the lock of the data folder, the store, the
 * listener, the admin socket, in that order; on a failure what was opened is closed again.
 */
export async function serve(config: Config, log: Logger): Promise<RunningServer> {
  if (config.auth.requireTls) {
    throw new AppError(
      'serve.tls',
      'auth.requireTls is true and this version has no TLS profile: nobody could authenticate; set auth.requireTls to false on a network that you trust',
    );
  }
  const closers = new Closers();
  try {
    const lock = await lockDataDir(config.dataDir);
    closers.add(() => lock.release());
    const store = await openSqliteStore({ dataDir: config.dataDir });
    closers.add(() => store.close());
    const server = await createServer({
      ...domainOptions(config),
      store,
      listen: config.edge,
      requireTls: config.auth.requireTls,
      mechanisms: config.auth.mechanisms,
      sessionLimits: {
        connections: config.limits.connections,
        channelsPerSession: config.limits.channelsPerSession,
        messageOctets: config.limits.messageOctets,
        receiveWindowOctets: config.limits.receiveWindowOctets,
        outstandingExchanges: config.limits.outstandingExchanges,
        greetingMs: config.limits.greetingSeconds * 1000,
      },
      onEvent: (event) => logEvent(log, event),
    });
    closers.add(() => server.close());
    const admin = await listenAdmin(config.dataDir, server.administration, log);
    closers.add(() => admin.close());
    holdYoungGeneration();
    log.info({ event: 'serving', domain: config.domain, ...server.address });
    return { server, stop: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function logEvent(log: Logger, event: ServerEvent): void {
  const { level, name, ...fields } = event;
  log[level]({ event: name, ...fields });
}
