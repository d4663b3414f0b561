import { contentElement } from '@apex/protocol';
import { describe, expect, it, vi } from 'vitest';
import {
  Attached,
  type Came,
  couple,
  dataTiming,
  house,
  place,
  reportOf,
  secret,
  statusRequest,
} from './house.ts';
import { scriptedRelay } from './scripted-relay.ts';

const fredAt = 'fred@example.com';
const wilmaAt = 'wilma@rubble.com';

const numberOf = ({ message }: Came): string | undefined =>
  contentElement(message)?.attributes.find(({ name }) => name === 'n')?.value;

const isEnd = ({ name }: Came): boolean => name === 'end';

describe('two relays', () => {
  it('[3340 §4.4.4.1 step 5.2] [3340 §2.1] bring data to each other, in both directions over one session', async () => {
    const { example, rubble } = await couple();
    const fred = await Attached.as(fredAt, example.address.port);
    const wilma = await Attached.as(wilmaAt, rubble.address.port);
    expect(await fred.send(wilmaAt, { content: '<hello />' })).toBe('ok');
    expect(await wilma.until(1)).toMatchObject({ from: fredAt, name: 'hello' });
    expect(await wilma.send(fredAt, { content: '<again />' })).toBe('ok');
    expect(await fred.until(1)).toMatchObject({ from: wilmaAt, name: 'again' });
    expect(example.mesh?.counters.dialled).toBe(1);
    expect(rubble.mesh?.counters.dialled).toBe(0);
    expect(rubble.mesh?.sessions).toBe(1);
  });

  it('[3340 §5.1] [3340 §6.2] report by the service of the domain that knows it', async () => {
    const { example, rubble } = await couple();
    const fred = await Attached.as(fredAt, example.address.port);
    const wilma = await Attached.as(wilmaAt, rubble.address.port);
    await fred.send(wilmaAt, { options: statusRequest(86) });
    await wilma.until(1);
    const report = await fred.until(1);
    expect(report.from).toBe('apex=report@rubble.com');
    expect(reportOf(report)).toBe('86 wilma@rubble.com 250');
    await fred.send('pebbles@rubble.com', { options: statusRequest(87) });
    expect(reportOf(await fred.until(2))).toBe('87 pebbles@rubble.com 550');
  });

  it('bring much data in its order, over one session', async () => {
    const { example, rubble } = await couple();
    const fred = await Attached.as(fredAt, example.address.port);
    const wilma = await Attached.as(wilmaAt, rubble.address.port);
    const sent = Array.from({ length: 600 }, (_, index) =>
      fred.send(wilmaAt, { content: `<hello n="${index}">${'x'.repeat(2000)}</hello>` }),
    );
    expect(new Set(await Promise.all(sent))).toEqual(new Set(['ok']));
    await wilma.until(600);
    expect(wilma.came.map(numberOf)).toEqual(Array.from({ length: 600 }, (_, index) => `${index}`));
    expect(example.mesh?.counters).toMatchObject({ dialled: 1, overflowed: 0, unsent: 0 });
    await vi.waitFor(() => expect(example.mesh?.counters.forwarded).toBe(600));
  });

  it('that dial each other at the same time bring everything to each other, in its order and once', async () => {
    const { example, rubble } = await couple();
    const fred = await Attached.as(fredAt, example.address.port);
    const wilma = await Attached.as(wilmaAt, rubble.address.port);
    for (let index = 0; index < 50; index += 1) {
      void fred.send(wilmaAt, { content: `<hello n="${index}" />` });
      void wilma.send(fredAt, { content: `<hello n="${index}" />` });
    }
    await Promise.all([fred.until(50), wilma.until(50)]);
    // What is sent behind it comes behind it, and nothing came twice.
    await Promise.all([
      fred.send(wilmaAt, { content: '<end />' }),
      wilma.send(fredAt, { content: '<end />' }),
    ]);
    await Promise.all([fred.until(1, isEnd), wilma.until(1, isEnd)]);
    const all = [...Array.from({ length: 50 }, (_, index) => `${index}`), undefined];
    expect(fred.came.map(numberOf)).toEqual(all);
    expect(wilma.came.map(numberOf)).toEqual(all);
  });

  it('release a session on which nothing has come for a while, and dial again when there is data', async () => {
    const { example, rubble } = await couple({ example: { idleMs: 300 } });
    const fred = await Attached.as(fredAt, example.address.port);
    const wilma = await Attached.as(wilmaAt, rubble.address.port);
    await fred.send(wilmaAt);
    await wilma.until(1);
    await vi.waitFor(() => expect(rubble.mesh?.sessions).toBe(0), { timeout: 10_000 });
    expect(rubble.mesh?.peers()).toMatchObject([{ domain: 'example.com', as: 'rubble.com', sessions: 0 }]);
    await fred.send(wilmaAt);
    await wilma.until(2);
    expect(example.mesh?.counters).toMatchObject({ dialled: 2, failures: 0 });
  });

  it('have data wait for a relay that is not there, until it is back', async () => {
    const { dns, example, rubble } = await couple();
    await rubble.close();
    const fred = await Attached.as(fredAt, example.address.port);
    for (const content of ['<one />', '<two />', '<three />']) await fred.send(wilmaAt, { content });
    await example.told('mesh.failed');
    const back = await scriptedRelay();
    place(dns, 'rubble.com', back.port);
    await back.until('came', 3);
    expect(back.came.map((text) => /<(one|two|three) /.exec(text)?.[1])).toEqual(['one', 'two', 'three']);
    await vi.waitFor(() => expect(example.mesh?.counters).toMatchObject({ forwarded: 3, unsent: 0 }));
    expect(example.mesh?.peers()).toMatchObject([{ failures: 0, failure: undefined }]);
  });

  it('[C4] tell the originator that asks for it when the time is over: 550', async () => {
    const { example, rubble } = await couple({ example: { waitMs: 500 } });
    await rubble.close();
    const fred = await Attached.as(fredAt, example.address.port);
    await fred.send(wilmaAt);
    await fred.send(wilmaAt, { options: statusRequest(86, 'this') });
    await fred.send(wilmaAt, { options: statusRequest(87, 'all') });
    await fred.until(2);
    expect(fred.reports()).toEqual(['86 wilma@rubble.com 550', '87 wilma@rubble.com 550']);
    expect(example.mesh?.counters.unsent).toBe(3);
    expect(example.mesh?.peers()).toMatchObject([{ waiting: 0, waitingOctets: 0 }]);
  });

  it('[3342 §2.1] [3342 §2.2] have data wait as long as its dataTiming says: 350 on the way, 550 at the end', async () => {
    const { example, rubble } = await couple({ example: { waitMs: 60_000 } });
    await rubble.close();
    const fred = await Attached.as(fredAt, example.address.port);
    const options = dataTiming(86, "noLaterThan='700' reportAfter='200' reportErrors='true'");
    await fred.send(wilmaAt, { options });
    await fred.until(2);
    expect(fred.reports()).toEqual(['86 wilma@rubble.com 350', '86 wilma@rubble.com 550']);
    await vi.waitFor(() => expect(example.mesh?.peers()).toMatchObject([{ waiting: 0 }]));
  });

  it('let no more wait than may: what is too much is reported 450', async () => {
    const { example, rubble } = await couple({
      example: { waitMs: 60_000, waiting: { data: 2, octets: 100_000 } },
    });
    await rubble.close();
    const fred = await Attached.as(fredAt, example.address.port);
    for (const transID of [1, 2, 3]) await fred.send(wilmaAt, { options: statusRequest(transID, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['3 wilma@rubble.com 450']);
    expect(example.mesh?.peers()).toMatchObject([{ waiting: 2 }]);
    expect(example.mesh?.counters.overflowed).toBe(1);
  });

  it('report at once what a relay does not let in: its secret is another one', async () => {
    const { example, rubble } = await couple({
      example: { waitMs: 60_000 },
      rubble: { peers: { 'example.com': { secret: 'another one' } } },
    });
    const fred = await Attached.as(fredAt, example.address.port);
    await fred.send(wilmaAt, { options: statusRequest(1, 'this') });
    await fred.send(wilmaAt, { options: statusRequest(2, 'this') });
    await fred.until(2);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 535', '2 wilma@rubble.com 535']);
    expect(await rubble.told('auth.failed')).toMatchObject({ identity: 'example.com' });
    const logged = JSON.stringify([...example.events, ...rubble.events]);
    expect(logged).not.toContain(secret);
    expect(logged).not.toContain('another one');
  });

  it('report at once that there is no relay', async () => {
    const example = await house('example.com', { discovery: false }, ['fred']);
    const fred = await Attached.as(fredAt, example.address.port);
    await fred.send(wilmaAt, { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 550']);
  });
});
