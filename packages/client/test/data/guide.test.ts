import { expect, it, vi } from 'vitest';
import { expectExamples } from '../guides.ts';
import { FRED, House, WILMA } from '../house.ts';
import { converse } from './guide-example.ts';

it('the examples in the guide run', async () => {
  expectExamples('messages.md', './data/guide-example.ts');
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
