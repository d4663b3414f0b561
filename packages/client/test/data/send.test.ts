import { parseXml } from '@apex/beep';
import { parseDataMessage } from '@apex/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApexClient, ApexError, type Received, type StatusReport, textOf } from '../../src/index.ts';
import { BARNEY, FRED, House, WILMA } from '../house.ts';
import { ScriptedRelay } from '../scripted-relay.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
  for (const owner of [WILMA, FRED]) {
    await house.server.administration.setAccess(owner, '*@example.com', ['core:data']);
  }
});
afterEach(() => house[Symbol.asyncDispose]());

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

async function take(incoming: AsyncIterable<Received>, count: number): Promise<readonly Received[]> {
  const taken: Received[] = [];
  for await (const received of incoming) {
    taken.push(received);
    if (taken.length === count) break;
  }
  return taken;
}

async function all(reports: AsyncIterable<StatusReport>): Promise<readonly string[]> {
  const kinds: string[] = [];
  for await (const { recipient, kind, replyCode } of reports) kinds.push(`${recipient} ${kind} ${replyCode}`);
  return kinds.sort();
}

const short = (report: StatusReport | undefined): string => `${report?.kind} ${report?.replyCode}`;

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
    ]) {
      expect(await failure(wrong())).toMatchObject({ code: 'client.usage' });
    }
  });

  // Invariant: whatever text and XML is sent, the recipient reads the same.
  it('[C9] carries any text and any XML unchanged', async () => {
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

  it('[3340 §5.1 rule 3] answers nothing, whatever option stands with it', async () => {
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

/** Sends wilma a text, and waits until it is with her. */
async function deliver(from: ApexClient, text: string): Promise<void> {
  const sent = await from.send(WILMA, { text }, { status: true });
  await sent.outcomes();
}
