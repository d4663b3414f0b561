import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { filesBelow } from './source-files.ts';

/** Returns one line for each link of a Markdown document that leads to no file or no heading of the tree. */
export function checkDocuments(root: string): readonly string[] {
  const problems: string[] = [];
  for (const path of filesBelow(root, '', ['.md'])) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const { target, line } of linksIn(text)) {
      const problem = linkProblem(root, path, target);
      if (problem !== undefined) problems.push(`${path}:${line}: the link to ${target} ${problem}`);
    }
  }
  return problems;
}

function linkProblem(root: string, path: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  if (target.startsWith('/')) return 'is absolute: write it from the folder of the document';
  const [file = '', heading] = decodeURI(target).split('#');
  const linked = file === '' ? path : normalize(join(dirname(path), file));
  if (linked.startsWith('..')) return 'leaves the repository';
  if (!existsSync(join(root, linked))) return 'leads nowhere';
  if (heading === undefined || !linked.endsWith('.md')) return undefined;
  return headings(readFileSync(join(root, linked), 'utf8')).has(heading)
    ? undefined
    : 'names no heading there';
}

interface Link {
  readonly target: string;
  readonly line: number;
}

function linksIn(text: string): Link[] {
  return prose(text).flatMap((content, index) => {
    const withoutCode = content.replace(/`[^`]*`/g, '');
    const inline = [...withoutCode.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
    const reference = /^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)/.exec(withoutCode);
    return [...inline, ...(reference === null ? [] : [reference])].map(([, target = '']) => ({
      target,
      line: index + 1,
    }));
  });
}

/** Anchors as forges make them from headings. */
function headings(text: string): Set<string> {
  return new Set(
    prose(text).flatMap((line) => {
      const title = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
      if (title === undefined) return [];
      const words = title.replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
      return [
        words
          .toLowerCase()
          .replace(/[^\p{L}\p{N}_ -]/gu, '')
          .replaceAll(' ', '-'),
      ];
    }),
  );
}

/** The lines of a document, those of fenced code emptied. */
function prose(text: string): string[] {
  let fence: string | undefined;
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) {
      fence = mark;
      return '';
    }
    if (fence === undefined) return line;
    if (mark?.startsWith(fence)) fence = undefined;
    return '';
  });
}
