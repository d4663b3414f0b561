import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApexError } from '../../src/index.ts';
import { BARNEY, FRED, House, WILMA } from '../house.ts';
import { ScriptedRelay } from '../scripted-relay.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house[Symbol.asyncDispose]());

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

/** Fred's entries about others, as `actor: actions`. */
async function entries(): Promise<readonly string[]> {
  const all = await house.server.administration.listAccess(FRED);
  return all
    .filter(({ actor }) => actor !== 'fred/*@example.com')
    .map(({ actor, actions }) => `${actor}: ${actions.join(' ')}`)
    .sort();
}

describe('access', () => {
  it('[3341 §4.2] tells whether somebody may do all of some actions', async () => {
    const fred = await house.attach(FRED);
    expect(await fred.access.query(WILMA, ['core:data', 'presence:subscribe'])).toBe(true);
    expect(await fred.access.query(WILMA, ['core:data', 'presence:watch'])).toBe(false);
    expect(await fred.access.query(BARNEY, ['core:data'])).toBe(false);
  });

  it('[3341 §4.3] gets an entry by its actor as written, and nothing where there is none', async () => {
    const fred = await house.attach('fred/desk@example.com');
    expect(await fred.access.get('wilma/*@example.com')).toEqual({
      owner: FRED,
      actor: 'wilma/*@example.com',
      actions: ['core:data', 'presence:subscribe'],
      lastUpdate: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await fred.access.get(BARNEY)).toBeUndefined();
  });

  it('[3341 §4.4] creates, replaces and removes an entry', async () => {
    const fred = await house.attach(FRED);
    await fred.access.set('*@example.com', ['core:data']);
    expect(await entries()).toContain('*@example.com: core:data');
    await fred.access.set('*@example.com', ['core:data', 'presence:watch']);
    expect(await entries()).toContain('*@example.com: core:data presence:watch');
    expect(await fred.access.remove('*@example.com')).toBe(true);
    expect(await fred.access.remove('*@example.com')).toBe(false);
    expect(await entries()).not.toContain('*@example.com: core:data presence:watch');
  });

  it('[3341 §4.4 step 7] replaces what it was told to replace, and nothing newer', async () => {
    const fred = await house.attach(FRED);
    const old = await fred.access.get(WILMA);
    await fred.access.set(WILMA, ['all:none']);
    const stale = fred.access.set(WILMA, ['all:all'], { lastUpdate: old?.lastUpdate ?? '' });
    expect(await failure(stale)).toMatchObject({ code: 'client.refused', replyCode: 555 });
    const current = await fred.access.get(WILMA);
    await fred.access.set(WILMA, ['all:all'], { lastUpdate: current?.lastUpdate ?? '' });
    expect(await entries()).toContain(`${WILMA}: all:all`);
  });

  it('sets an entry although others set it at the same time', async () => {
    const applications = await Promise.all(
      ['a', 'b', 'c'].map((name) => house.attach(`fred/${name}@example.com`)),
    );
    await Promise.all(
      applications.map(({ access }, index) => access.set(BARNEY, [`core:data`, `presence:a${index}`])),
    );
    expect((await entries()).filter((entry) => entry.startsWith(BARNEY))).toHaveLength(1);
  });

  it('is about another owner who allows it, and refused by one who does not', async () => {
    await house.server.administration.setAccess(FRED, WILMA, ['access:get']);
    const wilma = await house.attach(WILMA);
    expect(await wilma.access.get(WILMA, { owner: FRED })).toMatchObject({ actions: ['access:get'] });
    const denied = wilma.access.set(WILMA, ['all:all'], { owner: FRED });
    expect(await failure(denied)).toMatchObject({ code: 'client.refused', replyCode: 537 });
    const unknown = wilma.access.query(WILMA, ['core:data'], { owner: 'nobody@example.com' });
    expect(await failure(unknown)).toMatchObject({ replyCode: 550 });
  });

  it('[3341 §4.4] creates an entry for an owner whose entries it may set and not get', async () => {
    await house.server.administration.setAccess(FRED, WILMA, ['access:set']);
    const wilma = await house.attach(WILMA);
    await wilma.access.set(BARNEY, ['core:data'], { owner: FRED });
    expect(await entries()).toContain(`${BARNEY}: core:data`);
    const replaced = wilma.access.set(BARNEY, ['all:all'], { owner: FRED });
    expect(await failure(replaced)).toMatchObject({ code: 'client.refused', replyCode: 555 });
  });

  it('sends nothing that cannot be', async () => {
    const fred = await house.attach(FRED);
    for (const wrong of [
      () => fred.access.query(WILMA, []),
      () => fred.access.get('wilma'),
      () => fred.access.set('wil*ma@example.com', ['core:data']),
      () => fred.access.set(WILMA, ['core']),
      () => fred.access.set(WILMA, ['core:data'], { owner: 'fred' }),
      () => fred.access.set(WILMA, ['core:data'], { lastUpdate: '' }),
      () => fred.access.remove(WILMA, { lastUpdate: 'yesterday' }),
      () => fred.access.allow(WILMA, { actions: [] }),
      () => fred.access.deny(''),
    ]) {
      const error = await failure(wrong());
      expect(error).toBeInstanceOf(ApexError);
      expect(error).toMatchObject({ code: 'client.usage' });
    }
  });
});

describe('presets', () => {
  it('[C16] allow writes the entries of somebody and of her applications', async () => {
    const fred = await house.attach(FRED);
    await fred.access.allow('barney@Example.com');
    expect(await entries()).toEqual([
      'barney/*@example.com: core:data presence:subscribe',
      'barney@example.com: core:data presence:subscribe',
      'wilma/*@example.com: core:data presence:subscribe',
      'wilma@example.com: core:data presence:subscribe',
    ]);
    const barney = await house.attach('barney/phone@example.com');
    expect((await barney.presence.fetch(FRED)).publisher).toBe(FRED);
  });

  it('[A5] deny ends what somebody has in progress, also where a wildcard would let her in', async () => {
    const fred = await house.attach(FRED);
    await fred.access.allow('*@example.com');
    const wilma = await house.attach('wilma/phone@example.com');
    const subscription = await wilma.presence.subscribe(FRED);
    await fred.access.deny(WILMA);
    expect(await subscription.ended).toMatchObject({ kind: 'terminated', replyCode: 537 });
    expect(await fred.access.query('wilma/phone@example.com', ['core:data'])).toBe(false);
    expect(await fred.access.query(BARNEY, ['core:data'])).toBe(true);
  });

  it('[A5] appearOffline hides the presence and lets messages through', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach('wilma/phone@example.com');
    const subscription = await wilma.presence.subscribe(FRED);
    await fred.access.appearOffline(WILMA);
    expect(await subscription.ended).toMatchObject({ kind: 'terminated', replyCode: 537 });
    expect(await fred.access.query('wilma/phone@example.com', ['core:data'])).toBe(true);
    expect(await fred.access.query('wilma/phone@example.com', ['presence:subscribe'])).toBe(false);
  });

  it('forget removes what the others wrote, and what is not there without an error', async () => {
    const fred = await house.attach(FRED);
    await fred.access.forget(WILMA);
    await fred.access.forget(WILMA);
    expect(await entries()).toEqual([]);
  });

  it('write one entry for a wildcard or a subaddress', async () => {
    const fred = await house.attach(FRED);
    await fred.access.forget(WILMA);
    await fred.access.allow('*@rubble.com', { actions: ['core:data'] });
    await fred.access.deny('betty/phone@rubble.com');
    expect(await entries()).toEqual(['*@rubble.com: core:data', 'betty/phone@rubble.com: all:none']);
  });

  it('[3341 §3 rule 20] take somebody whose name holds what else is a wildcard as she is', async () => {
    const fred = await house.attach(FRED);
    await fred.access.forget(WILMA);
    const both = ['w\\*a@rubble.com', 'w\\*a/*@rubble.com'];
    expect(await fred.access.allow('w\\*a@rubble.com')).toEqual(both);
    expect(await fred.access.query('w*a/phone@rubble.com', ['core:data'])).toBe(true);
    expect(await fred.access.query('wilma@rubble.com', ['core:data'])).toBe(false);
    expect(await fred.access.forget('w\\*a@rubble.com')).toEqual(both);
    expect(await entries()).toEqual([]);
  });

  it('lock nobody out of his own entries', async () => {
    const fred = await house.attach('fred/desk@example.com');
    const before = await entries();
    for (const who of [FRED, 'fred@Example.com', 'fred/*@example.com']) {
      for (const preset of ['allow', 'deny', 'appearOffline', 'forget'] as const) {
        expect(await failure(fred.access[preset](who))).toMatchObject({ code: 'client.usage' });
      }
    }
    expect(await entries()).toEqual(before);
    expect(await fred.access.query('fred/desk@example.com', ['access:set'])).toBe(true);
    // A wildcard that stands for the owner as well is less exact than what lets him in.
    await fred.access.deny('*@example.com');
    expect(await fred.access.query('fred/desk@example.com', ['access:set'])).toBe(true);
  });

  it('say which entry is removed when the other one is not', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const forgotten = failure(client.access.forget(BARNEY));
    for (const [kind, code] of [
      ['get', 551],
      ['get', 451],
    ] as const) {
      const { transID } = await relay.accept(kind);
      await relay.say({ kind: 'reply', transID, code, text: '' }, 'apex=access@example.com');
    }
    expect(await forgotten).toMatchObject({
      replyCode: 451,
      message: expect.stringMatching(
        /^get access of barney\/\*@example\.com .*; there is no entry of barney@example\.com any more$/,
      ),
    });
  });

  it('[C16] write both entries also where the domain is a wildcard', async () => {
    const fred = await house.attach(FRED);
    await fred.access.forget(WILMA);
    await fred.access.deny('wilma@*');
    expect(await entries()).toEqual(['wilma/*@*: all:none', 'wilma@*: all:none']);
  });

  it('say which entry is set when the other one is not', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const allowed = failure(client.access.allow(BARNEY));
    for (const [kind, code, text] of [
      ['get', 551, ''],
      ['set', 250, ''],
      ['get', 551, ''],
      ['set', 554, 'full'],
    ] as const) {
      const { transID } = await relay.accept(kind);
      await relay.say({ kind: 'reply', transID, code, text }, 'apex=access@example.com');
    }
    expect(await allowed).toMatchObject({
      replyCode: 554,
      message:
        'set access of barney/*@example.com to wilma@example.com: 554 full; the entry of barney@example.com is set',
    });
  });
});

