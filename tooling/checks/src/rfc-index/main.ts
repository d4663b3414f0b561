/**
 * node tooling/checks/src/rfc-index/main.ts check|write [--root FOLDER] [--report FILE]…
 *
 * `write` generates docs/rfc-index.md, `check` compares it. Exit codes: 0 done, 1 problems, 2 wrong usage.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkRfcIndex, writeRfcIndex } from './rfc-index.ts';

function run(): readonly string[] {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { root: { type: 'string' }, report: { type: 'string', multiple: true } },
  });
  const root = resolve(values.root ?? join(import.meta.dirname, '../../../..'));
  const [mode, ...rest] = positionals;
  if (mode === 'write' && rest.length === 0) return writeRfcIndex(root);
  if (mode === 'check' && rest.length === 0) {
    return checkRfcIndex(
      root,
      values.report?.map((file) => readFileSync(file, 'utf8')),
    );
  }
  throw new Error('usage: main.ts check|write [--root FOLDER] [--report FILE]…');
}

try {
  const problems = run();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
