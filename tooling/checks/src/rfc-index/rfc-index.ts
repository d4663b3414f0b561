import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { indexDocument } from './document.ts';
import { objection, readReport, type TestOutcome } from './report.ts';
import { allRequirements } from './requirements/all.ts';
import { tabulate, wrongClaims } from './rows.ts';
import { type Claims, scan } from './scan.ts';

const path = 'docs/rfc-index.md';

/** Generates docs/rfc-index.md; returns what is wrong with the tags themselves. */
export function writeRfcIndex(root: string): readonly string[] {
  const claims = scan(root);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), generate(claims));
  return wrongClaims(allRequirements, claims);
}

/**
 * Returns one line for each tag that names no requirement, each tagged test that is skipped, and for
 * a document that is not what the tags say. With `reports`, texts of `vitest --reporter=json`, also
 * for each tagged test that did not run or did not pass.
 */
export function checkRfcIndex(root: string, reports?: readonly string[]): readonly string[] {
  const claims = scan(root);
  const problems = wrongClaims(allRequirements, claims);
  if (readIfThere(join(root, path)) !== generate(claims)) {
    problems.push(`${path}: not what the tags say: run \`npm run docs\``);
  }
  if (reports !== undefined) problems.push(...unproven(claims, reports.flatMap(readReport)));
  return problems;
}

/** One line for each file and reason. */
function unproven({ tests }: Claims, outcomes: readonly TestOutcome[]): string[] {
  const objections = tests
    .filter(({ skipped }) => !skipped)
    .flatMap((claim) => {
      const reason = objection(claim, outcomes);
      return reason === undefined ? [] : [{ ...claim, reason }];
    });
  return [...Map.groupBy(objections, ({ file, reason }) => `${file} ${reason}`).values()].flatMap((group) =>
    group.slice(0, 1).map(({ file, name, reason }) => {
      const more = group.length === 1 ? '' : ` and ${group.length - 1} more`;
      return `${file}: the test "${name}"${more} ${reason}`;
    }),
  );
}

function generate(claims: Claims): string {
  return indexDocument(tabulate(allRequirements, claims));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
