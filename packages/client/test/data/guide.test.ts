import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { FRED, House, WILMA } from '../house.ts';
import { converse } from './guide-example.ts';

/** Without what a formatter decides. */
const bare = (source: string): string => source.replaceAll(/,(?=\s*\))|\s/g, '');
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('the examples in the guide run', async () => {
  const examples = [...read('../../../../docs/guides/messages.md').matchAll(/```ts\n(.*?)```/gs)].flatMap(
    ([, code = '']) => code.trim().split('\n'),
  );
  expect(examples).not.toEqual([]);
  const source = bare(read('./guide-example.ts'));
  for (const line of examples) expect(source).toContain(bare(line));

  await using house = await House.open();
  await house.server.administration.setAccess(WILMA, FRED, ['core:data']);
  const fred = await house.attach(FRED);
  const wilma = await house.attach(WILMA);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await converse(fred, wilma);
  const lines = log.mock.calls.map((words) => words.join(' '));
  log.mockRestore();
  expect(lines.sort()).toEqual(['delivered', `${FRED} now?`, `${FRED} yabba dabba doo`]);
});
