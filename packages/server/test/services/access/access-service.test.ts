import { describe, expect, it } from 'vitest';
import { BARNEY, FRED, WILMA } from '../../subject/desk.ts';
import { CREATED, type FaultyHouse, furnished } from '../../subject/house.ts';

/** What is sent for one operation, once it is durable. */
async function asked(home: FaultyHouse, originator: string, content: string): Promise<string[]> {
  home.ask(originator, content);
  await home.owner.idle();
  return home.take();
}

const query = (owner: string, actor: string, actions: string, transID = 1): string =>
  `<query owner='${owner}' actor='${actor}' actions='${actions}' transID='${transID}' />`;
const get = (owner: string, actor: string, transID = 1): string =>
  `<get owner='${owner}' actor='${actor}' transID='${transID}' />`;
const at = (ms: number): string => new Date(ms).toISOString();
function set(
  owner: string,
  actor: string,
  parts: { actions?: string; lastUpdate?: string } = {},
  transID = 1,
): string {
  const attributes = Object.entries(parts).map(([name, value]) => ` ${name}='${value}'`);
  return `<set transID='${transID}'><access owner='${owner}' actor='${actor}'${attributes.join('')} /></set>`;
}

const each = [
  ['query', (owner: string) => query(owner, WILMA, 'core:data')],
  ['get', (owner: string) => get(owner, WILMA)],
  ['set', (owner: string) => set(owner, WILMA, { actions: 'core:data' })],
] as const;

describe('the access service', () => {
  it.each(each)(
    '[3341 §4.2 step 1] [3341 §4.3 step 1] [3341 §4.4 step 1] refuses %s with 553 for an owner of another domain',
    async (_kind, operation) => {
      expect(await asked(await furnished(), FRED, operation('fred@rubble.com'))).toEqual([
        'fred 1: reply 553',
      ]);
    },
  );

  it.each(each)(
    '[3341 §4.2 step 2] [3341 §4.3 step 2] [3341 §4.4 step 2] refuses %s with 550 for an owner that is no endpoint',
    async (_kind, operation) => {
      const home = await furnished();
      for (const owner of ['nobody@example.com', 'nobody/desk@example.com']) {
        expect(await asked(home, FRED, operation(owner))).toEqual(['fred 1: reply 550']);
      }
    },
  );

  it.each(each)(
    '[3341 §4.2 step 3] [3341 §4.3 step 3] [3341 §4.4 step 3] [A3] refuses %s with 537 for an originator whom no entry lets do it',
    async (_kind, operation) => {
      const home = await furnished();
      expect(await asked(home, WILMA, operation(FRED))).toEqual(['wilma 1: reply 537']);
      // By a default entry, an endpoint asks the services of its own domain for itself.
      expect(await asked(home, FRED, operation(FRED))).not.toContain('fred 1: reply 537');
      await home.administration.setAccess(FRED, WILMA, ['access:all']);
      expect(await asked(home, WILMA, operation(FRED))).not.toContain('wilma 1: reply 537');
    },
  );

  it('[P13] [3341 §4 rule 1] [3341 §4 rule 3] [3341 §4.5] answers 504 for operations of other services, 501 for malformed ones', async () => {
    const home = await furnished();
    expect(await asked(home, FRED, `<watch publisher='${FRED}' transID='7' duration='0' />`)).toEqual([
      'fred 7: reply 504',
    ]);
    expect(await asked(home, FRED, query(FRED, '*@*', 'core:data'))).toEqual(['fred 1: reply 501']);
    expect(await asked(home, FRED, set(FRED, 'wilma', { actions: 'core:data' }))).toEqual([
      'fred 1: reply 501',
    ]);
    expect(await asked(home, FRED, set(FRED, WILMA, { actions: '' }))).toEqual(['fred 1: reply 501']);
    expect(await asked(home, FRED, "<allow transID='3' />")).toEqual([]);
  });

  it('451 answers what could not be stored, and nothing of it stays', async () => {
    const home = await furnished();
    home.store.failNext();
    expect(await asked(home, FRED, set(FRED, WILMA, { actions: 'core:data' }))).toEqual([
      'fred 1: reply 451',
    ]);
    expect(await asked(home, FRED, get(FRED, WILMA))).toEqual(['fred 1: reply 551']);
  });
});

