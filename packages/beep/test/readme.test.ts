import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('[3080 §2.3.1.2] the example in the README runs', async () => {
  const example = read('./example.ts')
    .replace('../src/index.ts', '@apex/beep')
    .replace('../src/transport/tcp.ts', '@apex/beep/tcp');
  expect(read('../README.md')).toContain(example);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('./example.ts');
  expect(log).toHaveBeenCalledExactlyOnceWith('YABBA DABBA DOO');
  log.mockRestore();
});
