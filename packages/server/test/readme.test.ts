import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('[P2] the example in the README runs', async () => {
  expect(read('../README.md')).toContain(read('./example.ts').replace('../src/index.ts', '@apex/server'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./example.ts');
  expect(log).toHaveBeenCalledExactlyOnceWith(['fred@example.com', 'wilma@example.com'], 1);
  log.mockRestore();
});
