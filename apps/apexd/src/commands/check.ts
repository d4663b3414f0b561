import { namesOf, readConfig } from '../config.ts';
import { readMeshRoots, readTlsFiles } from '../tls-files.ts';

/** `apexd check`: a configuration, the files that it names, and with `data` the database of a server that does not run. */
export async function check(options: { readonly config: string; readonly data?: true }): Promise<void> {
  const config = readConfig(options.config);
  readTlsFiles(config);
  readMeshRoots(config);
  const { dataDir } = config;
  process.stdout.write(`${options.config}: valid; domain ${namesOf(config)}, data in ${dataDir}\n`);
  if (!options.data) return;
  const { checkData } = await import('./restore.ts');
  process.stdout.write(`${await checkData(dataDir)}\n`);
}
