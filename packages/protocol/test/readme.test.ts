import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('[3343 §4.2] the example in the README runs', async () => {
  expect(read('../README.md')).toContain(read('./example.ts').replace('../src/index.ts', '@apex/protocol'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./example.ts');
  expect(log).toHaveBeenCalledExactlyOnceWith('wilma@example.com', {
    kind: 'subscribe',
    publisher: 'fred@example.com',
    transID: 100,
    duration: 3600,
  });
  log.mockRestore();
});
