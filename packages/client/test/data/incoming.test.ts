import { newOption, parseDataMessage } from '@apex/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { textOf } from '../../src/index.ts';
import { BARNEY, FRED, House, WILMA } from '../house.ts';
import { ScriptedRelay } from '../scripted-relay.ts';
import { all, deliver, failure, short, take } from './messages.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
  for (const owner of [WILMA, FRED]) {
    await house.server.administration.setAccess(owner, '*@example.com', ['core:data']);
  }
});
afterEach(() => house[Symbol.asyncDispose]());

describe('incoming data', () => {
  it('is kept from the attach on, for a reader who comes later, leaves and comes back', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    for (const text of ['one', 'two', 'three']) await deliver(fred, text);
    expect((await take(wilma.incoming, 1)).map(textOf)).toEqual(['one']);
    expect((await take(wilma.incoming, 2)).map(textOf)).toEqual(['two', 'three']);
  });

  it('counts the octets that wait', async () => {
    const fred = await house.attach(FRED);
    await house.attach(WILMA, { incoming: { octets: 4000 } });
    await deliver(fred, 'x'.repeat(2000));
    const second = await fred.send(WILMA, { text: 'x'.repeat(2000) }, { status: true });
    expect(short((await second.outcomes()).get(WILMA))).toBe('failed 450');
  });

  it('counts the octets of options, too', async () => {
    const fred = await house.attach(FRED);
    await house.attach(WILMA, { incoming: { octets: 4000 } });
    const large = newOption({ external: 'http://example.com/large', content: `<x>${'y'.repeat(4000)}</x>` });
    const sent = await fred.send(WILMA, { xml: '<a />' }, { status: true, options: [large] });
    expect(short((await sent.outcomes()).get(WILMA))).toBe('failed 450');
  });

  it('[C14] is not acknowledged once the client leaves, so that what is held stays held', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const closing = client.close();
    expect(await relay.send(WILMA, '<late />')).toMatchObject({ replyCode: 450 });
    await closing;
    expect(await take(client.incoming, 1)).toEqual([]);
  });

  it('[C14] is refused with 450 while too much waits for its reader, and comes later when it is held', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA, { incoming: { messages: 2 } });
    const { incoming } = wilma;
    for (const text of ['one', 'two']) await deliver(fred, text);
    const third = await fred.send(WILMA, { text: 'three' }, { status: true });
    expect(short((await third.outcomes()).get(WILMA))).toBe('failed 450');
    const fourth = await fred.send(WILMA, { text: 'four' }, { status: true, hold: true });
    expect((await take(incoming, 2)).map(textOf)).toEqual(['one', 'two']);
    expect((await take(wilma.incoming, 1)).map(textOf)).toEqual(['four']);
    expect(short((await fourth.outcomes()).get(WILMA))).toBe('delivered 250');
  });

  it('ends with the client, behind what was read late', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const { incoming } = wilma;
    await deliver(fred, 'one');
    await wilma.close();
    const texts = [];
    for await (const received of incoming) texts.push(textOf(received));
    expect(texts).toEqual(['one']);
  });

  it('throws when the client was lost', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const reading = failure(take(client.incoming, 1));
    relay.abort();
    expect(await reading).toMatchObject({ code: 'client.lost' });
  });

  it('[3340 §5.1 rule 3] is answered by nothing, whatever it holds', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const { incoming } = wilma;
    const status =
      "<statusResponse transID='1'><destination identity='x@example.com'><reply code='250' /></destination></statusResponse>";
    const sent = await fred.send(WILMA, { xml: status }, { status: true });
    expect((await take(incoming, 1)).map(textOf)).toEqual([status]);
    expect(await failure(sent.outcomes({ timeoutMs: 20 }))).toMatchObject({ code: 'client.timeout' });
    expect(house.server.counters.relay.accepted).toBe(1);
  });
});

describe('reports that nobody waits for', () => {
  it('[3342 §1 rule 1] are no incoming data: two options tell of one failure', async () => {
    const fred = await house.attach(FRED);
    const sent = await fred.send(WILMA, { text: 'x' }, { status: true, notLaterThanMs: 60_000 });
    expect(short((await sent.outcomes()).get(WILMA))).toBe('failed 550');
    // What comes to fred comes in order: both reports have come before this.
    await deliver(fred, 'to myself', FRED);
    await fred.close();
    expect((await take(fred.incoming, Number.POSITIVE_INFINITY)).map(textOf)).toEqual(['to myself']);
    expect(house.server.counters.relay.accepted).toBe(2);
  });

  it('[3342 §1 rule 1] are dropped, but not what others than report services say', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const reply = { code: 250, text: '' };
    const operation = {
      kind: 'statusResponse',
      transID: 1,
      destinations: [{ identity: FRED, reply }],
    } as const;
    await relay.say(operation, 'apex=report@rubble.com');
    await relay.say(operation, BARNEY);
    await client.close();
    const originators = (await take(client.incoming, Number.POSITIVE_INFINITY)).map(
      (each) => each.originator,
    );
    expect(originators).toEqual([BARNEY]);
  });

  it('[3342 §1 rule 1] are dropped like answers that come too late, whoever else uses their transID', async () => {
    const { relay, client } = await ScriptedRelay.attach({ replyMs: 20 });
    const fetching = failure(client.presence.fetch(FRED));
    const { transID } = await relay.accept('subscribe');
    expect(await fetching).toMatchObject({ code: 'client.timeout' });
    await relay.reply(transID, 550);
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    await relay.say({ kind: 'reply', transID, code: 550, text: '' }, BARNEY);
    await client.close();
    const originators = (await take(client.incoming, Number.POSITIVE_INFINITY)).map(
      (each) => each.originator,
    );
    expect(originators).toEqual([BARNEY]);
  });

  it('do not pile up: of those on the way the first 1,000 are kept, of outcomes each', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const sending = client.send(FRED, { text: 'x' }, { status: 'trace' });
    const { payload, answer } = await relay.nextData();
    answer.ok();
    const sent = await sending;
    const transID = parseDataMessage(payload).data.options[0]?.transID ?? 0;
    const passed = { identity: FRED, reply: { code: 250, text: '' } };
    const destinations = Array.from({ length: 600 }, () => passed);
    const report = { kind: 'statusResponse', transID, destinations } as const;
    await relay.say(report, 'apex=report@rubble.com');
    await relay.say(report, 'apex=report@rubble.com');
    await relay.say({ ...report, destinations: [passed] }, 'apex=report@example.com');
    const kinds = (await all(sent)).map((line) => line.split(' ')[1]);
    expect(kinds.filter((kind) => kind === 'passed')).toHaveLength(1000);
    expect(kinds.filter((kind) => kind === 'delivered')).toHaveLength(1);
  });
});
