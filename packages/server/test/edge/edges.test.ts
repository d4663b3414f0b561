import { authenticate, drive, plainClient, type Reply } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import type { Operation, Publish } from '@apex/protocol';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { describe, expect, it } from 'vitest';
import { createEdge } from '../../src/create-edge.ts';
import { codeOf } from '../code-of.ts';
import { MemoryPipe } from './pipes.ts';
import { type Application, Stage, startEdge } from './stage.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const barney = 'barney@example.com';

/** For what hangs. */
const soon = { timeout: 60_000 };

/** Any data that is no answer to anything. */
const hello = { kind: 'terminate', transID: 7, code: 250, text: '' } as const;
const isHello = (operation: Operation | string): boolean =>
  typeof operation !== 'string' && operation.kind === 'terminate' && operation.transID === 7;

function publishes({ received }: Application): Publish[] {
  return received.filter(
    (operation): operation is Publish => typeof operation !== 'string' && operation.kind === 'publish',
  );
}

async function connectTo(port: number) {
  return drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
}

describe('an owner with two edges', () => {
  it('carries data from a session of one edge to one of the other', async () => {
    const stage = await Stage.start(2);
    const one = await stage.attached(0, fred);
    const other = await stage.attached(1, wilma);
    expect(await one.send(wilma, hello)).toBeUndefined();
    await other.next(isHello);
    expect(await other.send(fred, hello)).toBeUndefined();
    await one.next(isHello);
    await expect.poll(() => stage.owner.counters.relay.delivered, soon).toBe(2);
  });

  it('[3340 §4.4.1 step 5] refuses an endpoint that is attached through the other edge with 554', async () => {
    const stage = await Stage.start(2);
    await stage.attached(0, fred);
    expect(await (await stage.join(1, fred)).attach()).toMatchObject({ replyCode: 554 });
  });

  it('[3342 §1] takes an endpoint over from the other edge, whose application gets terminate 556', async () => {
    const stage = await Stage.start(2);
    const first = await stage.attached(0, fred);
    const second = await stage.join(1, fred);
    expect(await second.attach({ overrides: true })).toBeUndefined();
    await first.next((operation) => operation === 'terminated 556');
    await (await stage.attached(0, wilma)).send(fred, hello);
    await second.next(isHello);
    expect(first.received).toEqual(['terminated 556']);
  });

  it('[B10] lets in through one edge who has left through the other, however late the news', async () => {
    const stage = await Stage.start(2);
    const first = await stage.attached(0, fred);
    const second = await stage.join(1, fred);
    const { pipe } = stage.edges[0]!;
    pipe.toOwner.hold();
    await first.release();
    const attached = second.attach();
    await pipe.toEdge.have(1, 'mark');
    pipe.toOwner.release();
    expect(await attached).toBeUndefined();
  });

  it('[3343 §4.2 step 6] says one publish to each edge once, whoever holds how many subscribers', async () => {
    const stage = await Stage.start(2);
    const publisher = await stage.attached(0, fred);
    const subscribers: Application[] = [];
    for (const edge of [0, 1]) {
      for (const name of ['a', 'b', 'c']) {
        subscribers.push(await stage.attached(edge, `wilma/${edge}${name}@example.com`));
      }
    }
    const transIDs = await Promise.all(subscribers.map((subscriber) => subscriber.subscribe()));
    const entry = publishes(subscribers[0]!)[0]!;
    for (const { pipe } of stage.edges) pipe.toEdge.batches.length = 0;
    expect(await publisher.publish(entry.presence.lastUpdate, 'http://example.com/new')).toBe(250);
    for (const [index, subscriber] of subscribers.entries()) {
      await expect.poll(() => publishes(subscriber).length, soon).toBe(2);
      expect(publishes(subscriber)[1]).toMatchObject({
        transID: transIDs[index],
        presence: { publisherInfo: 'http://example.com/new' },
      });
    }
    for (const { pipe } of stage.edges) {
      const fanOuts = pipe.toEdge.of('fan-out');
      expect(fanOuts.map(({ channels }) => channels.length)).toEqual([3]);
    }
  });

  it('[P10] brings the updates of one publisher to subscribers of both edges in their order', async () => {
    const stage = await Stage.start(2);
    const publisher = await stage.attached(0, fred);
    const subscribers = [await stage.attached(0, wilma), await stage.attached(1, barney)];
    for (const subscriber of subscribers) await subscriber.subscribe();
    const [near, far] = subscribers as [Application, Application];
    for (let update = 1; update <= 5; update += 1) {
      const { presence } = publishes(near).at(-1)!;
      expect(await publisher.publish(presence.lastUpdate, `http://example.com/${update}`)).toBe(250);
      await expect.poll(() => publishes(near).length, soon).toBe(update + 1);
    }
    await expect.poll(() => publishes(far).length, soon).toBe(6);
    expect(publishes(far)).toEqual(publishes(far).toSorted(byLastUpdate));
    expect(publishes(far).map(({ presence }) => presence)).toEqual(
      publishes(near).map(({ presence }) => presence),
    );
  });

  it('carries operations and their answers in the order of the operations', async () => {
    const stage = await Stage.start(2);
    const application = await stage.attached(1, wilma);
    const transIDs = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const transID of transIDs) {
      const operation = { kind: 'subscribe', publisher: fred, transID, duration: 0 } as const;
      void application.send('apex=presence@example.com', operation);
    }
    await expect.poll(() => publishes(application).map(({ transID }) => transID), soon).toEqual(transIDs);
  });

  it('[B7] answers what is malformed at the edge; the owner never sees it', async () => {
    const stage = await Stage.start(2);
    const { apex } = await stage.attached(0, fred);
    const send = (text: string): Promise<Reply> =>
      new Promise((resolve) =>
        apex.channel.send(
          new TextEncoder().encode(`Content-Type: application/beep+xml\r\n\r\n${text}`),
          resolve,
        ),
      );
    expect(await send('<data')).toMatchObject({ kind: 'ERR' });
    expect(await send('<data />')).toMatchObject({ kind: 'ERR' });
    expect(stage.edges[0]!.pipe.toOwner.of('data')).toEqual([]);
    await expect
      .poll(() => stage.events.map(({ name, code }) => [name, code]), soon)
      .toEqual([
        ['auth.succeeded', undefined],
        ['message.refused', 'xml.end'],
        ['message.refused', 'element.attribute.missing'],
      ]);
  });

  it('[B13] checks passwords at the owner, and tells nobody what they were', async () => {
    const stage = await Stage.start(2);
    const attempt = async (edge: number, authentication: string, password: string) => {
      const peer = await connectTo(stage.edges[edge]!.port);
      const outcome = await codeOf(
        authenticate(peer, plainClient({ authentication, password, requireSecured: false })),
      );
      peer.abort(new Error('enough'));
      return outcome;
    };
    expect(await attempt(0, fred, 'yabba')).toBe('accepted');
    expect(await attempt(1, fred, 'dabba-doo')).toBe(535);
    expect(await attempt(1, 'dino@example.com', 'dabba-doo')).toBe(535);
    await stage.owner.administration.setPassword(fred, 'new-secret');
    expect(await attempt(1, fred, 'yabba')).toBe(535);
    expect(await attempt(1, fred, 'new-secret')).toBe('accepted');
    await expect
      .poll(() => stage.events.map(({ name, identity }) => [name, identity]), soon)
      .toEqual([
        ['auth.succeeded', fred],
        ['auth.failed', fred],
        ['auth.failed', 'dino@example.com'],
        ['auth.failed', fred],
        ['auth.succeeded', fred],
      ]);
    expect(JSON.stringify(stage.events)).not.toMatch(/yabba|doo|secret/);
  });

  it('[P12] ends the attachments of a removed endpoint on whatever edge they are', async () => {
    const stage = await Stage.start(2);
    const sessions = [await stage.attached(0, fred), await stage.attached(1, 'fred/x@example.com')];
    await stage.owner.administration.removeEndpoint(fred);
    for (const session of sessions) await session.next((operation) => operation === 'terminated 550');
  });

  it('counts the sessions of all edges, and divides the limit of connections among them', async () => {
    const stage = await Stage.start(2, { sessionLimits: { connections: 2 } });
    await stage.join(0, fred);
    await stage.join(1, wilma);
    await expect.poll(() => stage.owner.sessions, soon).toBe(2);
    const one = await connectTo(stage.edges[0]!.port);
    expect(await codeOf(one.greeting)).toBe(421);
    await expect.poll(() => stage.events.map(({ name }) => name), soon).toContain('session.refused');
  });

  it('[3080 §2.4] releases the sessions of all edges when it closes', async () => {
    const stage = await Stage.start(2);
    const sessions = [await stage.attached(0, fred), await stage.attached(1, wilma)];
    await stage.owner.close();
    for (const { ended } of sessions) expect(await ended).toEqual({ kind: 'released' });
  });
});

