import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRules } from '../src/import-table.ts';
import { checkImports, type ImportRules } from '../src/imports.ts';

const rules: ImportRules = {
  packages: [
    {
      name: '@apex/wire',
      folder: 'packages/wire',
      imports: [],
      testImports: [],
      layers: [
        { files: ['frame/'] },
        { files: ['transport/'], seenBy: ['driver.ts'] },
        { files: ['session/profile.ts'] },
        { files: ['channel/'] },
        { files: ['session/'] },
        { files: ['driver.ts'] },
        { files: ['index.ts'] },
      ],
      browserEntries: ['index.ts'],
    },
    {
      name: '@apex/far',
      folder: 'packages/far',
      imports: ['@apex/wire'],
      testImports: [],
      layers: [],
      browserEntries: ['index.ts', 'pages.ts'],
    },
  ],
  configurationPackages: [],
  browserPackages: [{ name: 'zod' }, { name: 'ui', only: ['packages/far/src/pages.ts'] }],
};
const wire = JSON.stringify({ exports: { '.': { '@apex/source': './src/index.ts' } } });
const far = JSON.stringify({ dependencies: { '@apex/wire': 'workspace:*', zod: '1', pg: '1', ui: '1' } });

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imports-'));
  write({ 'packages/wire/package.json': wire, 'packages/far/package.json': far });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function check(files: Readonly<Record<string, string>>): readonly string[] {
  write(files);
  return checkImports(root, rules);
}

test('imports towards the wire are accepted', () => {
  expect(
    check({
      'packages/wire/src/frame/frame.ts': 'export const a = 1;',
      'packages/wire/src/transport/tcp.ts': "import 'node:net';",
      'packages/wire/src/session/session.ts': "import type { F } from '../frame/frame.ts';",
      'packages/wire/src/driver.ts': "import './transport/transport.ts'; import './session/session.ts';",
      'packages/wire/src/index.ts': "export { driver } from './driver.ts';",
      'packages/far/src/index.ts': "import * as z from 'zod'; import { driver } from '@apex/wire';",
    }),
  ).toEqual([]);
});

test.each([
  ['an import', "import { s } from '../session/session.ts';"],
  ['a type import', "import type { S } from '../session/session.ts';"],
  ['a re-export', "export { s } from '../session/session.ts';"],
  ['a re-export of all', "export * from '../session/session.ts';"],
  ['a dynamic import', "await import('../session/session.ts');"],
  ['an import type', "type S = import('../session/session.ts').S;"],
])('%s of a lower layer is reported', (_, text) => {
  expect(check({ 'packages/wire/src/frame/frame.ts': text })).toEqual([
    'packages/wire/src/frame/frame.ts: imports session/session.ts, which stands below it: declare a port and let the far side implement it',
  ]);
});

test('a port may stand above the rest of its folder', () => {
  expect(check({ 'packages/wire/src/channel/channel.ts': "import '../session/profile.ts';" })).toEqual([]);
});

test('a layer with named importers is closed to others', () => {
  expect(check({ 'packages/wire/src/session/session.ts': "import '../transport/tcp.ts';" })).toEqual([
    'packages/wire/src/session/session.ts: imports transport/tcp.ts, which is for driver.ts alone',
  ]);
});

test('a cycle is reported once, with its way', () => {
  expect(
    check({
      'packages/wire/src/frame/a.ts': "import './b.ts';",
      'packages/wire/src/frame/b.ts': "import type { A } from './a.ts';",
    }),
  ).toEqual(['packages/wire: import cycle src/frame/a.ts -> src/frame/b.ts -> src/frame/a.ts']);
});

test('a file without a place in the table is reported', () => {
  expect(check({ 'packages/wire/src/extra.ts': '' })).toEqual([
    'packages/wire/src/extra.ts: has no place in tooling/checks/src/import-table.ts',
  ]);
});

test('deep imports across packages are reported', () => {
  expect(
    check({
      'packages/far/src/a.ts': "import '@apex/wire/src/index.ts';",
      'packages/far/src/b.ts': "import '../../wire/src/index.ts';",
    }),
  ).toEqual([
    "packages/far/src/a.ts: imports '@apex/wire/src/index.ts', which @apex/wire does not export",
    "packages/far/src/b.ts: reaches out of the package with '../../wire/src/index.ts'; import the package by its name",
  ]);
});

test('a package may not import one that stands below it', () => {
  const manifest = JSON.stringify({ dependencies: { '@apex/far': 'workspace:*' } });
  expect(
    check({ 'packages/wire/package.json': manifest, 'packages/wire/src/driver.ts': "import '@apex/far';" }),
  ).toEqual([
    'packages/wire/package.json: depends on @apex/far, which the table does not allow',
    "packages/wire/src/driver.ts: imports '@apex/far', which the table does not allow",
  ]);
});

test('an import without a dependency is reported', () => {
  expect(check({ 'packages/far/src/a.ts': "import 'pino';" })).toEqual([
    "packages/far/src/a.ts: imports 'pino', but package.json has no dependency on pino",
  ]);
});

test('a Node module within reach of a browser entry is reported, across packages too', () => {
  expect(
    check({
      'packages/wire/src/frame/frame.ts': "import { readFileSync } from 'node:fs';",
      'packages/wire/src/index.ts': "export * from './frame/frame.ts';",
      'packages/far/src/index.ts': "import '@apex/wire'; import 'pg';",
    }),
  ).toEqual([
    "packages/wire/src/frame/frame.ts: imports 'node:fs', but @apex/wire runs in browsers",
    "packages/wire/src/frame/frame.ts: imports 'node:fs', but @apex/far runs in browsers",
    "packages/far/src/index.ts: imports 'pg', but @apex/far runs in browsers",
  ]);
});

test('a package that is for one browser entry is reported within reach of another', () => {
  expect(
    check({
      'packages/far/src/button.ts': "import 'ui';",
      'packages/far/src/pages.ts': "import './button.ts';",
      'packages/far/src/index.ts': "import './button.ts';",
    }),
  ).toEqual(["packages/far/src/button.ts: imports 'ui', but @apex/far runs in browsers"]);
});

test('the table names packages in order: each imports only those above it', () => {
  for (const [index, rule] of packageRules.entries()) {
    const above = packageRules.slice(0, index).map(({ name }) => name);
    expect(above).toEqual(expect.arrayContaining([...rule.imports]));
  }
});
