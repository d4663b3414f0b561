import { parseXml } from '@apex/beep';
import { newOption, parseDataMessage } from '@apex/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApexError, textOf } from '../../src/index.ts';
import { BARNEY, FRED, House, WILMA } from '../house.ts';
import { ScriptedRelay } from '../scripted-relay.ts';
import { all, failure, short, take } from './messages.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
  for (const owner of [WILMA, FRED]) {
    await house.server.administration.setAccess(owner, '*@example.com', ['core:data']);
  }
});
afterEach(() => house[Symbol.asyncDispose]());

describe('send', () => {
  it('[3340 §4.4.4] [C9] carries text, XML and octets to another application', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const { incoming } = wilma;
    await fred.send(WILMA, { text: 'yabba ✓' });
    await fred.send(WILMA, { xml: "<note a='1'>&lt;</note>" });
    await fred.send(WILMA, {
      contentType: 'application/octet-stream',
      body: new Uint8Array([0, 13, 10, 255]),
    });
    const received = await take(incoming, 3);
    expect(received.map(({ originator, recipient }) => [originator, recipient])).toEqual(
      Array.from({ length: 3 }, () => [FRED, WILMA]),
    );
    expect(received.map((each) => textOf(each))).toEqual(['yabba ✓', "<note a='1'>&lt;</note>", undefined]);
    expect(received[2]?.content).toEqual({
      kind: 'part',
      contentType: 'application/octet-stream',
      body: new Uint8Array([0, 13, 10, 255]),
    });
  });

  it('[C4] resolves when the relay has accepted it, whoever gets it', async () => {
    const fred = await house.attach(FRED);
    const sent = await fred.send([BARNEY, 'nobody@example.com', BARNEY], { text: 'hello' });
    expect(sent.recipients).toEqual([BARNEY, 'nobody@example.com']);
    expect(await all(sent)).toEqual([]);
    expect(await failure(sent.outcomes())).toMatchObject({ code: 'client.usage' });
  });

  it('[3340 §5.1] [3340 §6.2] tells what became of it for each recipient', async () => {
    const fred = await house.attach(FRED);
    await house.attach(WILMA);
    const recipients = [WILMA, BARNEY, 'nobody@example.com', 'wilma/phone@example.com'];
    const sent = await fred.send(recipients, { text: 'hello' }, { status: true });
    const outcomes = await sent.outcomes();
    expect(recipients.map((recipient) => short(outcomes.get(recipient)))).toEqual([
      'delivered 250',
      'failed 537',
      'failed 550',
      'failed 550',
    ]);
    expect(outcomes.get(WILMA)).toMatchObject({ relay: 'example.com', text: '' });
    expect(await all(sent)).toHaveLength(4);
  });

  it('[3342 §3] has data held until its recipient attaches, in order', async () => {
    const fred = await house.attach(FRED);
    const first = await fred.send(WILMA, { text: 'one' }, { hold: true, status: true });
    await fred.send(WILMA, { text: 'two' }, { hold: true });
    const wilma = await house.attach(WILMA, { attachOverride: true });
    const received = await take(wilma.incoming, 2);
    expect(received.map(textOf)).toEqual(['one', 'two']);
    expect((await first.outcomes()).get(WILMA)).toMatchObject({ kind: 'delivered' });
  });

  it('[3342 §2.1] [3342 §2.2] reports a delay, and what was not delivered in time', async () => {
    const fred = await house.attach(FRED);
    const times = { notLaterThanMs: 120, reportAfterMs: 20 };
    const sent = await fred.send(WILMA, { text: 'one' }, { hold: true, status: true, ...times });
    expect(await all(sent)).toEqual([`${WILMA} delayed 350`, `${WILMA} failed 550`]);
    const wilma = await house.attach(WILMA);
    await fred.send(WILMA, { text: 'two' });
    expect((await take(wilma.incoming, 1)).map(textOf)).toEqual(['two']);
  });

  it('[3342 §2.1] [3342 §2.1.1] [3342 §2.1.2] has both outcomes reported with a return trip, too', async () => {
    const fred = await house.attach(FRED);
    await house.attach(WILMA);
    const times = { notLaterThanMs: 60_000, returnTripMs: 60_000 };
    const sent = await fred.send([WILMA, 'nobody@example.com'], { text: 'one' }, { status: true, ...times });
    const outcomes = await sent.outcomes();
    expect(short(outcomes.get(WILMA))).toBe('delivered 250');
    expect(short(outcomes.get('nobody@example.com'))).toBe('failed 550');
  });

  it('[3342 §4] gives up on the way to another domain', async () => {
    const fred = await house.attach(FRED);
    const sent = await fred.send('barney@rubble.com', { text: 'hello' }, { status: 'trace', maxHops: 1 });
    expect(short((await sent.outcomes()).get('barney@rubble.com'))).toBe('failed 550');
  });

  it('waits for outcomes no longer than it is told', async () => {
    const fred = await house.attach(FRED);
    const sent = await fred.send(WILMA, { text: 'one' }, { hold: true, status: true });
    expect(await failure(sent.outcomes({ timeoutMs: 10 }))).toMatchObject({
      code: 'client.timeout',
      message: 'no report about wilma@example.com within 10 ms',
    });
    const wilma = await house.attach(WILMA);
    await take(wilma.incoming, 1);
    expect(short((await sent.outcomes()).get(WILMA))).toBe('delivered 250');
  });

  it('takes no time for one that a timer cannot wait', async () => {
    const fred = await house.attach(FRED);
    const sent = await fred.send(WILMA, { text: 'one' }, { hold: true, status: true });
    for (const timeoutMs of [0, 1.5, 2 ** 31, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(await failure(sent.outcomes({ timeoutMs }))).toMatchObject({ code: 'client.usage' });
    }
  });

  it('is refused once the client is closed, with and without a status', async () => {
    const fred = await house.attach(FRED);
    await fred.close();
    for (const status of [false, true]) {
      expect(await failure(fred.send(WILMA, { text: 'x' }, { status }))).toMatchObject({
        code: 'client.closed',
      });
    }
  });

  it('waits for the relay no longer than replyMs', async () => {
    const { relay, client } = await ScriptedRelay.attach({ replyMs: 10 });
    const [refused] = await Promise.all([failure(client.send(FRED, { text: 'x' })), relay.nextData()]);
    expect(refused).toMatchObject({
      code: 'client.timeout',
      message: 'send to fred@example.com: not accepted by the relay within 10 ms',
    });
  });

  it('fails with what ended the client, when the relay has not answered by then', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const sending = failure(client.send(FRED, { text: 'x' }));
    await relay.nextData();
    await relay.terminate(556, 'taken over');
    relay.abort();
    expect(await sending).toMatchObject({ code: 'client.replaced' });
  });

  it('ends with the client', async () => {
    const fred = await house.attach(FRED);
    const sent = await fred.send(WILMA, { text: 'one' }, { hold: true, status: true });
    const outcomes = failure(sent.outcomes());
    const reports = failure(all(sent));
    await fred.close();
    expect(await outcomes).toMatchObject({ code: 'client.closed' });
    expect(await reports).toMatchObject({ code: 'client.closed' });
  });

  it('[3340 §4.4.4.1 step 2] is refused as the relay says', async () => {
    const fred = await house.attach(FRED);
    const mystery = {
      external: 'http://example.com/mystery',
      targetHop: 'all',
      mustUnderstand: true,
      localize: ['i-default'],
      content: '',
    } as const;
    const refused = await failure(fred.send(WILMA, { text: 'x' }, { options: [mystery] }));
    expect(refused).toBeInstanceOf(ApexError);
    expect(refused).toMatchObject({ code: 'client.refused', replyCode: 504 });
  });

  it('sends nothing that cannot be', async () => {
    const fred = await house.attach(FRED);
    for (const wrong of [
      () => fred.send('wilma', { text: '' }),
      () => fred.send([], { text: '' }),
      () => fred.send(WILMA, { xml: '<a>' }),
      () => fred.send(WILMA, { contentType: 'text', body: new Uint8Array() }),
      () => fred.send(WILMA, { text: '' }, { notLaterThanMs: 0 }),
      () => fred.send(WILMA, { text: '' }, { notLaterThanMs: 1.5 }),
      () => fred.send(WILMA, { text: '' }, { maxHops: 256 }),
      () => fred.send(WILMA, { text: '' }, { reportAfterMs: 1000 }),
      () => fred.send(WILMA, { text: '' }, { status: true, returnTripMs: 1000 }),
      () => fred.send(WILMA, { text: '' }, { notLaterThanMs: 1000, returnTripMs: 1000 }),
      () => fred.send(WILMA, { text: '\ud800' }),
      () => fred.send(WILMA, { xml: '\udc00' }),
      () => fred.send(WILMA, { contentType: 'a/b\r\nX: y', body: new Uint8Array() }),
      () => fred.send(WILMA, { contentType: 'text/plain; charset', body: new Uint8Array() }),
    ]) {
      expect(await failure(wrong())).toMatchObject({ code: 'client.usage' });
    }
  });

  it('says what is wrong with XML, and with an option', async () => {
    const fred = await house.attach(FRED);
    expect(await failure(fred.send(WILMA, { xml: '<a>' }))).toMatchObject({
      code: 'client.usage',
      message: 'xml: not well-formed XML, without a declaration and a document type',
    });
    const option = newOption({ internal: 'a b' });
    expect(await failure(fred.send(WILMA, { text: '' }, { options: [option] }))).toMatchObject({
      code: 'client.usage',
      message: 'data that cannot be sent: option: attribute internal is not an NMTOKEN',
    });
  });

  it('[C9] leaves a byte order mark in the text, and reads it in the charset that it names', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    await fred.send(WILMA, { text: '\ufeffhello' });
    const body = new Uint8Array([0xe9, 0x74, 0xe9]);
    await fred.send(WILMA, { contentType: 'text/plain; charset=ISO-8859-1', body });
    await fred.send(WILMA, { contentType: 'text/plain; charset=no-such-thing', body });
    expect((await take(wilma.incoming, 3)).map(textOf)).toEqual(['\ufeffhello', 'été', undefined]);
  });

  // Invariant: whatever text is sent, the recipient reads the same.
  it('[C9] carries any text unchanged', async () => {
    const fred = await house.attach(FRED);
    const wilma = await house.attach(WILMA);
    const incoming = wilma.incoming[Symbol.asyncIterator]();
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, async (any) => {
        await fred.send(WILMA, { text: any });
        const { value } = await incoming.next();
        expect(value === undefined ? undefined : textOf(value)).toBe(any);
      }),
      { numRuns: 60 },
    );
  });
});

