import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { converse } from './example.ts';
import { House } from './house.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('the example in the README runs', async () => {
  expect(read('../README.md')).toContain(read('./example.ts').replace('../src/tcp.ts', '@apex/client/tcp'));
  await using house = await House.open();
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await converse(house.server.address.port, 'yabba dabba doo');
  expect(log).toHaveBeenCalledExactlyOnceWith('fred@example.com', 'mailto:fred@example.com');
  log.mockRestore();
  expect(await house.operations()).toEqual([]);
});
