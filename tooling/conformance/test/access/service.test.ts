import { describe, expect, it } from 'vitest';
import { type Application, newTransID } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { type Element, element, escapeXml } from '../../src/xml.ts';
import {
  ending,
  expectNothing,
  notification,
  onOwnServer,
  subscribed,
  watching,
} from '../presence/playing.ts';

const scene = scenes('access');

const serviceOf = (endpoint: string): string =>
  `apex=access@${endpoint.slice(endpoint.lastIndexOf('@') + 1)}`;

function query(owner: string, actor: string, actions: string, transID: number): string {
  return `<query owner='${escapeXml(owner)}' actor='${escapeXml(actor)}' actions='${actions}' transID='${transID}' />`;
}

function get(owner: string, actor: string, transID: number): string {
  return `<get owner='${escapeXml(owner)}' actor='${escapeXml(actor)}' transID='${transID}' />`;
}

interface Parts {
  readonly actions?: string;
  readonly lastUpdate?: string;
}

function set(owner: string, actor: string, { actions, lastUpdate }: Parts, transID: number): string {
  const what = actions === undefined ? '' : ` actions='${actions}'`;
  const when = lastUpdate === undefined ? '' : ` lastUpdate='${lastUpdate}'`;
  return `<set transID='${transID}'><access owner='${escapeXml(owner)}' actor='${escapeXml(actor)}'${what}${when} /></set>`;
}

/** Asks the access service; gives what it says under the transID of the request. */
async function ask(
  application: Application,
  endpoint: string,
  request: (transID: number) => string,
): Promise<Element> {
  const transID = newTransID();
  await application.operate(endpoint, request(transID), serviceOf(endpoint));
  const said = await application.next(endpoint);
  expect(said.originator).toBe(serviceOf(endpoint));
  expect(said.attributes['transID']).toBe(String(transID));
  return said;
}

/** The entry that a get brings: its attributes; or the code of the reply. */
async function entryOf(
  application: Application,
  endpoint: string,
  owner: string,
  actor: string,
): Promise<Readonly<Record<string, string>> | number> {
  const said = await ask(application, endpoint, (transID) => get(owner, actor, transID));
  if (said.name === 'reply') return Number(said.attributes['code']);
  expect(said.name).toBe('set');
  return element(said.inner, 'access').attributes;
}

/** Sets an entry as its owner, who is told of it. Gives the attributes of the entry in the notification. */
async function put(
  application: Application,
  owner: string,
  actor: string,
  parts: Parts,
): Promise<Readonly<Record<string, string>>> {
  const said = await ask(application, owner, (transID) => set(owner, actor, parts, transID));
  expect([said.name, said.attributes['code']]).toEqual(['reply', '250']);
  const told = await application.next(owner);
  expect([told.name, told.attributes['transID']]).toEqual(['set', said.attributes['transID']]);
  return element(told.inner, 'access').attributes;
}

/** An earlier run may have left the entry there. */
async function remove(application: Application, owner: string, actor: string): Promise<void> {
  const present = await entryOf(application, owner, owner, actor);
  if (typeof present !== 'number')
    await put(application, owner, actor, { lastUpdate: String(present['lastUpdate']) });
}

describe('query', () => {
  it(
    '[3341 §4.2] [3341 §4.2 step 4] [3341 §4.2 step 5] [3341 §4.2 step 6] says whether all of the actions are allowed',
    scene(async ({ join, fred, wilma, barney }) => {
      const application = await join(fred);
      for (const [actor, actions, verdict] of [
        [wilma, 'presence:subscribe', 'allow'],
        [subaddress(wilma, 'desk'), 'core:data presence:subscribe', 'allow'],
        [wilma, 'presence:subscribe presence:watch', 'deny'],
        [barney, 'core:data', 'deny'],
        [fred, 'core:data presence:publish access:set', 'allow'],
      ] as const) {
        const said = await ask(application, fred, (transID) => query(fred, actor, actions, transID));
        expect(said.name, `${actor} ${actions}`).toBe(verdict);
      }
    }),
  );

  it(
    '[3341 §4.2 step 1] [3341 §4.2 step 2] [3341 §4.2 step 3] [A3] is refused with 553, 550 and 537',
    scene(async ({ join, domain, fred, wilma }) => {
      const application = await join(wilma);
      for (const [owner, code] of [
        ['fred@elsewhere.invalid', '553'],
        [`nobody@${domain}`, '550'],
        [fred, '537'],
      ] as const) {
        const said = await ask(application, wilma, (transID) => query(owner, wilma, 'core:data', transID));
        expect([said.name, said.attributes['code']], owner).toEqual(['reply', code]);
      }
    }),
  );
});

