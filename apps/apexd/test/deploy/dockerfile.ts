import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../../..');
export const deployFolder = join(root, 'apps/apexd/deploy');

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of each stage of the Dockerfile, each of which stands in one line. */
export function stages(): readonly (readonly Instruction[])[] {
  const found: Instruction[][] = [];
  for (const line of readFileSync(join(deployFolder, 'Dockerfile'), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') found.push([]);
    found.at(-1)?.push({ name, text });
  }
  return found;
}

/** What the stage copies from the checkout: sources, and the folder below its own that they go to. */
export function copies(
  stage: readonly Instruction[],
): readonly { readonly sources: string[]; readonly to: string }[] {
  return stage
    .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from='))
    .map(({ text }) => {
      const words = text.split(' ');
      return { sources: words.slice(0, -1), to: words.at(-1)! };
    });
}

interface Pattern {
  readonly expression: RegExp;
  readonly isIncluded: boolean;
}

/** Whether .dockerignore keeps a path of the checkout out: the last pattern that fits it, or a folder of it, decides. */
export function isIgnored(): (path: string) => boolean {
  const patterns = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): Pattern => {
      const isIncluded = line.startsWith('!');
      const glob = isIncluded ? line.slice(1) : line;
      const source = glob
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('**/', '\0')
        .replaceAll('*', '[^/]*')
        .replaceAll('\0', '(?:.*/)?');
      return { expression: new RegExp(`^${source}(?:/.*)?$`), isIncluded };
    });
  return (path) => {
    let ignored = false;
    for (const { expression, isIncluded } of patterns) if (expression.test(path)) ignored = !isIncluded;
    return ignored;
  };
}

/** The paths, from the root of the checkout, that a pattern of COPY stands for. */
export function sourcesOf(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root });
}
