import { type Administration, createDomain, lockDataDir, openSqliteStore } from '@apex/server';
import { Closers } from './closers.ts';
import type { Config } from './config.ts';
import { domainOptions } from './domain-options.ts';

/** Opens the store of a server that is not running, under the lock of its data folder. */
export async function openAdministration(
  config: Config,
): Promise<{ readonly administration: Administration } & AsyncDisposable> {
  const closers = new Closers();
  try {
    const lock = await lockDataDir(config.dataDir);
    closers.add(() => lock.release());
    const store = await openSqliteStore({ dataDir: config.dataDir });
    closers.add(() => store.close());
    const domain = await createDomain({ ...domainOptions(config), store });
    closers.add(() => domain.close());
    return { administration: domain.administration, [Symbol.asyncDispose]: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}
