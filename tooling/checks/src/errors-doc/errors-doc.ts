import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, workspaceFolders } from '../source-files.ts';
import { type FoundCode, findCodes, type SourceFile, stringsOf } from './codes.ts';

const path = 'docs/errors.md';

/** Returns one line for each code that docs/errors.md lacks, lists wrongly, or lists in vain. */
export function checkErrorsDoc(root: string): readonly string[] {
  const sources = sourceFiles(root);
  const strings = stringsOf(sources);
  const found = findCodes(sources);
  const rows = documentedCodes(readFileSync(join(root, path), 'utf8'));
  const problems: string[] = [];

  const documented = new Map<string, DocumentedCode>();
  for (const row of rows) {
    if (documented.has(row.code)) problems.push(`${path}:${row.line}: ${row.code} stands twice`);
    else documented.set(row.code, row);
    if (row.meaning === '' || row.remedy === '') {
      problems.push(`${path}:${row.line}: ${row.code} lacks its meaning or what to do`);
    }
  }
  for (const [code, uses] of byCode(found)) {
    const families = familiesOf(uses);
    const row = documented.get(code);
    if (row === undefined) {
      problems.push(`${path}: ${code} is missing (${families}, made in ${uses[0]?.file})`);
    } else if (families !== '' && row.family !== families) {
      problems.push(`${path}:${row.line}: ${code} is ${families} in the sources, not ${row.family}`);
    }
  }
  const made = new Set(found.map(({ code }) => code));
  for (const { code, line } of documented.values()) {
    if (!made.has(code) && !strings.has(code)) problems.push(`${path}:${line}: no source makes ${code}`);
  }
  return problems;
}

/** Every code in the sources with its families and files, as lines for a person who writes the document. */
export function listErrors(root: string): readonly string[] {
  return byCode(findCodes(sourceFiles(root))).map(
    ([code, uses]) => `${code}\t${familiesOf(uses)}\t${[...new Set(uses.map(({ file }) => file))].join(' ')}`,
  );
}

function sourceFiles(root: string): SourceFile[] {
  return workspaceFolders(root, ['packages', 'apps'])
    .flatMap((folder) => filesBelow(root, `${folder}/src`, ['.ts', '.tsx']))
    .map((file) => ({ path: file, text: readFileSync(join(root, file), 'utf8') }));
}

function byCode(found: readonly FoundCode[]): [string, FoundCode[]][] {
  return [...Map.groupBy(found, ({ code }) => code)].sort(([a], [b]) => (a < b ? -1 : 1));
}

function familiesOf(uses: readonly FoundCode[]): string {
  const families = uses.flatMap(({ family }) => family ?? []);
  return [...new Set(families)].sort().join(', ');
}

interface DocumentedCode {
  readonly code: string;
  readonly family: string;
  readonly meaning: string;
  readonly remedy: string;
  readonly line: number;
}

/** The rows of every table whose first cell is a code between backticks. */
function documentedCodes(text: string): DocumentedCode[] {
  return text.split('\n').flatMap((line, index) => {
    const match = /^\|\s*`([^`]+)`\s*\|([^|]*)\|([^|]*)\|([^|]*)\|\s*$/.exec(line);
    if (match === null) return [];
    const [, code = '', family = '', meaning = '', remedy = ''] = match.map((part) => part.trim());
    return [{ code, family, meaning, remedy, line: index + 1 }];
  });
}
