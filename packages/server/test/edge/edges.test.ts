import { authenticate, drive, type Peer, plainClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import {
  APEX_PROFILE_URI,
  ApexChannel,
  type Attach,
  attachOverrideOption,
  contentElement,
  type DataMessage,
  formatInitialization,
  formatOperation,
  type Operation,
  parseInitializationReply,
  parseOperation,
  type Subscribe,
  serviceData,
} from '@apex/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { createEdge } from '../../src/create-edge.ts';
import { type ApexOwner, createOwner, type Edge, type OwnerOptions } from '../../src/create-owner.ts';
import type { ServerEvent } from '../../src/server-event.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { PipePair } from './pipes.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const SERVICE = 'apex=presence@example.com';
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Stage {
  readonly owner: ApexOwner;
  readonly events: readonly ServerEvent[];
  readonly edges: readonly { readonly edge: Edge; readonly pipe: PipePair; readonly port: number }[];
}

/** An owner with fred, wilma, and `count` edges, each on a port of its own. */
async function stage(count = 2, options: Partial<OwnerOptions> = {}): Promise<Stage> {
  const events: ServerEvent[] = [];
  const owner = await createOwner({
    domain: 'example.com',
    store: new MemoryStore(),
    edges: count,
    requireTls: false,
    iterations: 4096,
    accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
    onEvent: (event) => events.push(event),
    ...options,
  });
  ends.push(() => owner.close());
  for (const name of [fred, wilma]) await owner.administration.addEndpoint(name, 'yabba');
  const edges = [];
  for (let index = 0; index < count; index++) {
    const pipe = new PipePair();
    const edge = owner.accept(pipe.owner, { host: '127.0.0.1', port: 0 });
    void createEdge(pipe.edge);
    edges.push({ edge, pipe, port: (await edge.listening).port });
  }
  return { owner, events, edges };
}

/** An application over TCP, and what it was sent. */
class Application {
  readonly received: Operation[] = [];
  readonly terminated: number[] = [];
  readonly apex: ApexChannel;
  readonly peer: Peer;
  readonly #endpoint: string;
  #changed = Promise.withResolvers<void>();

  constructor(peer: Peer, endpoint: string) {
    this.peer = peer;
    this.#endpoint = endpoint;
    this.apex = new ApexChannel(() => ({
      data: (message, answer) => {
        answer.ok();
        this.#took(message);
      },
      terminate: ({ code }, answer) => {
        answer.ok();
        this.terminated.push(code);
        this.#change();
      },
      closed: () => {},
    }));
  }

  send(operation: Operation): void {
    this.apex.data(serviceData(this.#endpoint, SERVICE, formatOperation(operation)), () => {});
  }

  async until(isSo: (application: this) => boolean): Promise<void> {
    while (!isSo(this)) await this.#changed.promise;
  }

  #took(message: DataMessage): void {
    const element = contentElement(message);
    if (element !== undefined) this.received.push(parseOperation(element));
    this.#change();
  }

  #change(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}

async function connected(port: number): Promise<Peer> {
  const peer = drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
  ends.push(async () => peer.abort(new Error('the test is over')));
  return peer;
}

/** Attaches; the reply code when the relay refuses. */
async function attached(port: number, endpoint: string, options: Attach['options'] = []) {
  const peer = await connected(port);
  await authenticate(
    peer,
    plainClient({ authentication: endpoint, password: 'yabba', requireSecured: false }),
  );
  const application = new Application(peer, endpoint);
  const { channel, initializationReply } = await peer.startChannel({
    profiles: [
      {
        uri: APEX_PROFILE_URI,
        initialization: formatInitialization({ kind: 'attach', endpoint, transID: 1, options }),
      },
    ],
    handler: application.apex,
  });
  application.apex.open(channel);
  return { application, refusal: parseInitializationReply(initializationReply) };
}

function subscribe(transID: number): Subscribe {
  return { kind: 'subscribe', publisher: fred, transID, duration: 60 };
}

describe('edges', () => {
  it('[3340 §4.4.1 step 5] know of each other: an endpoint attached at one is refused at another with 554', async () => {
    const { edges } = await stage();
    const ports = edges.map(({ port }) => port);
    expect((await attached(ports[0] ?? 0, fred)).refusal).toBeUndefined();
    expect((await attached(ports[1] ?? 0, fred)).refusal).toMatchObject({ replyCode: 554 });
  });

  it('[3342 §1] let attachOverride take an endpoint over from another edge', async () => {
    const { edges } = await stage();
    const first = await attached(edges[0]?.port ?? 0, fred);
    const second = await attached(edges[1]?.port ?? 0, fred, [attachOverrideOption(1)]);
    expect(second.refusal).toBeUndefined();
    await first.application.until(({ terminated }) => terminated.length > 0);
    expect(first.application.terminated).toEqual([556]);
  });

  it('carry operations, and answers in the order of the operations', async () => {
    const { edges } = await stage();
    const { application } = await attached(edges[1]?.port ?? 0, wilma);
    for (let transID = 1; transID <= 20; transID++) application.send({ ...subscribe(transID), duration: 0 });
    await application.until(({ received }) => received.length === 20);
    expect(application.received.map((each) => ('transID' in each ? each.transID : 0))).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it('get one message for a fan-out, with the octets that all copies share once', async () => {
    const { edges, owner } = await stage();
    const [first, second] = edges;
    const applications = [];
    for (let index = 0; index < 12; index++) {
      const endpoint = `e${index}@example.com`;
      await owner.administration.addEndpoint(endpoint, 'yabba');
      const { port = 0 } = (index % 2 === 0 ? first : second) ?? {};
      const { application } = await attached(port, endpoint);
      application.send(subscribe(1));
      await application.until(({ received }) => received.length === 1);
      applications.push(application);
    }
    const fredAt = await attached(first?.port ?? 0, fred);
    for (const { pipe } of edges) pipe.toEdge.length = 0;
    const current = applications[0]?.received[0];
    if (current?.kind !== 'publish') throw new Error('no entry');
    fredAt.application.send({ ...current, transID: 77 });
    for (const each of applications) await each.until(({ received }) => received.length === 2);
    for (const { pipe } of edges) {
      const fanOuts = pipe.toEdge.flat().filter((message) => message.kind === 'fan-out');
      expect(fanOuts.map(({ channels, recipients }) => [channels.length, recipients.length])).toEqual([
        [6, 6],
      ]);
    }
  });

  it('[B7] answer what is malformed themselves', async () => {
    const { edges } = await stage(1);
    const { application } = await attached(edges[0]?.port ?? 0, fred);
    const bad = new TextEncoder().encode('Content-Type: application/beep+xml\r\n\r\n<data content=');
    const failure = await new Promise((resolve) => application.apex.data(bad, resolve));
    expect(failure).toMatchObject({ replyCode: 500 });
  });

  it('[B13] have passwords checked by their owner', async () => {
    const { edges } = await stage(1);
    const peer = await connected(edges[0]?.port ?? 0);
    const wrong = plainClient({ authentication: fred, password: 'dabba', requireSecured: false });
    await expect(authenticate(peer, wrong)).rejects.toMatchObject({ replyCode: 535 });
  });

  it('tell their events, and how many sessions there are', async () => {
    const { owner, edges, events } = await stage(2);
    await attached(edges[0]?.port ?? 0, fred);
    const peer = await connected(edges[1]?.port ?? 0);
    await peer.greeting;
    while (owner.sessions !== 2) await new Promise((resolve) => setImmediate(resolve));
    const { application } = await attached(edges[1]?.port ?? 0, wilma);
    application.apex.data(new TextEncoder().encode('\r\n<x />'), () => {});
    while (!events.some(({ name }) => name === 'message.refused')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('that are gone take their attachments with them, and leave the others alone', async () => {
    const { edges } = await stage();
    const [first, second] = edges;
    await attached(first?.port ?? 0, fred);
    const other = await attached(second?.port ?? 0, wilma);
    first?.pipe.cut();
    await first?.edge.ended;
    // fred may attach again, elsewhere.
    expect((await attached(second?.port ?? 0, fred)).refusal).toBeUndefined();
    other.application.send(subscribe(5));
    await other.application.until(({ received }) => received.length === 1);
  });

  it('[C13] that do not take what they are sent have their channels detached', async () => {
    const { edges, owner } = await stage(2, { limits: { unsentOctets: 2000 } });
    const { application } = await attached(edges[0]?.port ?? 0, wilma);
    application.send(subscribe(1));
    await application.until(({ received }) => received.length === 1);
    // From now on nothing comes back from that edge.
    const silent = edges[0]?.pipe;
    if (silent !== undefined) silent.owner.send = () => {};
    const fredAt = await attached(edges[1]?.port ?? 0, fred);
    fredAt.application.send({ ...subscribe(1), duration: 0 });
    await fredAt.application.until(({ received }) => received.length === 1);
    for (let transID = 2; owner.counters.relay.stalled === 0; transID++) {
      const current = fredAt.application.received.findLast((each) => each.kind === 'publish');
      if (current?.kind !== 'publish') throw new Error('no entry');
      fredAt.application.send({ ...current, transID });
      await fredAt.application.until(({ received }) =>
        received.some((each) => 'transID' in each && each.transID === transID),
      );
      fredAt.application.send({ ...subscribe(transID + 1000), duration: 0 });
      const polled = transID + 1000;
      await fredAt.application.until(({ received }) =>
        received.some((each) => 'transID' in each && each.transID === polled),
      );
    }
    expect(owner.counters.relay.stalled).toBe(1);
  });

  it('release their sessions when the owner is closed', async () => {
    const { owner, edges } = await stage(1);
    const { application } = await attached(edges[0]?.port ?? 0, fred);
    await owner.close();
    expect(await application.peer.ended).toEqual({ kind: 'released' });
  });

  it('say why they cannot listen', async () => {
    const { owner, edges } = await stage(1);
    const pipe = new PipePair();
    const edge = owner.accept(pipe.owner, { host: '127.0.0.1', port: edges[0]?.port ?? 0 });
    void createEdge(pipe.edge);
    await expect(edge.listening).rejects.toMatchObject({
      code: 'listen.in-use',
      message: expect.stringContaining('is in use'),
    });
  });
});
