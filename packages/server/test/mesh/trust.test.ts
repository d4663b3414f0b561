import { describe, expect, it, vi } from 'vitest';
import { Attached, host, house, secret, statusRequest } from './house.ts';
import { scriptedRelay } from './scripted-relay.ts';

const fredAt = 'fred@example.com';

/** example.com, to whose relays port other relays connect that share a secret with it. */
async function example(more: Readonly<Record<string, object>> = {}) {
  const server = await house(
    'example.com',
    {
      listen: { host, port: 0 },
      discovery: false,
      peers: {
        'rubble.com': { secret, ...more['rubble.com'] },
        'slate.com': { secret: 'another one' },
        ...Object.fromEntries(Object.entries(more).filter(([domain]) => domain !== 'rubble.com')),
      },
    },
    ['fred'],
  );
  return { server, port: server.mesh?.address?.port ?? 0 };
}

describe('a relay that connects', () => {
  it('[3340 §4.5.2 rule 1] [3340 §4.4.2 step 2] authenticates as its domain and binds for that domain only', async () => {
    const { port } = await example();
    const relay = await Attached.relay('rubble.com', port);
    expect(await relay.bind('slate.com', 1)).toBe(537);
    expect(await relay.bind('example.com', 1)).toBe(537);
    expect(await relay.bind('sub.rubble.com', 1)).toBe(537);
    expect(await relay.bind('rubble.com', 1)).toBe('ok');
    expect(await relay.bind('rubble.com', 1)).toBe(555);
  });

  it('is refused with a wrong secret, with that of another domain, and as a domain that shares none', async () => {
    const { port, server } = await example();
    for (const [domain, password] of [
      ['rubble.com', 'wrong'],
      ['slate.com', secret],
      ['unknown.com', secret],
      ['example.com', secret],
      [fredAt, 'pebbles'],
    ] as const) {
      await expect(Attached.relay(domain, port, { password }), domain).rejects.toMatchObject({
        replyCode: 535,
      });
    }
    expect(server.mesh?.peers()).toEqual([]);
  });

  it('does not authenticate where endpoints do, and endpoints do not where relays do', async () => {
    const { server } = await example();
    await expect(Attached.relay('rubble.com', server.address.port)).rejects.toMatchObject({ replyCode: 535 });
  });

  it('[3340 §4.4.4.1 step 1] [3340 §4.5.2 rule 3] [C2] sends for originators of its domain, once it has bound', async () => {
    const { server, port } = await example();
    const fred = await Attached.as(fredAt, server.address.port);
    const relay = await Attached.relay('rubble.com', port);
    expect(await relay.send(fredAt, { from: 'wilma@rubble.com' })).toBe(537);
    await relay.bind('rubble.com');
    expect(await relay.send(fredAt, { from: 'wilma@rubble.com' })).toBe('ok');
    expect(await relay.send(fredAt, { from: 'apex=presence@rubble.com' })).toBe('ok');
    expect(await relay.send(fredAt, { from: 'mr@slate.com' })).toBe(537);
    expect(await relay.send(fredAt, { from: fredAt })).toBe(537);
    expect(await relay.send(fredAt, { from: 'apex=presence@example.com' })).toBe(537);
    await fred.until(2);
    expect(fred.came.map(({ from }) => from)).toEqual(['wilma@rubble.com', 'apex=presence@rubble.com']);
    // 3340 §4.4.3 step 3
    expect(await relay.terminate(1)).toBe('ok');
    expect(await relay.send(fredAt, { from: 'wilma@rubble.com' })).toBe(537);
  });

  it('[3340 §4.5.2 rule 3] [C2] sends for those of other domains when it is trusted, but not for ours', async () => {
    const { server, port } = await example({ 'rubble.com': { trusted: true } });
    const fred = await Attached.as(fredAt, server.address.port);
    const relay = await Attached.relay('rubble.com', port);
    await relay.bind('rubble.com');
    expect(await relay.send(fredAt, { from: 'mr@slate.com' })).toBe('ok');
    expect(await relay.send(fredAt, { from: 'barney@example.com' })).toBe(537);
    expect(await fred.until(1)).toMatchObject({ from: 'mr@slate.com' });
  });

  it('[3340 §2.1] [3340 §4.4.2] binds for several domains on one session, and gets the data for each of them', async () => {
    const { server, port } = await example({ 'rubble.com': { domains: ['quarry.com'] } });
    const fred = await Attached.as(fredAt, server.address.port);
    const relay = await Attached.relay('rubble.com', port);
    expect(await relay.bind('rubble.com', 1)).toBe('ok');
    expect(await relay.bind('quarry.com', 2)).toBe('ok');
    await fred.send('wilma@rubble.com');
    await fred.send('mr@quarry.com');
    await relay.until(2);
    expect(relay.came.map(({ message }) => message.data.recipients[0]?.identity)).toEqual([
      'wilma@rubble.com',
      'mr@quarry.com',
    ]);
    expect(await relay.send(fredAt, { from: 'mr@quarry.com' })).toBe('ok');
    // 3340 §4.4.3 step 1
    expect(await relay.terminate(0)).toBe('ok');
    expect(await relay.send(fredAt, { from: 'mr@quarry.com' })).toBe(537);
    await fred.send('mr@quarry.com', { options: statusRequest(5, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['5 mr@quarry.com 550']);
  });

  it('that has as much as it may leave unanswered for one of its domains gets that for the other one with the next answer', async () => {
    const { server, port } = await example({ 'rubble.com': { domains: ['quarry.com'] } });
    const fred = await Attached.as(fredAt, server.address.port);
    const relay = await Attached.relay('rubble.com', port);
    await relay.bind('rubble.com', 1);
    await relay.bind('quarry.com', 2);
    relay.answer = () => 'nothing';
    for (let count = 0; count < 300; count += 1) await fred.send('wilma@rubble.com');
    await relay.until(256);
    await fred.send('mr@quarry.com', { content: '<other />' });
    relay.unanswered.shift()?.ok();
    await relay.until(1, ({ name }) => name === 'other');
    expect(relay.came).toHaveLength(257);
    // Nobody has to send anything more for the rest to come.
    relay.answer = () => 'ok';
    for (const answer of relay.unanswered.splice(0)) answer.ok();
    await relay.until(301);
  });

  it('gets data on the session that it has bound, and none is dialled', async () => {
    const { server, port } = await example();
    const fred = await Attached.as(fredAt, server.address.port);
    const relay = await Attached.relay('rubble.com', port);
    await relay.bind('rubble.com');
    for (let count = 0; count < 10; count += 1) await fred.send('wilma@rubble.com');
    await relay.until(10);
    expect(server.mesh?.counters).toMatchObject({ dialled: 0, failures: 0 });
  });
});

describe('a relay that is dialled', () => {
  it('[C2] [3340 §4.2] [3340 §4.4.2] counts as bound, while we bind for our domain as the initialization of the channel', async () => {
    const scripted = await scriptedRelay();
    const server = await house(
      'example.com',
      { discovery: false, peers: { 'rubble.com': { host, port: scripted.port, secret } } },
      ['fred'],
    );
    const fred = await Attached.as(fredAt, server.address.port);
    await fred.send('wilma@rubble.com');
    await scripted.until('came', 1);
    expect(scripted.bound).toEqual(['example.com']);
    const back = (from: string): Promise<unknown> =>
      new Promise((resolve) => {
        const xml = `<data content='#Content'><originator identity='${from}' /><recipient identity='${fredAt}' /><data-content Name='Content'><hello /></data-content></data>`;
        scripted.channels[0]?.data(
          new TextEncoder().encode(`Content-Type: application/beep+xml\r\n\r\n${xml}`),
          resolve,
        );
      });
    expect(await back('wilma@rubble.com')).toBeUndefined();
    expect(await back('mr@slate.com')).toMatchObject({ replyCode: 537 });
    expect(await back('barney@example.com')).toMatchObject({ replyCode: 537 });
    expect(await fred.until(1)).toMatchObject({ from: 'wilma@rubble.com' });
  });

  it('[3340 §4.4.2 step 2] that refuses our bind gets no data; the originator is told 537', async () => {
    const scripted = await scriptedRelay({ bind: (_bind, answer) => answer.error(537, 'access denied') });
    const server = await house(
      'example.com',
      { discovery: false, waitMs: 60_000, peers: { 'rubble.com': { host, port: scripted.port, secret } } },
      ['fred'],
    );
    const fred = await Attached.as(fredAt, server.address.port);
    await fred.send('wilma@rubble.com', { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 537']);
    expect(scripted.came).toEqual([]);
    await vi.waitFor(() => expect(server.mesh?.peers()).toMatchObject([{ sessions: 0, failures: 1 }]));
  });

  it('has to prove that it knows the secret: one that lets everybody in gets no data', async () => {
    const scripted = await scriptedRelay();
    const server = await house(
      'example.com',
      {
        discovery: false,
        waitMs: 60_000,
        peers: { 'rubble.com': { host, port: scripted.port, secret: 'which it does not know' } },
      },
      ['fred'],
    );
    const fred = await Attached.as(fredAt, server.address.port);
    await fred.send('wilma@rubble.com', { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 535']);
    expect(scripted.bound).toEqual([]);
  });
});
