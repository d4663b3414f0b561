import { expect, it, vi } from 'vitest';
import { endingOf } from '../src/ending.ts';

it('an interruption that comes just behind the failure that it causes is an interruption', async () => {
  const written: unknown[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(text) > 0);
  const interruption = new AbortController();
  setImmediate(() => interruption.abort());
  const interrupted = await endingOf(new Error('the load generator ended'), interruption.signal);
  const failed = await endingOf(new Error('the server refused it'), new AbortController().signal);
  write.mockRestore();
  expect([interrupted, failed]).toEqual([130, 1]);
  expect(written).toEqual(['bench: interrupted\n', 'bench: the server refused it\n']);
});
