import { expect, it } from 'vitest';
import { memoryPair } from '../../src/transport/memory.ts';
import { Listener, transportSuite, until } from './transport-suite.ts';

transportSuite('memory', async () => {
  const [first, second] = memoryPair();
  return { first, second, free: async () => {} };
});

it('delivers in a later microtask, never inside write, and what came before it was opened', async () => {
  const [first, second] = memoryPair();
  const listener = new Listener();
  first.write(Uint8Array.of(104, 105));
  second.open(listener);
  expect(listener.text).toBe('');
  await until(() => listener.text === 'hi');
});
