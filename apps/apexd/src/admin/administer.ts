import type { Config } from '../config.ts';
import { AdminConnection } from './admin-connection.ts';
import { nowAndThen, type Report } from './progress.ts';
import type { AdminRequest } from './requests.ts';
import { adminSocketPath } from './socket-path.ts';

/** Carries out one administration request; `report` is told how far it is. */
export type Ask = (request: AdminRequest, report?: Report) => Promise<unknown>;

/**
 * Carries out the requests that `work` makes: through the running server when there is one, else on the store itself,
 * under the lock of the data folder. Each rejects with the server's own words.
 */
export async function administering<T>(config: Config, work: (ask: Ask) => Promise<T>): Promise<T> {
  const connection = await AdminConnection.open(adminSocketPath(config.dataDir));
  if (connection === undefined) return onStore(config, work);
  try {
    return await work((request, report = ignore) => connection.ask(request, report));
  } finally {
    connection.close();
  }
}

/** As `administering`, for one request. */
export function administer(config: Config, request: AdminRequest, report?: Report): Promise<unknown> {
  return administering(config, (ask) => ask(request, report));
}

async function onStore<T>(config: Config, work: (ask: Ask) => Promise<T>): Promise<T> {
  // The server itself is loaded only where none runs.
  const [{ openAdministration }, { perform }] = await Promise.all([
    import('../administration.ts'),
    import('./perform.ts'),
  ]);
  await using opened = await openAdministration(config);
  const administered = { administration: opened.administration, dataDir: config.dataDir };
  return await work(async (request, report = ignore) => {
    const result = await perform(administered, request, nowAndThen(report));
    // As over the socket: what is printed is what JSON carries.
    return JSON.parse(JSON.stringify(result ?? null));
  });
}

function ignore(): void {}
