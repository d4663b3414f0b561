import { expect, it } from 'vitest';
import { findCodes } from '../../src/errors-doc/codes.ts';
import { checkErrorsDoc } from '../../src/errors-doc/errors-doc.ts';
import { tree } from '../tree.ts';

const header = '| code | family | meaning | what to do |\n| --- | --- | --- | --- |\n';
const row = (code: string, family: string) => `| \`${code}\` | ${family} | Something. | Mend it. |\n`;
const found = (text: string) =>
  findCodes([{ path: 'a.ts', text }]).map(({ code, family }) => `${code} ${family}`);

it('passes a document that lists every code', () => {
  const root = tree({
    'packages/beep/src/a.ts': "throw new FrameError('frame.seqno', 'x');",
    'packages/beep/src/c.ts': "throw new ReplyError(550, 'x');",
    'apps/apexd/src/b.ts': "throw new AppError('config.read', 'x');",
    'docs/errors.md':
      header +
      row('config.read', 'AppError') +
      row('frame.seqno', 'FrameError') +
      row('reply.550', 'ReplyError'),
  });
  expect(checkErrorsDoc(root)).toEqual([]);
});

it('reports what is missing, gone, of another family, incomplete and double', () => {
  const root = tree({
    'packages/beep/src/a.ts':
      "new FrameError('frame.seqno', ''); new UsageError('channel.closed', ''); new StoreError('x.y');",
    'docs/errors.md': `${header}${row('frame.seqno', 'UsageError')}${row('old.code', 'FrameError')}| \`x.y\` | StoreError |  | |\n${row('x.y', 'StoreError')}`,
  });
  expect(checkErrorsDoc(root)).toEqual([
    'docs/errors.md:5: x.y lacks its meaning or what to do',
    'docs/errors.md:6: x.y stands twice',
    'docs/errors.md: channel.closed is missing (UsageError, made in packages/beep/src/a.ts)',
    'docs/errors.md:3: frame.seqno is FrameError in the sources, not UsageError',
    'docs/errors.md:4: no source makes old.code',
  ]);
});

it('a code that stands in a comment only is gone', () => {
  const root = tree({
    'packages/beep/src/a.ts': "// new FrameError('frame.seqno')\n",
    'docs/errors.md': header + row('frame.seqno', 'FrameError'),
  });
  expect(checkErrorsDoc(root)).toEqual(['docs/errors.md:3: no source makes frame.seqno']);
});

it.each([
  ['a constructor', "new MessageError('xml.end', 500, 'no end')", ['xml.end MessageError']],
  ['several lines', "new UsageError(\n  'a.b',\n  `c`,\n)", ['a.b UsageError']],
  [
    'a choice',
    "new MessageError(late ? 'a.late' : 'a.early', 501, 'x')",
    ['a.late MessageError', 'a.early MessageError'],
  ],
  ['a refusal', "new ReplyError(550, 'no, not here')", ['reply.550 ReplyError']],
  ['a refusal with a code', "new ReplyError(550, 'x', 'attach.other')", ['attach.other ReplyError']],
  ['a refusal whose code comes from elsewhere', "new ReplyError(550, 'x', code)", []],
  ['a refusal from the wire', 'new ReplyError(error.code, error.text)', ['reply.* ReplyError']],
  [
    'a class of its own',
    "class LostError extends BeepError {\n constructor() { super('session.lost', 'x'); } }\nnew LostError('released');",
    ['session.lost LostError'],
  ],
  [
    'a function that passes it on',
    "throw bad('xml.tag', 3);\nfunction bad(code: string, at: number): MessageError { return new MessageError(code, 500, '' + at); }",
    ['xml.tag MessageError'],
  ],
  [
    'a method that passes it on',
    "class R { a() { this.#fail(1, 'a.b'); }\n #fail(n: number, code: string) { throw new FrameError(code, 'x'); } }",
    ['a.b FrameError'],
  ],
  [
    'a class that is no error itself',
    "class Wrong { constructor(code: string) {} }\nthrow new Wrong('frame.keyword');",
    ['frame.keyword undefined'],
  ],
  ['a plain Error', "new Error('word'); new TypeError('word')", []],
  ['a function with a reply code', "function reply(code: number) {}\nreply(f('a.b'))", []],
])('reads the codes of %s', (_, text, codes) => {
  expect(found(text)).toEqual(codes);
});

it('follows an exported function into other files', () => {
  const files = [
    { path: 'a.ts', text: 'export function bad(code: string): StoreError { return new StoreError(code); }' },
    { path: 'b.ts', text: "throw bad('store.lost');" },
  ];
  expect(findCodes(files)).toEqual([{ code: 'store.lost', family: 'StoreError', file: 'b.ts' }]);
});
