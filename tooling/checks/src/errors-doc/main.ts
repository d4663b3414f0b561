/**
 * node tooling/checks/src/errors-doc/main.ts check|list
 *
 * `check` compares docs/errors.md with the codes in the sources; `list` prints those codes with their
 * families and files. Exit codes: 0 done, 1 problems, 2 wrong usage.
 */
import { join } from 'node:path';
import { checkErrorsDoc, listErrors } from './errors-doc.ts';

const root = join(import.meta.dirname, '../../../..');

switch (process.argv[2]) {
  case 'check': {
    const problems = checkErrorsDoc(root);
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length === 0 ? 0 : 1;
    break;
  }
  case 'list':
    for (const line of listErrors(root)) console.log(line);
    break;
  default:
    console.error('usage: main.ts check|list');
    process.exitCode = 2;
}