describe('an endpoint that keeps deliveries waiting', () => {
  it('[C13] is detached and its session ended when more waits for it than the limit', async () => {
    const stage = await Stage.start(2, { limits: { unsentOctets: 1000 } });
    const slow = await stage.attached(0, wilma);
    slow.answers = false;
    const sender = await stage.attached(1, fred);
    const others = await stage.attached(0, barney);
    while (stage.owner.counters.relay.stalled === 0) await sender.send(wilma, hello);
    await slow.next((operation) => operation === 'terminated 451');
    expect(await slow.ended).toMatchObject({ kind: 'lost' });
    await sender.send(barney, hello);
    await others.next(isHello);
    expect(await (await stage.join(1, wilma)).attach()).toBeUndefined();
  });

  it('[C13] is detached and its session ended when it does not answer in time', async () => {
    const stage = await Stage.start(1, { limits: { deliveryMs: 50 } });
    const slow = await stage.attached(0, wilma);
    slow.answers = false;
    await (await stage.attached(0, fred)).send(wilma, hello);
    await slow.next((operation) => operation === 'terminated 451');
    expect(await slow.ended).toMatchObject({ kind: 'lost' });
  });
});

describe('an owner that was stopped for longer than a delivery may take', () => {
  async function stopped() {
    const clock = new VirtualClock();
    const stage = await Stage.start(2, { clock, limits: { deliveryMs: 10_000 } });
    const recipient = await stage.attached(0, wilma);
    const sender = await stage.attached(1, fred);
    // What the recipient answers meanwhile waits in the pipe.
    const { toOwner } = stage.edges[0]!.pipe;
    toOwner.hold();
    await sender.send(wilma, hello);
    await recipient.next(isHello);
    clock.now += 30_000;
    clock.advance(0);
    return { stage, clock, toOwner, recipient };
  }

  it('[C13] detaches nobody whose answer it has not read yet', async () => {
    const { stage, clock, toOwner, recipient } = await stopped();
    toOwner.release();
    // Its answer came before this.
    await recipient.send(fred, hello);
    clock.advance(5000);
    expect(stage.owner.counters.relay.stalled).toBe(0);
  });

  it('[C13] detaches those of whom there is none, the next time it looks', async () => {
    const { stage, clock, toOwner } = await stopped();
    expect(stage.owner.counters.relay.stalled).toBe(0);
    clock.advance(1000);
    expect(stage.owner.counters.relay.stalled).toBe(1);
    toOwner.release();
  });
});