describe('get', () => {
  it(
    '[3341 §4.3] [3341 §4.3 step 4] [3341 §4.3 step 6] brings the entry with literally this actor, in a set',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(fred);
      expect(await entryOf(application, fred, fred, wilma)).toEqual({
        owner: fred,
        actor: wilma,
        actions: 'core:data presence:subscribe',
        lastUpdate: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|-00:00)$/),
      });
    }),
  );

  it(
    '[3341 §4.3 step 5] [A3] [A6] is answered 551 where there is none: a default is none, nor is an entry of the endpoint one of its subaddress',
    scene(async ({ join, fred, wilma, barney }) => {
      const application = await join(fred);
      expect(await entryOf(application, fred, fred, barney)).toBe(551);
      expect(await entryOf(application, fred, fred, '*@*')).toBe(551);
      expect(await entryOf(application, fred, subaddress(fred, 'desk'), wilma)).toBe(551);
    }),
  );

  it(
    '[3341 §4.3 step 1] [3341 §4.3 step 2] [3341 §4.3 step 3] is refused with 553, 550 and 537',
    scene(async ({ join, domain, fred, wilma }) => {
      const application = await join(wilma);
      expect(await entryOf(application, wilma, 'fred@elsewhere.invalid', wilma)).toBe(553);
      expect(await entryOf(application, wilma, `nobody@${domain}`, wilma)).toBe(550);
      expect(await entryOf(application, wilma, fred, wilma)).toBe(537);
    }),
  );
});