describe('query', () => {
  it('[3341 §4.2] [3341 §4.2 step 4] [3341 §4.2 step 5] [3341 §4.2 step 6] says allow when the entry that matches grants all of the actions, else deny', async () => {
    const home = await furnished();
    await home.administration.setAccess(FRED, WILMA, ['core:data', 'presence:all']);
    for (const [actor, actions, verdict] of [
      [WILMA, 'core:data', 'allow'],
      [WILMA, 'core:data presence:subscribe presence:watch', 'allow'],
      [WILMA, 'core:data access:get', 'deny'],
      [BARNEY, 'core:data presence:subscribe', 'allow'], // *@example.com
      [BARNEY, 'presence:publish', 'deny'],
      ['barney@rubble.com', 'core:data', 'deny'],
      [FRED, 'all:all', 'allow'], // by default
      ['apex=presence@example.com', 'core:data', 'allow'],
    ] as const) {
      expect(await asked(home, FRED, query(FRED, actor, actions)), `${actor} ${actions}`).toEqual([
        `fred 1: ${verdict}`,
      ]);
    }
  });

  it('[A6] of a subaddress looks at its own entries, then at those of its endpoint', async () => {
    const home = await furnished();
    const desk = 'fred/desk@example.com';
    await home.administration.setAccess(desk, WILMA, ['all:none']);
    expect(await asked(home, FRED, query(desk, WILMA, 'core:data'))).toEqual(['fred 1: deny']);
    expect(await asked(home, FRED, query(desk, BARNEY, 'core:data'))).toEqual(['fred 1: allow']);
  });
});

describe('get', () => {
  it('[3341 §4.3] [3341 §4.3 step 4] [3341 §4.3 step 6] [3341 §3.2] gives the entry with literally this actor, in a set', async () => {
    const home = await furnished();
    expect(await asked(home, FRED, get(FRED, '*@example.com', 9))).toEqual([
      `fred 9: set fred * core:data presence:subscribe presence:watch ${CREATED}`,
    ]);
  });

  it('[3341 §4.3 step 5] [A3] [A6] answers 551 when there is none: a default entry is none, nor is one of its endpoint', async () => {
    const home = await furnished();
    for (const [owner, actor] of [
      [FRED, WILMA],
      [FRED, '*@*'],
      [FRED, FRED],
      ['fred/desk@example.com', '*@example.com'],
    ] as const) {
      expect(await asked(home, FRED, get(owner, actor)), `${owner} ${actor}`).toEqual(['fred 1: reply 551']);
    }
  });
});