describe('an edge that ends', () => {
  it('takes its attachments with it; the others go on, and a new edge serves', async () => {
    const stage = await Stage.start(2);
    const gone = await stage.attached(0, wilma);
    await gone.subscribe();
    const stays = await stage.attached(1, fred);
    const { pipe } = stage.edges[0]!;
    pipe.cut();
    await gone.ended;
    // P9: the subscription is as durable as ever.
    stage.edges[0] = await startEdge(stage.owner);
    const back = await stage.attached(0, wilma);
    const { presence } = publishes(gone)[0]!;
    expect(await stays.publish(presence.lastUpdate, 'http://example.com/later')).toBe(250);
    await expect.poll(() => publishes(back).length, soon).toBe(1);
  });

  it('says nothing any more: what comes from it afterwards attaches nobody', async () => {
    const stage = await Stage.start(2);
    const { pipe } = stage.edges[0]!;
    pipe.cut();
    pipe.toOwner.late([
      { kind: 'opened', channel: 1, session: 1 },
      {
        kind: 'operation',
        channel: 1,
        exchange: 1,
        element: { kind: 'attach', endpoint: fred, transID: 1, options: [] },
        identity: { mechanism: 'PLAIN', authorization: fred },
      },
    ]);
    expect(await (await stage.join(1, fred)).attach()).toBeUndefined();
  });

  it('is no reason to keep an attach waiting that asked for news of it', async () => {
    const stage = await Stage.start(2);
    await stage.attached(0, fred);
    const second = await stage.join(1, fred);
    const { pipe } = stage.edges[0]!;
    pipe.toOwner.hold();
    const attached = second.attach();
    await pipe.toEdge.have(1, 'mark');
    pipe.cut();
    expect(await attached).toBeUndefined();
  });

  it('is told from one that cannot listen, and that one ends by itself', async () => {
    const stage = await Stage.start(1);
    const pipe = new MemoryPipe();
    const address = { host: '127.0.0.1', port: stage.edges[0]!.port };
    const edge = stage.owner.accept(pipe.ownersEnd, address);
    const ended = createEdge(pipe.edgesEnd);
    await expect(edge.listening).rejects.toMatchObject({ name: 'EdgeError', code: 'listen.in-use' });
    await ended;
    pipe.cut();
    await edge.ended;
    const dead = new MemoryPipe();
    const { listening } = stage.owner.accept(dead.ownersEnd, address);
    dead.cut();
    await expect(listening).rejects.toMatchObject({ code: 'edge.ended' });
  });
});

function byLastUpdate(one: Publish, other: Publish): number {
  return Date.parse(one.presence.lastUpdate) - Date.parse(other.presence.lastUpdate);
}