describe('changes', () => {
  it('[3341 §4 rule 5] tell the owner what was set and removed, by whomever', async () => {
    const fred = await house.attach(FRED);
    const desk = await house.attach('fred/desk@example.com');
    using changes = fred.access.changes();
    await desk.access.set(BARNEY, ['core:data']);
    await fred.access.remove(BARNEY);
    const seen = [];
    for await (const entry of changes) {
      seen.push(entry);
      if (seen.length === 2) break;
    }
    expect(seen).toMatchObject([
      { owner: FRED, actor: BARNEY, actions: ['core:data'] },
      { owner: FRED, actor: BARNEY, actions: undefined },
    ]);
  });

  it('that nobody reads do not stand among the messages of the owner', async () => {
    const fred = await house.attach(FRED, { incoming: { messages: 1 } });
    await fred.access.allow(BARNEY);
    const barney = await house.attach(BARNEY);
    await barney.send(FRED, { xml: '<hello />' });
    for await (const { originator } of fred.incoming) {
      expect(originator).toBe(BARNEY);
      break;
    }
  });

  it('end with the client', async () => {
    const fred = await house.attach(FRED);
    const changes = fred.access.changes();
    const read = (async () => {
      for await (const _ of changes);
    })();
    await fred.close();
    await read;
    for await (const _ of changes) expect.unreachable();
    const late = fred.access.changes()[Symbol.asyncIterator]();
    await expect(late.next()).rejects.toMatchObject({ code: 'client.closed' });
  });
});
