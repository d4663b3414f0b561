import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, workspaceFolders } from '../source-files.ts';
import { splitSource } from '../source-text.ts';
import { taggedName, tagsIn } from './tags.ts';
import { testCalls } from './test-calls.ts';

/** A source file that claims to implement a requirement. */
export interface SourceClaim {
  readonly id: string;
  readonly file: string;
}

/** A test that claims to prove requirements. */
export interface TestClaim {
  readonly ids: readonly string[];
  readonly file: string;
  /** As written, escapes resolved; may hold `${…}` or the placeholders of a table of cases. */
  readonly name: string;
  /** Marked `skip` or `todo`, itself or around it. */
  readonly skipped: boolean;
  /** Stands in no test file but in a suite that test files call, so that it runs in those. */
  readonly shared: boolean;
}

export interface Claims {
  readonly sources: readonly SourceClaim[];
  readonly tests: readonly TestClaim[];
}

const endings = ['.ts', '.tsx', '.mts', '.js'];

/** Reads every tag below `root`, in the order of the paths. */
export function scan(root: string): Claims {
  const packages = workspaceFolders(root, ['packages', 'apps']);
  const sourceFiles = packages.flatMap((folder) => filesBelow(root, `${folder}/src`, endings));
  const testFiles = [
    ...packages.flatMap((folder) => filesBelow(root, `${folder}/test`, endings)),
    ...filesBelow(root, 'tooling/conformance', endings),
  ];
  const sources: SourceClaim[] = [];
  const tests: TestClaim[] = [];
  for (const file of sourceFiles) {
    const text = readFileSync(join(root, file), 'utf8');
    // A suite of tests that a package offers to those who implement its ports.
    if (/from 'vitest'/.test(text)) tests.push(...testClaims(file, text));
    else sources.push(...sourceClaims(file, text));
  }
  for (const file of testFiles) tests.push(...testClaims(file, readFileSync(join(root, file), 'utf8')));
  return { sources, tests };
}

export function sourceClaims(file: string, text: string): SourceClaim[] {
  // Comments on consecutive lines belong together: a tag may be broken over two of them.
  const { comments } = splitSource(text);
  const blocks: string[] = [];
  let end = -1;
  for (const comment of comments) {
    const adjoining = end !== -1 && /^\n?[ \t]*$/.test(text.slice(end, comment.start));
    if (adjoining && comment.text.startsWith('//')) blocks[blocks.length - 1] += `\n${comment.text}`;
    else blocks.push(comment.text);
    end = comment.start + comment.text.length;
  }
  const ids = new Set(blocks.flatMap(tagsIn));
  return [...ids].map((id) => ({ id, file }));
}

export function testClaims(file: string, text: string): TestClaim[] {
  const split = splitSource(text);
  const calls = testCalls(split);
  const claims: TestClaim[] = [];
  for (const piece of split.strings) {
    const tagged = taggedName(withoutEscapes(piece.text));
    if (tagged === undefined) continue;
    const skipped = calls.some((call) => call.skips && call.start <= piece.start && piece.start < call.end);
    claims.push({ ...tagged, file, skipped, shared: !/\.test\.tsx?$/.test(file) });
  }
  return claims;
}

function withoutEscapes(literal: string): string {
  return literal.replace(/\\(['"`\\$])/g, '$1');
}