describe('set', () => {
  it(
    '[3341 §2.3] [3341 §4.4] [3341 §4.4 step 6] [3341 §4.4 step 6.3] [3341 §4.4 step 6.4] [3341 §4.4 step 9] [3341 §4.4 step 9.2] [3341 §4.4 step 8] [3341 §4.4 step 8.3] makes, replaces and deletes an entry, and the owner is told of each',
    scene(async ({ join, fred, barney }) => {
      const application = await join(fred);
      await remove(application, fred, barney);
      const made = await put(application, fred, barney, { actions: 'presence:watch' });
      expect(made).toMatchObject({ owner: fred, actor: barney, actions: 'presence:watch' });
      const lastUpdate = String(made['lastUpdate']);
      const replaced = await put(application, fred, barney, { actions: 'core:data', lastUpdate });
      expect(replaced['actions']).toBe('core:data');
      expect(Date.parse(String(replaced['lastUpdate']))).toBeGreaterThan(Date.parse(lastUpdate));
      expect(await entryOf(application, fred, fred, barney)).toEqual(replaced);
      const deleted = await put(application, fred, barney, { lastUpdate: String(replaced['lastUpdate']) });
      expect(deleted).toEqual({ owner: fred, actor: barney, lastUpdate: replaced['lastUpdate'] });
      expect(await entryOf(application, fred, fred, barney)).toBe(551);
    }),
  );

  it(
    '[3341 §4.4 step 5] [3341 §4.4 step 7] [A4] [A7] is refused with 555 for another lastUpdate, with 551 for nothing to delete',
    scene(async ({ join, fred, barney }) => {
      const application = await join(fred);
      await remove(application, fred, barney);
      const code = async (parts: Parts): Promise<string | undefined> =>
        (await ask(application, fred, (transID) => set(fred, barney, parts, transID))).attributes['code'];
      expect(await code({ actions: 'core:data', lastUpdate: '2026-11-25T00:00:00Z' })).toBe('555');
      expect(await code({})).toBe('551');
      const { lastUpdate = '' } = await put(application, fred, barney, { actions: 'core:data' });
      expect(await code({ actions: 'all:all' })).toBe('555');
      expect(await code({ actions: 'all:all', lastUpdate: '2026-11-25T00:00:00Z' })).toBe('555');
      expect(await code({})).toBe('555');
      const shifted = new Date(Date.parse(lastUpdate) + 3_600_000).toISOString().replace('Z', '+01:00');
      await put(application, fred, barney, { lastUpdate: shifted });
    }),
  );

  it(
    '[3341 §4.4 step 1] [3341 §4.4 step 2] [3341 §4.4 step 3] is refused with 553, 550 and 537',
    scene(async ({ join, domain, fred, wilma }) => {
      const application = await join(wilma);
      for (const [owner, expected] of [
        ['fred@elsewhere.invalid', '553'],
        [`nobody@${domain}`, '550'],
        [fred, '537'],
      ] as const) {
        const said = await ask(application, wilma, (transID) =>
          set(owner, wilma, { actions: 'all:all' }, transID),
        );
        expect([said.name, said.attributes['code']], owner).toEqual(['reply', expected]);
      }
    }),
  );

  it(
    '[A5] takes effect at once: what it allows can be done, what it no longer allows ends with 537',
    scene(async ({ join, fred, barney }) => {
      const [owner, application] = [await join(fred), await join(barney)];
      await remove(owner, fred, barney);
      const refused = await application.subscribe(barney, fred, 60);
      expect(await application.replyCode(barney, refused)).toBe(537);
      const { lastUpdate = '' } = await put(owner, fred, barney, { actions: 'presence:subscribe' });
      const transID = await subscribed(application, barney, fred);
      const watch = await watching(owner, fred, fred, 1);
      await put(owner, fred, barney, { lastUpdate });
      expect(await ending(application, barney)).toBe(`terminate ${transID} 537`);
      expect(await notification(owner, fred, watch)).toBe(`terminate ${barney} 0`);
    }),
  );

  it(
    '[A6] of a subaddress is for that owner alone',
    scene(async ({ join, fred, barney }) => {
      const desk = subaddress(fred, 'desk');
      const application = await join(desk);
      await remove(application, desk, barney);
      await put(application, desk, barney, { actions: 'core:data' });
      expect(await entryOf(application, desk, fred, barney)).toBe(551);
      const sender = await join(barney);
      await sender.data(barney, desk, '<hello />');
      expect((await application.next(desk)).name).toBe('hello');
    }),
  );

  it.runIf(isOwnServer)(
    '[3341 §4] survives a crash of the server',
    onOwnServer({}, async ({ join, fred, barney }, server) => {
      const made = await put(await join(fred), fred, barney, { actions: 'presence:watch' });
      await server.crash();
      const application = await join(fred);
      expect(await entryOf(application, fred, fred, barney)).toEqual(made);
    }),
  );
});

it(
  '[P13] [C17] what is malformed or belongs to another service is refused by the access service, answers are dropped',
  scene(async ({ join, fred }) => {
    const application = await join(fred);
    for (const [operation, code] of [
      ["<query owner='f' actor='a@b' actions='core:data' transID='#' />", '501'],
      [`<query owner='${fred}' actor='*@*' actions='core:data' transID='#' />`, '501'],
      [`<get owner='${fred}' actor='nobody' transID='#' />`, '501'],
      [`<set transID='#'><access owner='${fred}' actor='*@*' actions='' /></set>`, '501'],
      [`<subscribe publisher='${fred}' duration='0' transID='#' />`, '504'],
    ] as const) {
      const said = await ask(application, fred, (transID) => operation.replace('#', String(transID)));
      expect([said.name, said.attributes['code']], operation).toEqual(['reply', code]);
    }
    await application.operate(fred, `<allow transID='5' />`, serviceOf(fred));
    await expectNothing(application, fred);
  }),
);
