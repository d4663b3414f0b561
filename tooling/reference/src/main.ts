import { join, relative } from 'node:path';
import { readReference } from './reference.ts';

/** Writes the reference into `docs/reference`, which is not committed. */
const folder = join(import.meta.dirname, '../../../docs/reference');
const reference = await readReference();
for (const problem of reference.problems) console.error(problem);
await reference.write(folder);
const count = [...reference.names.values()].reduce((sum, names) => sum + names.length, 0);
console.log(`${count} public names: ${relative(process.cwd(), join(folder, 'index.html'))}`);
if (reference.problems.length > 0) process.exitCode = 1;
