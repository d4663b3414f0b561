import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const notOurs = new Set(['node_modules', 'dist', 'coverage', 'fixtures', '.git', '.turbo']);

/** Files below `folder` whose name ends with one of `endings`: paths from `root`, sorted, with `/`. */
export function filesBelow(root: string, folder: string, endings: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    for (const entry of entriesOf(root, path)) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!notOurs.has(entry.name)) walk(below);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        found.push(below);
      }
    }
  };
  walk(folder);
  return found.sort();
}

/** The workspace packages below `packages`, `apps` and `tooling`: paths from `root`, sorted. */
export function workspaceFolders(root: string, groups: readonly string[]): string[] {
  return groups
    .flatMap((group) =>
      entriesOf(root, group)
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${group}/${entry.name}`),
    )
    .sort();
}

function entriesOf(root: string, path: string) {
  try {
    return readdirSync(join(root, path), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
