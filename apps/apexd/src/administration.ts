import { type Administration, createDomain, lockDataDir, openSqliteStore } from '@apex/server';
import type { Config } from './config.ts';
import { domainOptions } from './domain-options.ts';

/** Opens the store of a server that is not running, under the lock of its data folder. */
export async function openAdministration(
  config: Config,
): Promise<{ readonly administration: Administration } & AsyncDisposable> {
  const lock = await lockDataDir(config.dataDir);
  try {
    const store = await openSqliteStore({ dataDir: config.dataDir });
    const domain = await createDomain({ ...domainOptions(config), store });
    return {
      administration: domain.administration,
      async [Symbol.asyncDispose]() {
        await domain.close();
        await store.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