describe('reports', () => {
  it('[C11] are taken from report services only, once for each recipient', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const sending = client.send([FRED, BARNEY], { text: 'x' }, { status: 'trace' });
    const { payload, answer } = await relay.nextData();
    answer.ok();
    const sent = await sending;
    const transID = parseDataMessage(payload).data.options[0]?.transID ?? 0;
    const say = (from: string, identity: string, code: number) =>
      relay.say(
        {
          kind: 'statusResponse',
          transID,
          destinations: [{ identity, reply: { code, text: '' } }],
        },
        from,
      );
    await say('fred@example.com', FRED, 250);
    await say('apex=report@rubble.com', FRED, 250);
    await say('apex=report@example.com', 'betty@example.com', 250);
    await say('apex=report@example.com', FRED, 250);
    await say('apex=report@example.com', FRED, 550);
    await say('apex=report@example.com', BARNEY, 550);
    const seen: string[] = [];
    for await (const { recipient, relay: by, kind } of sent) seen.push(`${recipient} ${by} ${kind}`);
    expect(seen).toEqual([
      `${FRED} rubble.com passed`,
      `${FRED} example.com delivered`,
      `${BARNEY} example.com failed`,
    ]);
  });

  it('[3342 §2] [3340 §5] are asked for by options as the RFCs have them', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const options = { hold: true, status: true, notLaterThanMs: 60_000, reportAfterMs: 5000, maxHops: 3 };
    const sending = client.send(FRED, { xml: '<x />' }, options);
    const { payload, answer } = await relay.nextData();
    answer.ok();
    await sending;
    const given = parseDataMessage(payload).data.options.map(
      ({ internal, targetHop, mustUnderstand, content }) => ({
        internal,
        targetHop,
        mustUnderstand,
        content: content === '' ? '' : parseXml(content).attributes,
      }),
    );
    expect(given).toMatchObject([
      { internal: 'statusRequest', targetHop: 'final', mustUnderstand: true },
      { internal: 'hold4Endpoint' },
      { internal: 'dataTiming', targetHop: 'all', mustUnderstand: true },
      { internal: 'dataHopping', targetHop: 'all', mustUnderstand: true },
    ]);
  });
});
