import type { Requirement, RequirementList } from './requirements/requirement.ts';
import type { Claims, TestClaim } from './scan.ts';

export type Status = 'done' | 'source only' | 'test only' | 'open';

/** One requirement with what claims to implement and to prove it. */
export interface Row {
  readonly requirement: Requirement;
  readonly sources: readonly string[];
  /** Those that can run; a skipped test proves nothing. */
  readonly tests: readonly TestClaim[];
  readonly status: Status;
}

export interface Table {
  readonly heading: string;
  readonly rows: readonly Row[];
}

export function tabulate(lists: readonly RequirementList[], claims: Claims): Table[] {
  return lists.map(({ heading, requirements }) => ({
    heading,
    rows: requirements.map((requirement) => row(requirement, claims)),
  }));
}

function row(requirement: Requirement, claims: Claims): Row {
  const sources = claims.sources.filter(({ id }) => id === requirement.id).map(({ file }) => file);
  const tests = claims.tests.filter(({ ids, skipped }) => !skipped && ids.includes(requirement.id));
  return { requirement, sources, tests, status: status(sources.length > 0, tests.length > 0) };
}

function status(source: boolean, test: boolean): Status {
  if (source) return test ? 'done' : 'source only';
  return test ? 'test only' : 'open';
}

/** Tags that name neither a requirement nor a section that may be cited, and tests that cannot run. */
export function wrongClaims(lists: readonly RequirementList[], claims: Claims): string[] {
  const known = new Set(lists.flatMap(({ requirements }) => requirements.map(({ id }) => id)));
  const citable = new Set([...known, ...lists.flatMap(({ descriptive }) => descriptive)]);
  return [
    ...claims.sources
      .filter(({ id }) => !citable.has(id))
      .map(({ id, file }) => `${file}: the tag "${id}" names no requirement of docs/rfc-index.md`),
    ...claims.tests.flatMap(({ ids, file, name }) =>
      ids
        .filter((id) => !known.has(id))
        .map(
          (id) => `${file}: the tag "${id}" of the test "${name}" names no requirement of docs/rfc-index.md`,
        ),
    ),
    ...claims.tests
      .filter(({ skipped }) => skipped)
      .map(
        ({ file, name }) =>
          `${file}: the test "${name}" is skipped, so it proves nothing: let it run or take the tag away`,
      ),
  ];
}
