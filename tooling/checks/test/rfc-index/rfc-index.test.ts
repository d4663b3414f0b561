import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRfcIndex, writeRfcIndex } from '../../src/rfc-index/rfc-index.ts';
import { tree } from '../tree.ts';

const source = 'packages/server/src/publish.ts';
const test = 'packages/server/test/publish.test.ts';
const name = '[3343 §4.4 step 5] refuses a stale lastUpdate';
const clean = {
  [source]: '// 3343 §4.4 step 5\nexport const x = 1;\n',
  [test]: `it('${name}', () => {});\n`,
};

function report(title: string, status: string, ancestorTitles: readonly string[] = []): string {
  const file = `/elsewhere/${test}`;
  return JSON.stringify({
    testResults: [{ name: file, assertionResults: [{ ancestorTitles, title, status }] }],
  });
}

function rowOf(root: string, id: string): string | undefined {
  const lines = readFileSync(join(root, 'docs/rfc-index.md'), 'utf8').split('\n');
  return lines.find((line) => line.startsWith(`| ${id} |`));
}

/** Writes the document of a tree, so that only the tags can be wrong. */
function written(files: Readonly<Record<string, string>>): string {
  const root = tree(files);
  writeRfcIndex(root);
  return root;
}

it('passes a clean tree, and writes the same document every time', () => {
  const root = written(clean);
  expect(checkRfcIndex(root)).toEqual([]);
  expect(checkRfcIndex(root, [report(name, 'passed')])).toEqual([]);
  const first = readFileSync(join(root, 'docs/rfc-index.md'), 'utf8');
  writeRfcIndex(root);
  expect(readFileSync(join(root, 'docs/rfc-index.md'), 'utf8')).toBe(first);
});

it('links the source and the test of a requirement', () => {
  expect(rowOf(written(clean), '3343 §4.4 step 5')).toBe(
    '| 3343 §4.4 step 5 | A lastUpdate that does not mean the same instant as that of the entry: 555. | ' +
      '[publish.ts](../packages/server/src/publish.ts) | ' +
      '[publish.test.ts](../packages/server/test/publish.test.ts): refuses a stale lastUpdate | done |',
  );
});

it('tells apart what has only a source, only a test, or neither', () => {
  const root = written({ [source]: '/** The order of RFC 3343 §4.4 (P10). */', [test]: "it('[P4] x', f);" });
  expect(rowOf(root, '3343 §4.4')).toMatch(/\| source only \|$/);
  expect(rowOf(root, 'P10')).toMatch(/\| source only \|$/);
  expect(rowOf(root, 'P4')).toMatch(/\| test only \|$/);
  expect(rowOf(root, 'P11')).toMatch(/\| open \|$/);
});

it('takes tags from comments only, not from code', () => {
  const root = written({ [source]: "export const P4 = 'P10, 3343 §4.4';" });
  for (const id of ['P4', 'P10', '3343 §4.4']) expect(rowOf(root, id)).toMatch(/\| open \|$/);
});

it('reports a document that is not what the tags say', () => {
  const root = written(clean);
  writeFileSync(join(root, source), '// 3343 §4.4 step 5, P1\n');
  expect(checkRfcIndex(root)).toEqual(['docs/rfc-index.md: not what the tags say: run `npm run docs`']);
});

it('reports a missing document', () => {
  expect(checkRfcIndex(tree(clean))).toEqual([
    'docs/rfc-index.md: not what the tags say: run `npm run docs`',
  ]);
});

it('reports tags that name nothing, in sources and in tests', () => {
  const root = written({ [source]: '// 3343 §4.4 step 7', [test]: "it('[P44] x', f);" });
  expect(checkRfcIndex(root)).toEqual([
    `${source}: the tag "3343 §4.4 step 7" names no requirement of docs/rfc-index.md`,
    `${test}: the tag "P44" of the test "[P44] x" names no requirement of docs/rfc-index.md`,
  ]);
});

it('lets a source cite a section that asks nothing, but no test claim to prove it', () => {
  expect(checkRfcIndex(written({ [source]: '// RFC 3080 §2.2.2' }))).toEqual([]);
  expect(checkRfcIndex(written({ [test]: "it('[3080 §2.2.2] x', f);" }))).toHaveLength(1);
});

