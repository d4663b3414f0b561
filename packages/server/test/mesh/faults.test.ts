import { createServer as createSocketServer, type Socket } from 'node:net';
import type { Transport } from '@apex/beep';
import type { Answer } from '@apex/protocol';
import { type NameServer, nameServer } from '@apex/vitest/name-server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MeshSettings, ServerOptions } from '../../src/index.ts';
import { Attached, type House, host, house, secret, statusRequest } from './house.ts';
import { type Script, type ScriptedRelay, scriptedRelay } from './scripted-relay.ts';

const fredAt = 'fred@example.com';
const wilmaAt = 'wilma@rubble.com';
const slateAt = 'slate@quarry.com';

interface Scene {
  readonly server: House;
  readonly fred: Attached;
  readonly barney: Attached;
  /** The relay of rubble.com, as the script has it. */
  readonly rubble: ScriptedRelay;
  /** The relay of quarry.com, which does what it ought to. */
  readonly quarry: ScriptedRelay;
}

async function scene(
  script: Script,
  settings: Partial<MeshSettings> = {},
  options: Partial<ServerOptions> = {},
): Promise<Scene> {
  const [rubble, quarry] = [await scriptedRelay(script), await scriptedRelay()];
  const server = await house(
    'example.com',
    {
      discovery: false,
      peers: {
        'rubble.com': { host, port: rubble.port, secret },
        'quarry.com': { host, port: quarry.port, secret },
      },
      ...settings,
    },
    ['fred', 'barney'],
    options,
  );
  const fred = await Attached.as(fredAt, server.address.port);
  const barney = await Attached.as('barney@example.com', server.address.port);
  return { server, fred, barney, rubble, quarry };
}

/** Data within the domain and to another relay arrives, whatever the relay of rubble.com does. */
async function othersAreServed({ fred, barney, quarry }: Scene): Promise<void> {
  const [local, away] = [barney.came.length, quarry.came.length];
  expect(await fred.send('barney@example.com')).toBe('ok');
  expect(await fred.send(slateAt)).toBe('ok');
  await barney.until(local + 1);
  await quarry.until('came', away + 1);
}

/** What it hears it does not answer. */
const unheard = (transport: Transport, say?: string): void => {
  transport.open({ received: () => {}, closed: () => {}, drained: () => {} });
  if (say !== undefined) transport.write(new TextEncoder().encode(say));
};

