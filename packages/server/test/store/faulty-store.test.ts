import { expect, it } from 'vitest';
import { FaultyStore } from '../../src/store/faulty-store.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { StoreWrite } from '../../src/store/ports.ts';
import { storeSuite } from '../../src/store/testing.ts';

storeSuite('FaultyStore without faults', {
  create: async () => ({
    open: async () => new FaultyStore(new MemoryStore()),
    reopens: false,
    remove: async () => {},
  }),
});

storeSuite('FaultyStore with delays', {
  create: async () => ({
    open: async () =>
      new FaultyStore(new MemoryStore(), () => new Promise((resolve) => setImmediate(resolve))),
    reopens: false,
    remove: async () => {},
  }),
});

const add = (name: string): StoreWrite[] => [{ kind: 'put-endpoint', endpoint: name, createdAt: 1 }];
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('holds calls until they are released, one by one or all, in their order', async () => {
  const store = new FaultyStore(new MemoryStore());
  store.hold();
  const done: string[] = [];
  for (const name of ['a@d', 'b@d', 'c@d']) void store.commit(add(name)).then(() => done.push(name));
  void store.listEndpoints('', 9).then((names) => done.push(`list of ${names.length}`));
  await settled();
  expect([done, store.waiting]).toEqual([[], 4]);
  store.release(2);
  await settled();
  expect([done, store.waiting]).toEqual([['a@d', 'b@d'], 2]);
  store.release();
  await settled();
  expect([done, store.waiting]).toEqual([['a@d', 'b@d', 'c@d', 'list of 3'], 0]);
});

it('fails as many calls of a kind as it was told, and applies nothing of them', async () => {
  const inner = new MemoryStore();
  const store = new FaultyStore(inner);
  store.failNext(2);
  store.failNext(1, 'load');
  const outcomes = await Promise.allSettled([
    store.commit(add('a@d')),
    store.listEndpoints('', 9),
    store.commit(add('b@d')),
    store.commit(add('c@d')),
    store.listEndpoints('', 9),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(outcomes[0]).toMatchObject({ reason: { code: 'store.failed' } });
  expect(await inner.listEndpoints('', 9)).toEqual(['c@d']);
});
