import type { TestClaim } from './scan.ts';

/** What the test runner's JSON report says about one test. */
export interface TestOutcome {
  /** Absolute path of the file that ran. */
  readonly file: string;
  /** Its own title and those around it. */
  readonly titles: readonly string[];
  readonly status: 'passed' | 'failed' | 'skipped';
}

/** Reads a report of `vitest --reporter=json`. Throws when the text is none. */
export function readReport(text: string): TestOutcome[] {
  const report = JSON.parse(text) as Partial<VitestReport>;
  if (report.testResults === undefined) throw new Error('not a report of `vitest --reporter=json`');
  return report.testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({
      file: file.name.replaceAll('\\', '/'),
      titles: [...test.ancestorTitles, test.title],
      status: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
    })),
  );
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/**
 * Why a claimed test does not prove anything, by the reports; undefined when it passed. A suite that
 * several files call, or a table of cases, may skip some as long as others pass.
 */
export function objection(claim: TestClaim, outcomes: readonly TestOutcome[]): string | undefined {
  const pattern = titlePattern(claim.name);
  const statuses = outcomes
    .filter(({ file }) => claim.shared || file.endsWith(`/${claim.file}`))
    .filter(({ titles }) => titles.some((title) => pattern.test(title)))
    .map(({ status }) => status);
  if (statuses.includes('failed')) return 'did not pass';
  return statuses.includes('passed') ? undefined : 'did not run';
}

/** A name with substitutions or the placeholders of a table of cases matches whatever they became. */
function titlePattern(name: string): RegExp {
  const parts = name.split(/\$\{[^}]*\}|%[sdifjo#]|\$[A-Za-z_][\w.]*/);
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^]*')}$`);
}