describe('set', () => {
  it('[3341 §4.4] [3341 §4 rule 5] [3341 §4.4 step 4] [3341 §4.4 step 6] [3341 §4.4 step 6.1] [3341 §4.4 step 6.2] [3341 §4.4 step 6.3] [3341 §4.4 step 6.4] makes an entry, answers 250, and tells the owner', async () => {
    const home = await furnished();
    await home.administration.setAccess(FRED, WILMA, ['access:set']);
    home.clock.advance(5000);
    expect(await asked(home, WILMA, set(FRED, BARNEY, { actions: 'presence:watch' }, 4))).toEqual([
      'wilma 4: reply 250',
      `fred 4: set fred barney presence:watch ${CREATED + 5000}`,
    ]);
    expect(await asked(home, FRED, get(FRED, BARNEY))).toEqual([
      `fred 1: set fred barney presence:watch ${CREATED + 5000}`,
    ]);
  });

  it('[3341 §4.4 step 5] [A7] answers 555 for a lastUpdate where there is no entry, 551 for neither actions nor lastUpdate', async () => {
    const home = await furnished();
    expect(
      await asked(home, FRED, set(FRED, WILMA, { actions: 'core:data', lastUpdate: at(CREATED) })),
    ).toEqual(['fred 1: reply 555']);
    expect(await asked(home, FRED, set(FRED, WILMA))).toEqual(['fred 1: reply 551']);
    expect(await asked(home, FRED, get(FRED, WILMA))).toEqual(['fred 1: reply 551']);
  });

  it('[3341 §4.4 step 7] [A4] answers 555 for another instant than that of the entry, and for none', async () => {
    const home = await furnished();
    const actor = '*@example.com';
    for (const parts of [
      { actions: 'core:data' },
      {},
      { actions: 'core:data', lastUpdate: at(CREATED - 1) },
      { lastUpdate: at(CREATED + 1) },
      { actions: 'core:data', lastUpdate: at(CREATED).replace('Z', '1Z') },
    ]) {
      expect(await asked(home, FRED, set(FRED, actor, parts)), JSON.stringify(parts)).toEqual([
        'fred 1: reply 555',
      ]);
    }
    // The same instant, written otherwise.
    const lastUpdate = new Date(CREATED + 3_600_000).toISOString().replace('Z', '0+01:00');
    expect(await asked(home, FRED, set(FRED, actor, { actions: 'core:data', lastUpdate }))).toEqual([
      'fred 1: reply 250',
      `fred 1: set fred * core:data ${CREATED + 1}`,
    ]);
  });

  it('[3341 §4.4 step 9] [3341 §4.4 step 9.1] [3341 §4.4 step 9.2] [3341 §4.4 step 9.3] [3341 §4.4 step 9.4] replaces an entry, with a lastUpdate that has grown', async () => {
    const home = await furnished();
    const actor = '*@example.com';
    const said = await asked(
      home,
      FRED,
      set(FRED, actor, { actions: 'all:none', lastUpdate: at(CREATED) }, 5),
    );
    expect(said).toEqual(['fred 5: reply 250', `fred 5: set fred * all:none ${CREATED + 1}`]);
    expect(await asked(home, FRED, query(FRED, WILMA, 'core:data'))).toEqual(['fred 1: deny']);
  });

  it('[3341 §4.4 step 8] [3341 §4.4 step 8.1] [3341 §4.4 step 8.2] [3341 §4.4 step 8.3] deletes an entry without actions, and tells the owner by a set without them', async () => {
    const home = await furnished();
    const actor = '*@example.com';
    expect(await asked(home, FRED, set(FRED, actor, { lastUpdate: at(CREATED) }, 6))).toEqual([
      'fred 6: reply 250',
      `fred 6: set fred * - ${CREATED}`,
    ]);
    expect(await asked(home, FRED, get(FRED, actor))).toEqual(['fred 1: reply 551']);
    // A4: what was removed is made again with a lastUpdate that is later still
    expect(await asked(home, FRED, set(FRED, actor, { actions: 'core:data' }))).toEqual([
      'fred 1: reply 250',
      `fred 1: set fred * core:data ${CREATED + 2}`,
    ]);
  });

  it('[A7] an override of a default makes way for it again when it is deleted', async () => {
    const home = await furnished();
    home.ask(FRED, set(FRED, 'apex=*@*', { actions: 'all:none' }));
    const foreign = query(FRED, 'apex=report@rubble.com', 'core:data');
    await home.owner.idle();
    home.take();
    expect(await asked(home, FRED, foreign)).toEqual(['fred 1: deny']);
    home.ask(FRED, set(FRED, 'apex=*@*', { lastUpdate: at(CREATED) }));
    await home.owner.idle();
    home.take();
    expect(await asked(home, FRED, foreign)).toEqual(['fred 1: allow']);
  });

  it('[A5] ends at once with 537 what the change no longer allows', async () => {
    const home = await furnished();
    home.watch(FRED, FRED, 2);
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    home.take();
    const change = set(FRED, '*@example.com', { actions: 'core:data', lastUpdate: at(CREATED) }, 3);
    expect(await asked(home, FRED, change)).toEqual([
      'fred 3: reply 250',
      `fred 3: set fred * core:data ${CREATED + 1}`,
      'wilma 1: terminate 537',
      'fred 2: notify terminate wilma',
    ]);
  });

  it('[C17] tells no service of a change of its own entries', async () => {
    const home = await furnished();
    await home.administration.provisionService('presence', 'example.com');
    await home.administration.setAccess('apex=presence@example.com', FRED, ['access:set']);
    const change = set('apex=presence@example.com', BARNEY, { actions: 'all:none' });
    expect(await asked(home, FRED, change)).toEqual(['fred 1: reply 250']);
  });

  it('refuses with 554 more entries than the limit, what is remembered of removed ones counted', async () => {
    const home = await furnished({ limits: { accessEntries: 3 } }); // two are there from the start
    expect(await asked(home, FRED, set(FRED, WILMA, { actions: 'core:data' }))).toContain(
      'fred 1: reply 250',
    );
    expect(await asked(home, FRED, set(FRED, BARNEY, { actions: 'core:data' }))).toEqual([
      'fred 1: reply 554',
    ]);
    const lastUpdate = at(CREATED);
    expect(await asked(home, FRED, set(FRED, WILMA, { lastUpdate }))).toContain('fred 1: reply 250');
    expect(await asked(home, FRED, set(FRED, BARNEY, { actions: 'core:data' }))).toEqual([
      'fred 1: reply 554',
    ]);
    expect(await asked(home, FRED, set(FRED, WILMA, { actions: 'core:data' }))).toContain(
      'fred 1: reply 250',
    );
  });
});
