import { describe, expect, it } from 'vitest';
import { BARNEY, FRED, WILMA } from '../subject/desk.ts';
import { CREATED, type FaultyHouse, furnished } from '../subject/house.ts';

/*
 * Who may do what to whom (docs/security.md): each operation that reads or changes what is another endpoint's, as each
 * kind of originator, with each entry that fred may have about that originator. Nobody gets anything but by the words of the
 * entry that applies to him, and the owner and his applications by the entries that they have from the start.
 */

const DESK = 'fred/desk@example.com';
const STRANGER = 'betty@rubble.com';

interface Operation {
  readonly name: string;
  /** The action that it takes. */
  readonly action: string;
  readonly ask: (house: FaultyHouse, originator: string) => void;
}

const operations: readonly Operation[] = [
  {
    name: 'subscribe',
    action: 'presence:subscribe',
    ask: (house, originator) => house.subscribe(originator, FRED, 7),
  },
  {
    name: 'poll',
    action: 'presence:subscribe',
    ask: (house, originator) => house.subscribe(originator, FRED, 7, 0),
  },
  { name: 'watch', action: 'presence:watch', ask: (house, originator) => house.watch(originator, FRED, 7) },
  {
    name: 'publish',
    action: 'presence:publish',
    ask: (house, originator) => house.publish(originator, FRED, 7, CREATED),
  },
  {
    name: 'query',
    action: 'access:query',
    ask: (house, originator) =>
      house.ask(originator, `<query owner='${FRED}' actor='${WILMA}' actions='core:data' transID='7' />`),
  },
  {
    name: 'get',
    action: 'access:get',
    ask: (house, originator) => house.ask(originator, `<get owner='${FRED}' actor='${WILMA}' transID='7' />`),
  },
  {
    name: 'set',
    action: 'access:set',
    ask: (house, originator) =>
      house.ask(
        originator,
        `<set transID='7'><access owner='${FRED}' actor='nobody@rubble.com' actions='all:all' /></set>`,
      ),
  },
];

const ACTIONS = [...new Set(operations.map(({ action }) => action)), 'core:data'];

/** Whether it was refused with 537; then nothing else may have been sent to anybody. */
async function isDenied(house: FaultyHouse, { ask }: Operation, originator: string): Promise<boolean> {
  house.take();
  ask(house, originator);
  await house.owner.idle();
  const sent = house.received.map(({ to, operation }) => ({
    to,
    code: operation.kind === 'reply' ? operation.code : 0,
  }));
  house.take();
  if (sent.some(({ code }) => code === 537)) expect(sent).toEqual([{ to: originator, code: 537 }]);
  return sent[0]?.code === 537;
}

describe('authorization', () => {
  it.each(operations)(
    'gives $name to the owner and his applications, and to nobody else without an entry',
    async (operation) => {
      for (const [originator, denied] of [
        [FRED, false],
        [DESK, false],
        [WILMA, true],
        ['wilma/phone@example.com', true],
        [STRANGER, true],
      ] as const) {
        const house = await furnished();
        await house.administration.removeAccess(FRED, '*@example.com');
        expect([originator, await isDenied(house, operation, originator)]).toEqual([originator, denied]);
      }
    },
  );

  it.each(operations)(
    'gives $name by the one action that it takes, by no other, and to no one else',
    async (operation) => {
      for (const granted of [...ACTIONS, 'all:none', 'all:all']) {
        const house = await furnished();
        await house.administration.removeAccess(FRED, '*@example.com');
        for (const actor of [WILMA, STRANGER]) await house.administration.setAccess(FRED, actor, [granted]);
        const denied = granted !== operation.action && granted !== 'all:all';
        for (const originator of [WILMA, STRANGER]) {
          expect([granted, originator, await isDenied(house, operation, originator)]).toEqual([
            granted,
            originator,
            denied,
          ]);
        }
        for (const other of [BARNEY, 'wilma/phone@example.com', 'wilma@example.org']) {
          expect([granted, other, await isDenied(house, operation, other)]).toEqual([granted, other, true]);
        }
      }
    },
  );

  it.each(operations)(
    'takes $name away with an entry that says so, also from the owner and his applications',
    async (operation) => {
      const house = await furnished();
      for (const actor of [FRED, 'fred/*@example.com'])
        await house.administration.setAccess(FRED, actor, ['all:none']);
      for (const originator of [FRED, DESK]) {
        expect([originator, await isDenied(house, operation, originator)]).toEqual([originator, true]);
      }
    },
  );

  it('gives core:data, with which the relay delivers, by that action alone', async () => {
    for (const granted of [...ACTIONS, 'all:none', 'all:all']) {
      const house = await furnished();
      await house.administration.removeAccess(FRED, '*@example.com');
      await house.administration.setAccess(FRED, WILMA, [granted]);
      const verdict = (actor: string) =>
        new Promise((resolve) => house.access.check(FRED, actor, 'core:data', resolve));
      const allowed = granted === 'core:data' || granted === 'all:all';
      expect([granted, await verdict(WILMA)]).toEqual([granted, allowed ? 'allowed' : 'denied']);
      expect(await verdict(BARNEY)).toBe('denied');
    }
  });

  it('ends an operation for its originator alone: to anybody else it does not exist', async () => {
    const house = await furnished();
    house.subscribe(WILMA, FRED, 7);
    await house.owner.idle();
    house.take();
    for (const originator of [FRED, BARNEY, 'wilma/phone@example.com', STRANGER]) {
      house.terminate(originator, 7);
      await house.owner.idle();
      expect(house.take()).toEqual([`${originator.replace('@example.com', '')} 7: reply 550`]);
    }
    house.terminate(WILMA, 7);
    await house.owner.idle();
    expect(house.take()).toEqual(['wilma 7: reply 250']);
  });
});