describe('a test that cannot run', () => {
  it.each([
    ['skip', `it.skip('${name}', () => {});`],
    ['todo', `test.todo('${name}');`],
    ['skip of each', `it.skip.each([1])('${name}', () => {});`],
    ['skip around it', `describe.skip('publish', () => {\n  it('${name}', () => {});\n});`],
  ])('is reported and proves nothing: %s', (_, text) => {
    const root = written({ [test]: text });
    expect(checkRfcIndex(root)).toEqual([expect.stringContaining('is skipped')]);
    expect(rowOf(root, '3343 §4.4 step 5')).toMatch(/\| open \|$/);
  });

  it('does not count when it is commented out', () => {
    const root = written({ [test]: `// it('${name}', () => {});` });
    expect(rowOf(root, '3343 §4.4 step 5')).toMatch(/\| open \|$/);
  });

  it('does not touch its neighbours', () => {
    const root = written({ [test]: `describe.skip('a', () => {});\nit('${name}', () => {});` });
    expect(checkRfcIndex(root)).toEqual([]);
  });
});

describe('with a report', () => {
  it.each([
    ['failed', 'did not pass'],
    ['skipped', 'did not run'],
    ['pending', 'did not run'],
  ])('a test that is %s is reported', (status, reason) => {
    expect(checkRfcIndex(written(clean), [report(name, status)])).toEqual([
      `${test}: the test "${name}" ${reason}`,
    ]);
  });

  it('a test that did not run is reported', () => {
    expect(checkRfcIndex(written(clean), [report('another', 'passed')])).toEqual([
      `${test}: the test "${name}" did not run`,
    ]);
  });

  it('many tests of a file that did not run are one line', () => {
    const root = written({ [test]: "it('[P1] a', f); it('[P2] b', f); it('[P3] c', f);" });
    expect(checkRfcIndex(root, [report('[P2] b', 'passed')])).toEqual([
      `${test}: the test "[P1] a" and 1 more did not run`,
    ]);
  });

  it('a table of cases is found by its placeholders', () => {
    const root = written({ [test]: "it.each(cases)('[P4] takes %s and $name', f);" });
    expect(checkRfcIndex(root, [report('[P4] takes 1 and two', 'passed')])).toEqual([]);
    expect(checkRfcIndex(root, [report('[P4] takes 1 and two', 'failed')])).toHaveLength(1);
  });

  it('a table of cases proves nothing when one of them fails', () => {
    const root = written({ [test]: "it.each(cases)('[P4] takes %s', f);" });
    const reports = [report('[P4] takes 1', 'passed'), report('[P4] takes 2', 'failed')];
    expect(checkRfcIndex(root, reports)).toEqual([`${test}: the test "[P4] takes %s" did not pass`]);
  });

  it('a tagged describe stands for all tests inside', () => {
    const root = written({ [test]: "describe('[P4] in order', () => {});" });
    expect(checkRfcIndex(root, [report('one', 'passed', ['[P4] in order'])])).toEqual([]);
    expect(checkRfcIndex(root, [report('one', 'failed', ['[P4] in order'])])).toHaveLength(1);
  });

  it('a suite that a package offers runs in the files that call it', () => {
    const suite = "import { it } from 'vitest';\nexport const suite = () => it('[P8] survives', f);\n";
    const root = written({ 'packages/server/src/testing/suite.ts': suite });
    expect(checkRfcIndex(root, [report('[P8] survives', 'passed')])).toEqual([]);
    expect(
      checkRfcIndex(root, [report('[P8] survives', 'passed'), report('[P8] survives', 'skipped')]),
    ).toEqual([]);
    expect(checkRfcIndex(root, [report('another', 'passed')])).toHaveLength(1);
  });

  it('a suite beside the tests runs in the files that call it, too', () => {
    const root = written({ 'tooling/conformance/src/order.ts': "it('[P10] in order', f);" });
    expect(checkRfcIndex(root, [report('[P10] in order', 'passed')])).toEqual([]);
  });

  it('a text that is no report is refused', () => {
    expect(() => checkRfcIndex(written(clean), ['{}'])).toThrow('not a report');
  });
});
