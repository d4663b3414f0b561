import type { Operation } from '@apex/protocol';
import { describe, expect, it } from 'vitest';
import { ScriptedRelay } from '../scripted-relay.ts';

/** The scripted client is wilma's. */
const WILMA = 'wilma@example.com';
const FRED = 'fred@example.com';
const SERVICE = 'apex=access@example.com';
const OLD = '2026-11-25T11:00:00.000Z';
const NEW = '2026-11-25T12:00:00.000Z';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

type Entry = Extract<Operation, { kind: 'set' }>['access'];
const entry = (lastUpdate: string, changes: Partial<Entry> = {}): Entry => ({
  owner: WILMA,
  actor: FRED,
  actions: ['core:data'],
  lastUpdate,
  ...changes,
});

/** The next element for the access service as it stands on the wire, its transID written as N. */
async function nextWords(relay: ScriptedRelay): Promise<{ words: string; transID: number }> {
  const { payload, answer } = await relay.nextData();
  answer.ok();
  const text = new TextDecoder().decode(payload);
  expect(text).toContain(`<recipient identity='${SERVICE}' />`);
  const words = /<data-content Name='[^']+'>(.*)<\/data-content>/s.exec(text)?.[1] ?? text;
  const transID = Number(/ transID='(\d+)'/.exec(words)?.[1]);
  return { words: words.replace(`transID='${transID}'`, `transID='N'`), transID };
}

const reply = (relay: ScriptedRelay, transID: number, code: number) =>
  relay.say({ kind: 'reply', transID, code, text: '' }, SERVICE);

/** Answers a get with an entry. */
async function give(relay: ScriptedRelay, access: Entry): Promise<void> {
  const { transID } = await relay.accept('get');
  await relay.say({ kind: 'set', transID, access }, SERVICE);
}

describe('on the wire', () => {
  it.each(['allow', 'deny'] as const)(
    '[3341 §4.2 step 5] [3341 §4.2 step 6] a query is answered by %s',
    async (kind) => {
      const { relay, client } = await ScriptedRelay.attach();
      const next = nextWords(relay);
      const verdict = client.access.query(FRED, ['core:data', 'presence:subscribe']);
      const { words, transID } = await next;
      expect(words).toBe(
        `<query owner='${WILMA}' actor='${FRED}' actions='core:data presence:subscribe' transID='N' />`,
      );
      await relay.say({ kind, transID }, SERVICE);
      expect(await verdict).toBe(kind === 'allow');
    },
  );

  it('[3341 §4.3 step 5] [3341 §4.3 step 6] a get names the literal actor', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const next = nextWords(relay);
    const none = client.access.get('fred/*@Example.com', { owner: 'wilma/desk@example.com' });
    const { words, transID } = await next;
    expect(words).toBe(`<get owner='wilma/desk@example.com' actor='fred/*@example.com' transID='N' />`);
    await reply(relay, transID, 551);
    expect(await none).toBeUndefined();
    const got = client.access.get(FRED);
    await give(relay, entry(OLD));
    expect(await got).toEqual(entry(OLD));
  });

  it('[3341 §4.4] an entry is created without lastUpdate, and replaced and removed with it', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    /** The words of the set that follows a get, which finds `present`. */
    const setAfter = async (present?: Entry): Promise<string> => {
      const get = await relay.accept('get');
      const next = nextWords(relay);
      if (present === undefined) await reply(relay, get.transID, 551);
      else await relay.say({ kind: 'set', transID: get.transID, access: present }, SERVICE);
      const { words, transID } = await next;
      await reply(relay, transID, 250);
      return words;
    };

    const created = client.access.set(FRED, ['core:data']);
    expect(await setAfter()).toBe(
      `<set transID='N'><access owner='${WILMA}' actor='${FRED}' actions='core:data' /></set>`,
    );
    await created;

    const replaced = client.access.set(FRED, ['core:data', 'presence:watch']);
    expect(await setAfter(entry(OLD))).toBe(
      `<set transID='N'><access owner='${WILMA}' actor='${FRED}' actions='core:data presence:watch' lastUpdate='${OLD}' /></set>`,
    );
    await replaced;

    const removed = client.access.remove(FRED);
    expect(await setAfter(entry(OLD))).toBe(
      `<set transID='N'><access owner='${WILMA}' actor='${FRED}' lastUpdate='${OLD}' /></set>`,
    );
    expect(await removed).toBe(true);
  });
});

