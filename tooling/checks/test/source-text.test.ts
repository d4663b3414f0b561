import { expect, it } from 'vitest';
import { splitSource } from '../src/source-text.ts';

const comments = (source: string) => splitSource(source).comments.map(({ text }) => text);
const strings = (source: string) => splitSource(source).strings.map(({ text }) => text);

it('finds both kinds of comments and no others', () => {
  expect(comments('a(); // one\n/* two\n */ b(\'// no\', "/* no */", `// no`);')).toEqual([
    '// one',
    '/* two\n */',
  ]);
});

it('takes a slash for a regular expression only where an operand may stand', () => {
  expect(comments('const x = /[\'"`/]/.test(a); // one')).toEqual(['// one']);
  expect(comments("const y = (a) / b; f('x'); // one")).toEqual(['// one']);
});

it('goes on behind an escaped quote', () => {
  expect(comments(String.raw`f('it\'s // not one'); // one`)).toEqual(['// one']);
});

it('keeps a template with substitutions in one piece', () => {
  // Put together here: in one piece it would look like a template that lacks its quotes.
  const inside = ['a $', "{g('}') + `$", '{x}`} b'].join('');
  expect(strings(`f(\`${inside}\`, 'c')`)).toEqual([inside, 'c']);
});

it('ends a quoted string that is not closed with its line, as in text between tags', () => {
  expect(comments("<p>don't</p>\n// one")).toEqual(['// one']);
});

it('blanks contents and keeps every offset', () => {
  const source = "it('(', /[)]/, () => {}); // )";
  const { code } = splitSource(source);
  expect(code).toHaveLength(source.length);
  expect(code).toBe("it(' ', /   /, () => {});     ");
});
