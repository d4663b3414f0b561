import { describe, expect, it } from 'vitest';
import { BARNEY, FRED, WILMA } from './desk.ts';
import { CREATED, furnished, restarted, turns } from './house.ts';

describe('what leaves', () => {
  it('[P10] does not leave before the write is durable', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    home.take();
    home.store.hold();
    home.publish(FRED, FRED, 2, CREATED);
    await turns();
    expect(home.take()).toEqual([]);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 2: reply 250', `wilma 1: publish ${CREATED + 1}`]);
  });

  it('keeps the order of the decisions, those without writes included', async () => {
    const home = await furnished();
    home.store.hold();
    home.publish(FRED, FRED, 1, CREATED);
    home.subscribe(WILMA, FRED, 2, 0);
    home.publish(FRED, FRED, 3, CREATED);
    await turns();
    expect(home.take()).toEqual([]);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual([
      'fred 1: reply 250',
      `wilma 2: publish ${CREATED + 1}`,
      'fred 3: reply 555',
    ]);
  });

  it('leaves at once when it needs no write and nothing is on its way', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 2, 0);
    expect(home.take()).toEqual([`wilma 2: publish ${CREATED}`]);
  });

  it('groups what is decided while a commit is in flight', async () => {
    const home = await furnished();
    const batches: number[] = [];
    const { store } = home;
    const commit = store.commit.bind(store);
    store.commit = (writes) => {
      batches.push(writes.length);
      return commit(writes);
    };
    store.hold();
    home.subscribe(WILMA, FRED, 1);
    await turns();
    for (let transID = 2; transID < 10; transID++)
      home.subscribe(`wilma/${transID}@example.com`, FRED, transID);
    await turns();
    store.release();
    await home.owner.idle();
    expect(batches).toEqual([1, 8]);
  });
});

describe('a fan-out', () => {
  it('leaves in slices; the next effects of its subject wait, those of others do not', async () => {
    const home = await furnished({ sliceSize: 2 });
    for (let index = 0; index < 5; index++) home.subscribe(`wilma/${index}@example.com`, FRED, 1);
    await home.owner.idle();
    home.take();
    home.publish(FRED, FRED, 9, CREATED);
    home.publish(FRED, FRED, 10, CREATED + 1);
    home.publish(BARNEY, BARNEY, 11, CREATED);
    const later = CREATED + 1;
    const seen: string[][] = [];
    for (let turn = 0; turn < 12; turn++) {
      await Promise.resolve();
      await turns(1);
      seen.push(home.take());
    }
    expect(seen.flat().filter((line) => line.startsWith('wilma'))).toEqual([
      ...[0, 1, 2, 3, 4].map((index) => `wilma/${index} 1: publish ${later}`),
      ...[0, 1, 2, 3, 4].map((index) => `wilma/${index} 1: publish ${later + 1}`),
    ]);
    const order = seen.flat();
    expect(order.indexOf('barney 11: reply 250')).toBeLessThan(order.indexOf(`wilma/4 1: publish ${later}`));
    expect(order.indexOf('fred 10: reply 250')).toBeGreaterThan(order.indexOf(`wilma/4 1: publish ${later}`));
    for (const turn of seen)
      expect(turn.filter((line) => line.includes('publish')).length).toBeLessThanOrEqual(4);
  });

  it('passes over an operation whose end became durable meanwhile', async () => {
    const home = await furnished({ sliceSize: 1 });
    const names = [0, 1, 2, 3].map((index) => `wilma/${index}@example.com`);
    for (const name of names) home.subscribe(name, FRED, 1);
    await home.owner.idle();
    home.take();
    home.publish(FRED, FRED, 9, CREATED);
    home.terminate('wilma/3@example.com', 1);
    await home.owner.idle();
    expect(home.take()).toEqual([
      'fred 9: reply 250',
      ...[0, 1, 2].map((index) => `wilma/${index} 1: publish ${CREATED + 1}`),
      'wilma/3 1: reply 250',
    ]);
  });
});

