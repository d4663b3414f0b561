import { join } from 'node:path';
import { checkDocuments } from './documents.ts';
import { checkErrorsDoc } from './errors-doc/errors-doc.ts';
import { checkImports } from './imports.ts';
import { importRules, report, runAll, runFull } from './pipeline.ts';
import { checkRepository } from './repository.ts';
import { checkRfcIndex } from './rfc-index/rfc-index.ts';

const root = join(import.meta.dirname, '../../..');
const stages: Readonly<Record<string, () => boolean>> = {
  all: () => runAll(root),
  full: () => runFull(root),
  imports: () => report('imports', checkImports(root, importRules)).ok,
  repository: () => report('repository', checkRepository(root)).ok,
  documents: () => report('documents', checkDocuments(root)).ok,
  errors: () => report('errors', checkErrorsDoc(root)).ok,
  'rfc-index': () => report('rfc-index', checkRfcIndex(root)).ok,
};

const stage = stages[process.argv[2] ?? ''];
if (stage === undefined) {
  console.error(`Usage: main.ts ${Object.keys(stages).join('|')}`);
  process.exit(2);
}
process.exitCode = stage() ? 0 : 1;
