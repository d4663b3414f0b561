import { expect, it } from 'vitest';
import { checkDocuments } from '../src/documents.ts';
import { tree } from './tree.ts';

it('passes links that lead somewhere', () => {
  const root = tree({
    'README.md': [
      '# Title',
      '[a](docs/a.md) [b](docs/a.md#two-words-p4) [c](#title) [d](https://example.com/x) [e](docs)',
      '![f](docs/f%20g.png "picture") [g](mailto:a@example.com)',
      '[ref]: docs/a.md',
      '`[code](nowhere.md)`',
      '```md',
      '[fenced](nowhere.md)',
      '```',
    ].join('\n'),
    'docs/a.md': '## Two words: `P4`\n[up](../README.md)\n',
    'docs/f g.png': '',
    'node_modules/x/README.md': '[not ours](nowhere.md)',
  });
  expect(checkDocuments(root)).toEqual([]);
});

it.each([
  ['nowhere.md', 'leads nowhere'],
  ['a.md#other', 'names no heading there'],
  ['../../out.md', 'leaves the repository'],
  ['/docs/a.md', 'is absolute: write it from the folder of the document'],
])('reports a link to %s with its line', (target, reason) => {
  const root = tree({ 'docs/a.md': `# A\n\n[x](${target})\n` });
  expect(checkDocuments(root)).toEqual([`docs/a.md:3: the link to ${target} ${reason}`]);
});