describe('a set that another application overtakes', () => {
  it('[3341 §4.4 step 7] begins again with the newer entry', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const set = client.access.set(FRED, ['all:none']);
    await give(relay, entry(OLD));
    await reply(relay, (await relay.accept('set')).transID, 555);
    await give(relay, entry(NEW));
    const { access, transID } = await relay.accept('set');
    expect(access).toEqual(entry(NEW, { actions: ['all:none'] }));
    await reply(relay, transID, 250);
    await set;
  });

  it('gives up the fifth time, with 555', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const set = failure(client.access.set(FRED, ['all:none']));
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await give(relay, entry(OLD));
      await reply(relay, (await relay.accept('set')).transID, 555);
    }
    expect(await set).toMatchObject({ code: 'client.refused', replyCode: 555 });
  });

  it('that was told what to replace asks once, and looks nothing up', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const set = failure(client.access.set(FRED, ['all:none'], { lastUpdate: OLD }));
    const { access, transID } = await relay.accept('set');
    expect(access.lastUpdate).toBe(OLD);
    await reply(relay, transID, 555);
    expect(await set).toMatchObject({ replyCode: 555 });
  });

  it('[3341 §4.4 step 6] a remove finds that the entry is gone, and sends nothing that could create one', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const removed = client.access.remove(FRED);
    await give(relay, entry(OLD));
    await reply(relay, (await relay.accept('set')).transID, 555);
    await reply(relay, (await relay.accept('get')).transID, 551);
    expect(await removed).toBe(false);
  });

  it('[3341 §4.4 step 6] a remove that may not look is refused, and sends nothing that could create an entry', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const removed = failure(client.access.remove(FRED));
    await reply(relay, (await relay.accept('get')).transID, 537);
    expect(await removed).toMatchObject({ code: 'client.refused', replyCode: 537 });
  });
});

describe('notifications', () => {
  const told = (relay: ScriptedRelay, access: Entry, from = SERVICE) =>
    relay.say({ kind: 'set', transID: 7, access }, from);

  it('are those of the own access service about the own entries', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    using changes = client.access.changes();
    await told(relay, entry(OLD, { actions: ['all:all'] }), 'apex=access@rubble.com');
    await told(relay, entry(OLD, { actions: ['all:all'] }), FRED);
    await told(relay, entry(OLD, { owner: FRED, actions: ['all:all'] }));
    await told(relay, entry(NEW));
    for await (const change of changes) {
      expect(change).toEqual(entry(NEW));
      break;
    }
  });

  it('under the transID of a get are not its answer when they are about another entry', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const got = client.access.get(FRED);
    const { transID } = await relay.accept('get');
    // What another application sets is told to the owner under the transID that the other one chose.
    const other = entry(NEW, { actor: 'barney@example.com' });
    await relay.say({ kind: 'set', transID, access: other }, SERVICE);
    await relay.say({ kind: 'set', transID, access: entry(OLD) }, SERVICE);
    expect(await got).toEqual(entry(OLD));
  });

  it('[3341 §4.4 step 6.4] [3341 §4.4 step 9.4] under the transID of a request in progress are told all the same', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    using changes = client.access.changes();
    const reader = changes[Symbol.asyncIterator]();
    const got = client.access.get(FRED);
    const get = await relay.accept('get');
    const other = entry(NEW, { actor: 'barney@example.com' });
    await relay.say({ kind: 'set', transID: get.transID, access: other }, SERVICE);
    expect((await reader.next()).value).toEqual(other);
    await reply(relay, get.transID, 551);
    expect(await got).toBeUndefined();

    // The notification of the own set, before its reply.
    const set = client.access.set(FRED, ['core:data'], { lastUpdate: OLD });
    const { transID } = await relay.accept('set');
    await relay.say({ kind: 'set', transID, access: entry(NEW) }, SERVICE);
    await reply(relay, transID, 250);
    await set;
    expect((await reader.next()).value).toEqual(entry(NEW));
  });

  it('that nobody reads end the reading when too many wait, and the client goes on', {
    timeout: 60_000,
  }, async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const changes = client.access.changes();
    for (let count = 0; count <= 10_000; count += 1) await told(relay, entry(NEW));
    await expect(changes[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'client.overflow' });
    using again = client.access.changes();
    await told(relay, entry(OLD));
    for await (const change of again) {
      expect(change).toEqual(entry(OLD));
      break;
    }
  });
});
