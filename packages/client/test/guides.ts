import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Without what a formatter decides. */
const bare = (source: string): string => source.replaceAll(/,(?=\s*\))|\s/g, '');
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Every line of the examples in a guide stands in the file that the test runs. */
export function expectExamples(guide: string, file: string, language: 'ts' | 'tsx' = 'ts'): void {
  const examples = [
    ...read(`../../../docs/guides/${guide}`).matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs')),
  ].flatMap(([, code = '']) => code.trim().split('\n'));
  expect(examples).not.toEqual([]);
  const source = bare(read(file));
  for (const line of examples) expect(source).toContain(bare(line));
}
