import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const shown = (path: string): string => read(path).replace('../src/index.ts', '@apex/server');

it('[P2] the example in the README runs', async () => {
  expect(read('../README.md')).toContain(shown('./example.ts'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./example.ts');
  expect(log).toHaveBeenCalledExactlyOnceWith(['fred@example.com', 'wilma@example.com'], 1);
  log.mockRestore();
});

it('the example of an option in the README runs', async () => {
  expect(read('../README.md')).toContain(shown('./option-example.ts'));
  await expect(import('./option-example.ts')).resolves.toBeDefined();
});
