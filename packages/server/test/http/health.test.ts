import { VirtualClock } from '@apex/vitest/virtual-clock';
import { expect, it } from 'vitest';
import { answers, deskOf } from '../../src/serving.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';

it('whether the store answers is told at once, however many have failed to authenticate as nobody', async () => {
  const desk = deskOf({ domain: 'example.com', store: new MemoryStore(), clock: new VirtualClock() });
  const failed = { mechanism: 'PLAIN', succeeded: false, remoteAddress: '192.0.2.1:4000' } as const;
  for (let count = 0; count < 20; count += 1) desk.outcome({ ...failed, identity: '' });
  expect(await answers(desk)).toBe(true);
});