describe('a batch that fails', () => {
  it('answers 451 to its operations and to all behind it, and nothing of it stays', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    home.take();
    home.store.hold();
    home.store.failNext();
    home.publish(FRED, FRED, 2, CREATED);
    await turns();
    home.terminate(WILMA, 1);
    home.subscribe(BARNEY, WILMA, 3, 0);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 2: reply 451', 'wilma 1: reply 451', 'barney 3: reply 451']);
    home.publish(FRED, FRED, 4, CREATED);
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 4: reply 250', `wilma 1: publish ${CREATED + 1}`]);
    expect(home.owner.counters).toMatchObject({ failedBatches: 1 });
    expect(home.performer.counters.refused.get('presence')?.of(451)).toBe(3);
  });

  it('gives transIDs back that it had taken, and takes those that it had given back', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    home.take();
    home.store.hold();
    home.store.failNext();
    home.terminate(WILMA, 1);
    home.subscribe(WILMA, BARNEY, 2);
    home.store.release();
    await home.owner.idle();
    home.take();
    home.subscribe(WILMA, BARNEY, 1);
    home.subscribe(WILMA, BARNEY, 2);
    await home.owner.idle();
    expect(home.take()).toEqual(['wilma 1: reply 555', `wilma 2: publish ${CREATED}`]);
    expect(await home.store.loadOperations()).toHaveLength(2);
  });

  it('leaves a transID with its operation, and a terminate that waits elsewhere finds it there', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    home.take();
    home.store.hold();
    home.store.failNext();
    home.terminate(WILMA, 1);
    await turns();
    home.subscribe(WILMA, 'nobody@example.com', 1);
    home.terminate(WILMA, 1);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual(['wilma 1: reply 451', 'wilma 1: reply 550', 'wilma 1: reply 250']);
    expect(home.owner.sizes.operations).toBe(0);
  });

  it('rejects what administration asked for with 451', async () => {
    const home = await furnished();
    home.store.failNext();
    await expect(home.administration.setAccess(FRED, WILMA, ['all:all'])).rejects.toMatchObject({
      replyCode: 451,
    });
    expect(await home.administration.listAccess(FRED)).toHaveLength(2);
  });

  it('tries an expiry again, and leaves the operation in progress until then', async () => {
    const home = await furnished({ retryMs: 500 });
    home.subscribe(WILMA, FRED, 1, 60);
    await home.owner.idle();
    home.take();
    home.store.failNext();
    home.clock.advance(60_000);
    await home.owner.idle();
    expect(home.take()).toEqual([]);
    home.clock.advance(499);
    await home.owner.idle();
    expect(home.take()).toEqual([]);
    home.clock.advance(1);
    await home.owner.idle();
    expect(home.take()).toEqual(['wilma 1: terminate 250']);
    expect(home.clock.timers).toBe(0);
  });

  it('whose records cannot be read again either, forgets no expiry', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1, 60);
    await home.owner.idle();
    home.take();
    home.store.hold();
    home.store.failNext();
    home.store.failNext(1, 'load');
    home.publish(FRED, FRED, 2, CREATED);
    await turns();
    home.store.release(1);
    await turns();
    home.clock.advance(60_000);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 2: reply 451']);
    home.clock.advance(1000);
    await home.owner.idle();
    expect(home.take()).toEqual(['wilma 1: terminate 250']);
  });

  it('keeps later inputs of its subjects waiting until the records are read again', async () => {
    const home = await furnished();
    home.store.hold();
    home.store.failNext();
    home.publish(FRED, FRED, 1, CREATED);
    await turns();
    home.store.release(1);
    await turns();
    home.publish(FRED, FRED, 2, CREATED);
    await turns();
    expect(home.take()).toEqual(['fred 1: reply 451']);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 2: reply 250']);
  });
});

describe('a subject that is not in memory', () => {
  it('is loaded first; meanwhile only its own inputs wait, and a terminate finds its way', async () => {
    const before = await furnished();
    const home = await restarted(before);
    home.subscribe(WILMA, BARNEY, 8);
    await home.owner.idle();
    home.take();
    home.store.hold();
    home.subscribe(WILMA, FRED, 1);
    home.terminate(WILMA, 1);
    home.subscribe(WILMA, BARNEY, 1);
    home.subscribe(WILMA, BARNEY, 9, 0);
    await turns();
    expect(home.take()).toEqual([]);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual([
      'wilma 1: reply 555',
      `wilma 9: publish ${CREATED}`,
      `wilma 1: publish ${CREATED}`,
      'wilma 1: reply 250',
    ]);
  });

  it('whose records cannot be read gets its inputs answered 451, and is tried again with the next', async () => {
    const home = await restarted(await furnished());
    home.store.failNext(1, 'load');
    const verdicts: string[] = [];
    home.subscribe(WILMA, FRED, 1);
    home.access.check(FRED, WILMA, 'core:data', (verdict) => verdicts.push(verdict));
    await home.owner.idle();
    expect(home.take()).toEqual(['wilma 1: reply 451']);
    expect(verdicts).toEqual(['failed']);
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    expect(home.take()).toEqual([`wilma 1: publish ${CREATED}`]);
  });

  it('makes room for others when it has no operations in progress', async () => {
    const home = await furnished({ cachedSubjects: 10 });
    for (let index = 0; index < 40; index++) await home.administration.provision(`e${index}@example.com`);
    for (let index = 0; index < 20; index++) home.subscribe(WILMA, `e${index}@example.com`, 100 + index);
    await home.owner.idle();
    expect(home.owner.sizes).toMatchObject({ operations: 20, subjects: 30 });
    home.publish('e30@example.com', 'e30@example.com', 1, CREATED);
    home.subscribe(WILMA, 'nobody@example.com', 1);
    await home.owner.idle();
    expect(home.take().slice(-2).sort()).toEqual(['e30 1: reply 250', 'wilma 1: reply 550']);
    expect(home.owner.sizes.subjects).toBe(30);
  });
});

