import { resolve } from 'node:path';
import * as z from 'zod';
import { administer } from '../admin/administer.ts';
import { readConfig } from '../config.ts';
import { withProgress } from './progress-bar.ts';

const writtenSchema = z.object({ octets: z.number(), ms: z.number() });

/** `apexd backup`: the server that runs writes the file, since it alone may read its database; else this process does. */
export async function backUp(
  file: string,
  options: { readonly config: string; readonly force?: true },
): Promise<void> {
  const config = readConfig(options.config);
  const path = resolve(file);
  const result = await withProgress((report) =>
    administer(config, { op: 'backup', file: path, force: options.force === true }, report),
  );
  const { octets, ms } = writtenSchema.parse(result);
  process.stdout.write(`${path}: ${octets.toLocaleString('en')} octets in ${(ms / 1000).toFixed(1)} s\n`);
}
