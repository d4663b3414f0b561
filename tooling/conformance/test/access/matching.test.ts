import { describe, expect, it } from 'vitest';
import { type Application, newTransID, publishElement } from '../../src/application.ts';
import { type AccessCast, accessCast, password } from '../../src/provisioning.ts';
import { enact, parent, type Stage, subaddress } from '../../src/scenes.ts';
import { target } from '../../src/target.ts';

/** What the presence service lets an actor do, by the access entries of an owner. */
type Action = 'subscribe' | 'watch' | 'publish';
const actions: readonly Action[] = ['subscribe', 'watch', 'publish'];

/** Each test attaches as actors as which no other test does. */
function play(attempt: (stage: Stage, cast: AccessCast) => Promise<void>): () => Promise<void> {
  return () => enact((stage) => attempt(stage, accessCast(stage.domain)), target());
}

async function join({ session }: Stage, endpoint: string): Promise<Application> {
  const application = await session();
  await application.authenticate(parent(endpoint), password);
  await application.startApex();
  const { name } = await application.attach(endpoint);
  expect(name).toBe('ok');
  return application;
}

/** The actions that an actor may perform on an owner. */
async function granted(application: Application, actor: string, owner: string): Promise<readonly Action[]> {
  const allowed: Action[] = [];
  for (const action of actions) {
    const code = await attempt(application, actor, owner, action);
    expect([250, 537, 555]).toContain(code);
    if (code !== 537) allowed.push(action);
  }
  return allowed;
}

/** 537 when it is refused; it leaves nothing behind. */
async function attempt(
  application: Application,
  actor: string,
  owner: string,
  action: Action,
): Promise<number> {
  if (action === 'publish') {
    // Checked behind access: a lastUpdate that no entry has had.
    const transID = newTransID();
    await application.operate(actor, publishElement(owner, '1969-01-01T00:00:00Z', { transID }));
    return application.replyCode(actor, transID);
  }
  if (action === 'watch') return application.replyCode(actor, await application.watch(actor, owner, 0));
  await application.subscribe(actor, owner, 0);
  const { name, attributes } = await application.next(actor);
  return name === 'publish' ? 250 : Number(attributes['code']);
}

describe('the entries of fred, as in RFC 3341 §3.1', () => {
  it(
    '[3341 §3.1] [3341 §3.1 rule 1] [3341 §3.1 rule 3] [3341 §3.1 rule 7] [3341 §3 rule 5] [3341 §3 rule 7] [3341 §3 rule 8] [3341 §3 rule 14] [A2] the entry that names the actor counts, whether it grants more or less than one for everybody; those of hoppy grant by the words all and none',
    play(async (stage, { fred, hoppy, wilma, mrSlate, barney, baby }) => {
      for (const [actor, onFred, onHoppy] of [
        [wilma, actions, ['subscribe']],
        [mrSlate, [], []],
        [barney, ['subscribe', 'watch'], actions],
      ] as const) {
        const application = await join(stage, actor);
        expect(await granted(application, actor, fred), actor).toEqual(onFred);
        expect(await granted(application, actor, hoppy), actor).toEqual(onHoppy);
      }
      const anybody = subaddress(baby, 'a');
      const application = await join(stage, anybody);
      expect(await granted(application, anybody, fred)).toEqual(['subscribe', 'watch']);
      expect(await granted(application, anybody, hoppy)).toEqual(['watch']);
    }),
  );

  it(
    '[3341 §3] [3341 §3 rule 6] [A6] data for a subaddress is let in by its own entries, then by those of its endpoint',
    play(async (stage, { fred, barney, dino }) => {
      const [whiteboard, other] = [subaddress(fred, 'appl=wb'), subaddress(fred, 'other')];
      const receiver = await join(stage, whiteboard);
      await receiver.attach(other);
      const refused = await join(stage, dino);
      const neighbour = subaddress(barney, 'appl=wb');
      const allowed = await join(stage, neighbour);
      for (const recipient of [whiteboard, other]) {
        await refused.data(dino, recipient, '<from-dino />');
        await allowed.data(neighbour, recipient, '<from-barney />');
      }
      expect((await receiver.next(other)).name).toBe('from-dino');
      expect((await receiver.next(other)).name).toBe('from-barney');
      // The only one of the two.
      expect((await receiver.next(whiteboard)).name).toBe('from-barney');
    }),
  );
});

describe('entries', () => {
  it(
    '[3341 §3.1 rule 2] of a subaddress wildcard are not for the endpoint itself',
    play(async (stage, { pebbles, bammBamm }) => {
      expect(await granted(await join(stage, bammBamm), bammBamm, pebbles)).toEqual([]);
      const tool = subaddress(bammBamm, 'tool');
      expect(await granted(await join(stage, tool), tool, pebbles)).toEqual(actions);
    }),
  );

  it(
    '[3341 §3 rule 9] [A1] for everybody are not for services: they answer an owner who lets nobody send data',
    play(async (stage, { pebbles, dino, baby }) => {
      const application = await join(stage, pebbles);
      expect(await granted(application, pebbles, pebbles)).toEqual(actions);
      const other = subaddress(baby, 'c');
      await (await join(stage, other)).data(other, pebbles, '<from-baby />');
      // The next that comes is the answer.
      expect(await granted(application, pebbles, dino)).toEqual(['watch']);
    }),
  );

  it(
    '[3341 §3.1 rule 4] [3341 §3.1 rule 5] [A1] the domain counts before the local part',
    play(async (stage, { bammBamm, pebbles, barney, wilma }) => {
      const one = subaddress(barney, 'one');
      const application = await join(stage, one);
      // `*@domain` before `*@*`, though it grants nothing
      expect(await granted(application, one, pebbles)).toEqual([]);
      const tool = subaddress(wilma, 'tool');
      // `wilma/*@domain` before `*@domain`
      expect(await granted(await join(stage, tool), tool, pebbles)).toEqual(['subscribe']);
      // `*@domain` before `barney@*`
      expect(await granted(application, one, bammBamm)).toEqual([]);
    }),
  );

  it(
    '[3341 §3 rule 18] [3341 §3 rule 20] [3341 §3.1 rule 6] [A1] a domain wildcard stands for no subdomain too; an escaped star for itself',
    play(async (stage, { dino, star, notStar }) => {
      expect(await granted(await join(stage, star), star, dino)).toEqual(['subscribe']);
      expect(await granted(await join(stage, notStar), notStar, dino)).toEqual(['watch']);
    }),
  );

  it(
    '[3341 §3 rule 19] [C8] [A3] by default let an endpoint, with its subaddresses, do everything to itself, and nobody else anything',
    play(async (stage, { baby, fred }) => {
      for (const actor of [baby, subaddress(baby, 'b')]) {
        expect(await granted(await join(stage, actor), actor, baby), actor).toEqual(actions);
      }
      const application = await join(stage, subaddress(fred, 'c'));
      expect(await granted(application, subaddress(fred, 'c'), baby)).toEqual([]);
    }),
  );
});