describe('a relay that misbehaves harms nobody else', () => {
  it('one that says nothing at all', async () => {
    const all = await scene({ connected: (transport) => unheard(transport) }, { waitMs: 400 });
    await all.fred.send(wilmaAt, { options: statusRequest(1, 'this') });
    await othersAreServed(all);
    await all.fred.until(1);
    expect(all.fred.reports()).toEqual(['1 wilma@rubble.com 550']);
  });

  it('one that speaks no BEEP', async () => {
    const nonsense = 'HTTP/1.1 400 Bad Request\r\n\r\n';
    const all = await scene({ connected: (transport) => unheard(transport, nonsense) }, { waitMs: 700 });
    await all.fred.send(wilmaAt, { options: statusRequest(1, 'this') });
    expect(await all.server.told('mesh.failed')).toMatchObject({ domain: 'rubble.com' });
    expect(await all.server.told('mesh.ended')).toMatchObject({
      domain: 'rubble.com',
      code: 'frame.keyword',
    });
    await othersAreServed(all);
    await all.fred.until(1);
    expect(all.fred.reports()).toEqual(['1 wilma@rubble.com 550']);
  });

  it('one that breaks off connections at once is not dialled all the time', async () => {
    let connections = 0;
    const server = createSocketServer((socket: Socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const peers = { 'rubble.com': { host, port, secret } };
    const example = await house('example.com', { discovery: false, waitMs: 1500, peers }, ['fred']);
    const fred = await Attached.as(fredAt, example.address.port);
    for (let count = 0; count < 200; count += 1) await fred.send(wilmaAt);
    await fred.send(wilmaAt, { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 550']);
    // Full jitter allows short waits, but not for long: six failures are likely a second apart.
    expect(connections).toBeLessThan(40);
    expect(connections).toBe(example.mesh?.counters.dialled);
    expect(example.mesh?.counters.unsent).toBe(201);
  });

  it('[C13] one that does not answer data is dropped, and what it was sent is reported and never sent again', async () => {
    const all = await scene({ data: () => {} }, { waitMs: 60_000 }, { limits: { deliveryMs: 300 } });
    await all.fred.send(wilmaAt, { options: statusRequest(1, 'this'), content: '<once />' });
    await all.rubble.until('came', 1);
    await othersAreServed(all);
    await all.fred.until(1);
    expect(all.fred.reports()).toEqual(['1 wilma@rubble.com 550']);
    await all.rubble.peers[0]?.ended;
    all.rubble.script = {};
    await all.fred.send(wilmaAt, { content: '<next />' });
    await all.rubble.until('came', 2);
    expect(all.rubble.came.map((text) => /<(once|next) /.exec(text)?.[1])).toEqual(['once', 'next']);
  });

  it('one that ends the session has what was not sent before sent to it later, in order and once', async () => {
    let taken = 0;
    const all = await scene(
      {
        data(_message, answer) {
          taken += 1;
          if (taken === 5) all.rubble.peers[0]?.abort(new Error('of its own accord'));
          else answer.ok();
        },
      },
      { waitMs: 60_000 },
    );
    for (let index = 0; index < 20; index += 1) {
      void all.fred.send(wilmaAt, { content: `<n${index} />`, options: statusRequest(index + 1, 'this') });
    }
    await all.fred.until(20);
    const came = all.rubble.came.map((text) => Number(/<n(\d+) /.exec(text)?.[1]));
    expect(came).toEqual([...new Set(came)].toSorted((a, b) => a - b));
    const failed = all.fred.reports().filter((report) => report.endsWith(' 550'));
    expect(failed.length + came.length).toBeGreaterThanOrEqual(20);
    expect(failed.length).toBeGreaterThanOrEqual(1);
    await othersAreServed(all);
  });

  it('one that asks for the release while data waits gets the rest on another session, all of it, in order and once', async () => {
    let taken = 0;
    const isQueued = Promise.withResolvers<void>();
    const all = await scene(
      {
        // Nothing comes behind it that would have the relay look again.
        bind: (_bind, answer) => void isQueued.promise.then(() => answer.ok()),
        data(_message, answer) {
          taken += 1;
          if (taken === 10) void all.rubble.peers[0]?.released().catch(() => {});
          answer.ok();
        },
      },
      { waitMs: 60_000 },
    );
    await Promise.all(
      Array.from({ length: 600 }, (_, index) =>
        all.fred.send(wilmaAt, { content: `<n${index}>${'x'.repeat(2000)}</n${index}>` }),
      ),
    );
    isQueued.resolve();
    await all.rubble.until('came', 600);
    expect(all.rubble.came.map((text) => Number(/<n(\d+)>/.exec(text)?.[1]))).toEqual(
      Array.from({ length: 600 }, (_, index) => index),
    );
    expect(all.rubble.peers.length).toBeGreaterThanOrEqual(2);
    await othersAreServed(all);
  });

  it('one that takes data slowly holds up its own alone, and gets no more at a time than it may leave unanswered', async () => {
    const answers: Answer[] = [];
    const all = await scene(
      { data: (_message, answer) => void answers.push(answer) },
      { waitMs: 60_000, waiting: { data: 100 } },
      { limits: { deliveryMs: 60_000 } },
    );
    for (let index = 0; index < 400; index += 1) await all.fred.send(wilmaAt);
    await all.fred.send(wilmaAt, { options: statusRequest(7, 'this') });
    await all.fred.until(1);
    expect(all.fred.reports()).toEqual(['7 wilma@rubble.com 450']);
    expect(answers).toHaveLength(256);
    expect(all.server.mesh?.peers().find(({ domain }) => domain === 'rubble.com')).toMatchObject({
      waiting: 100,
    });
    await othersAreServed(all);
    for (const answer of answers.splice(0)) answer.ok();
    await all.rubble.until('came', 356);
  });

  it('one that floods is slowed, while those who are attached go on', async () => {
    const all = await scene({}, { sessionLimits: { messagesPerSecond: 200 } });
    await all.fred.send(wilmaAt);
    await all.rubble.until('came', 1);
    const payload = new TextEncoder().encode(
      `Content-Type: application/beep+xml\r\n\r\n<data content='#Content'><originator identity='${wilmaAt}' /><recipient identity='barney@example.com' /><data-content Name='Content'><flood /></data-content></data>`,
    );
    let answered = 0;
    for (let count = 0; count < 2000; count += 1) {
      all.rubble.channels[0]?.data(payload, () => {
        answered += 1;
      });
    }
    await all.barney.until(1, ({ name }) => name === 'flood');
    const begin = answered;
    await all.fred.send('barney@example.com', { content: '<local />' });
    await all.barney.until(1, ({ name }) => name === 'local');
    await vi.waitFor(() => expect(answered).toBeGreaterThan(begin));
    expect(answered).toBeLessThan(2000);
  });

  it('one that says what is malformed on the channel is answered, and the session goes on', async () => {
    const all = await scene({});
    await all.fred.send(wilmaAt);
    await all.rubble.until('came', 1);
    const say = (xml: string): Promise<unknown> =>
      new Promise((resolve) => {
        const octets = new TextEncoder().encode(`Content-Type: application/beep+xml\r\n\r\n${xml}`);
        all.rubble.channels[0]?.data(octets, resolve);
      });
    expect(await say('<data')).toMatchObject({ replyCode: 500 });
    expect(await say('<data />')).toMatchObject({ replyCode: 501 });
    expect(await say("<attach endpoint='wilma@rubble.com' transID='1' />")).toMatchObject({ replyCode: 553 });
    expect(await say("<attach endpoint='fred@example.com' transID='1' />")).toMatchObject({ replyCode: 537 });
    expect(await say("<bind relay='quarry.com' transID='1' />")).toMatchObject({ replyCode: 537 });
    await othersAreServed(all);
    await all.fred.send(wilmaAt);
    await all.rubble.until('came', 2);
    expect(all.rubble.peers).toHaveLength(1);
  });

  it('[3340 §2.1] [3340 §4.4.3] one that ends our binding gets no more data there; a new session is made when there is more', async () => {
    const all = await scene({
      bind(bind, answer) {
        answer.ok();
        transIDs.push(bind.transID);
      },
    });
    const transIDs: number[] = [];
    await all.fred.send(wilmaAt);
    await all.rubble.until('came', 1);
    const ended = new Promise((resolve) => {
      const terminate = {
        kind: 'terminate',
        transID: transIDs[0] ?? 0,
        code: 421,
        text: 'stopping',
      } as const;
      all.rubble.channels[0]?.terminate(terminate, resolve);
    });
    expect(await ended).toBeUndefined();
    await all.rubble.peers[0]?.ended;
    await all.fred.send(wilmaAt);
    await all.rubble.until('came', 2);
    expect(all.rubble.peers).toHaveLength(2);
  });

  it('one that is silent takes no place from those who answer, when no more may wait for all together', async () => {
    const all = await scene(
      { connected: (transport) => unheard(transport) },
      { waiting: { totalOctets: 20_000 }, waitMs: 60_000 },
    );
    await othersAreServed(all);
    const content = `<big>${'x'.repeat(8000)}</big>`;
    for (const transID of [1, 2, 3]) {
      await all.fred.send(wilmaAt, { content, options: statusRequest(transID, 'this') });
    }
    await all.fred.until(1);
    expect(all.fred.reports()).toEqual(['3 wilma@rubble.com 450']);
    await all.fred.send(slateAt, { content });
    await all.quarry.until('came', 2);
    await othersAreServed(all);
  });
});

describe('those who name many domains', () => {
  it('take no place from the relays that are configured, and are told when there are too many', async () => {
    const all = await scene(
      {},
      { discovery: true, resolvers: [(await silentDns()).address], waitMs: 60_000 },
    );
    for (let count = 0; count < 1000; count += 1) await all.fred.send(`mr@d${count}.invalid`);
    await all.fred.send('mr@one.invalid', { options: statusRequest(1, 'this') });
    await all.fred.until(1);
    expect(all.fred.reports()).toEqual(['1 mr@one.invalid 450']);
    await all.fred.send(wilmaAt);
    await all.rubble.until('came', 1);
    await othersAreServed(all);
  });
});

/** A name server that does not answer. */
function silentDns(): Promise<NameServer> {
  return nameServer(
    Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`SRV _apex-mesh._tcp.d${index}.invalid`, 'silence']),
    ),
  );
}