describe('a restart', () => {
  it('[3340 §6.1.1 rule 2] [P8] keeps operations in progress, and silently ends those whose time passed meanwhile', async () => {
    const before = await furnished();
    before.subscribe(WILMA, FRED, 1, 60);
    before.watch(FRED, FRED, 2, 10);
    before.watch(BARNEY, FRED, 3, 60);
    await before.owner.stop();
    before.clock.advance(20_000);
    const home = await restarted(before);
    expect(home.take()).toEqual([]);
    expect(await home.store.loadOperations()).toHaveLength(2);
    home.terminate(FRED, 2);
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 2: reply 550']);
    home.clock.advance(39_999);
    await home.owner.idle();
    expect(home.take()).toEqual([]);
    home.clock.advance(1);
    await home.owner.idle();
    expect(home.take()).toEqual([
      'wilma 1: terminate 250',
      'barney 3: notify terminate wilma',
      'barney 3: terminate 250',
    ]);
  });

  it('[P14] measures on the monotonic clock, whatever happens to the wall clock', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1, 60);
    await home.owner.idle();
    home.take();
    home.clock.offset += 1_000_000_000;
    home.clock.advance(59_999);
    await home.owner.idle();
    expect(home.take()).toEqual([]);
    home.clock.advance(1);
    await home.owner.idle();
    expect(home.take()).toEqual(['wilma 1: terminate 250']);
  });
});

describe('access decisions', () => {
  it('come at once when the owner is in memory, else in the order in which they were asked for', async () => {
    const before = await furnished();
    await before.administration.provisionService('presence', 'example.com');
    await before.administration.provisionService('presence', 'example.com');
    const home = await restarted(before);
    const verdicts: string[] = [];
    const check = (owner: string, actor: string): void =>
      home.access.check(owner, actor, 'core:data', (verdict) => verdicts.push(`${actor} ${verdict}`));
    check(FRED, WILMA);
    check(FRED, 'dino@elsewhere.example');
    check('nobody@example.com', WILMA);
    expect(verdicts).toEqual([]);
    await home.owner.idle();
    expect(verdicts).toEqual([`${WILMA} allowed`, 'dino@elsewhere.example denied', `${WILMA} unknown`]);
    verdicts.length = 0;
    check('fred/appl=im@example.com', WILMA);
    expect(verdicts).toEqual([`${WILMA} allowed`]);
    // C7
    check('apex=presence@example.com', 'dino@elsewhere.example');
    await home.owner.idle();
    expect(verdicts).toEqual([`${WILMA} allowed`, 'dino@elsewhere.example allowed']);
  });
});

it('verdicts about one owner come in the order in which they were asked for, also amid its inputs', async () => {
  const home = await restarted(await furnished());
  const verdicts: string[] = [];
  const check = (actor: string): void =>
    home.access.check(FRED, actor, 'core:data', (verdict) => verdicts.push(`${actor} ${verdict}`));
  home.onSend = () => check(BARNEY);
  home.subscribe(FRED, FRED, 1, 0);
  check(WILMA);
  await home.owner.idle();
  expect(verdicts).toEqual([`${WILMA} allowed`, `${BARNEY} allowed`]);
});

describe('too much input', () => {
  it('is refused with 450 while too much waits for the store', async () => {
    const home = await furnished({ backlog: 2 });
    home.store.hold();
    for (let transID = 1; transID <= 3; transID++) home.subscribe(WILMA, FRED, transID);
    expect(home.take()).toEqual(['wilma 3: reply 450']);
    home.store.release();
    await home.owner.idle();
    expect(home.take()).toEqual([`wilma 1: publish ${CREATED}`, `wilma 2: publish ${CREATED}`]);
  });
});
