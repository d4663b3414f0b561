import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkDocuments } from './documents.ts';
import { checkErrorsDoc } from './errors-doc/errors-doc.ts';
import { browserPackages, configurationPackages, packageRules } from './import-table.ts';
import { checkImports } from './imports.ts';
import { checkRepository } from './repository.ts';
import { checkRfcIndex } from './rfc-index/rfc-index.ts';
import { closingLine, countTests, measurements, type TestReport } from './test-counts.ts';

export const importRules = { packages: packageRules, configurationPackages, browserPackages };

/**
 * Everything that `npm test` does. All stages run even after one has failed, so that one run tells all
 * there is to repair. turbo answers what has not changed from its cache and restores the reports of
 * those tests with it; the closing line is added up from the reports.
 */
export function runAll(root: string): boolean {
  const reports = testReportPaths(root);
  for (const path of reports) {
    rmSync(path, { force: true });
  }
  const turbo = ['run', 'typecheck', 'build', 'test', '--continue=dependencies-successful'];
  const outcomes = [
    runTool(root, 'lint', 'biome', ['check', '--error-on-warnings', '.']),
    report('imports', checkImports(root, importRules)),
    report('repository', checkRepository(root)),
    report('documents', checkDocuments(root)),
    report('errors', checkErrorsDoc(root)),
    runTool(root, 'typecheck, build, test', 'turbo', [
      ...turbo,
      '--output-logs=errors-only',
      '--concurrency=2',
    ]),
    report(
      'reports',
      reports.filter((path) => !existsSync(path)).map((path) => `${path} is missing: its tests did not run`),
    ),
  ];
  const written = reports.filter((path) => existsSync(path));
  const texts = written.map((path) => readFileSync(path, 'utf8'));
  // Without all reports it would only say again of each tagged test what stands above.
  const proofs = written.length === reports.length ? texts : undefined;
  outcomes.push(report('rfc-index', checkRfcIndex(root, proofs)));
  const read = texts.map((text) => JSON.parse(text) as TestReport);
  const counts = countTests(read);
  const failed = outcomes.filter(({ ok }) => !ok).map(({ stage }) => stage);
  if (failed.length > 0) {
    console.error(`Failed: ${failed.join('; ')}`);
  }
  for (const line of measurements(read)) console.log(line);
  console.log(closingLine(counts));
  return failed.length === 0 && counts.failed === 0;
}

/**
 * What `npm run test:full` does beside `npm test`: the same tests against servers that run in other ways, those that
 * take a browser, the packages as they are published, the reference, the steps that make a container image, a longer
 * search for inputs that break something, a longer load on servers that are killed, and faults that take their time. Each task writes a report of its own.
 */
export function runFull(root: string): boolean {
  const tasks = [
    'workers',
    'tls',
    'browser',
    'packed',
    'reference',
    'deploy',
    'fuzz',
    'soak',
    'faults',
  ] as const;
  const reports = tasks.flatMap((name) => testReportPaths(root, `test:${name}`, `test-report-${name}.json`));
  for (const path of reports) {
    rmSync(path, { force: true });
  }
  const turbo = [
    'run',
    ...tasks.map((name) => `test:${name}`),
    '--output-logs=errors-only',
    '--concurrency=1',
  ];
  const { ok } = runTool(root, 'test:full', 'turbo', turbo);
  const texts = reports.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  const counts = countTests(texts.map((text) => JSON.parse(text) as TestReport));
  console.log(closingLine(counts));
  return ok && texts.length === reports.length && counts.failed === 0;
}

/** Prints the problems; true when there are none. */
export function report(stage: string, problems: readonly string[]): { stage: string; ok: boolean } {
  for (const problem of problems) {
    console.error(problem);
  }
  return { stage, ok: problems.length === 0 };
}

function runTool(root: string, stage: string, command: string, args: readonly string[]) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  return { stage, ok: status === 0 };
}

function testReportPaths(root: string, script = 'test', report = 'test-report.json'): readonly string[] {
  return globSync('{packages,apps,tooling}/*/package.json', { cwd: root })
    .filter(
      (manifest) => JSON.parse(readFileSync(join(root, manifest), 'utf8')).scripts?.[script] !== undefined,
    )
    .map((manifest) => join(root, manifest, '..', report))
    .sort();
}
