import { describe, expect, it, onTestFinished } from 'vitest';
import { createDomain } from '../src/create-domain.ts';
import type { ApexOwner } from '../src/create-owner.ts';
import { createServer } from '../src/create-server.ts';
import type { OperationView, SessionView } from '../src/oversight.ts';
import { MemoryStore } from '../src/store/memory/memory-store.ts';
import { Application, Stage } from './edge/stage.ts';

const [fred, wilma] = ['fred@example.com', 'wilma@example.com'] as const;
const reason = { code: 554, text: 'enough' };

/** A server, and ports that lead to it, which may be those of different processes. */
interface Overseen {
  readonly server: Pick<ApexOwner, 'administration' | 'oversight' | 'sessions'>;
  readonly ports: readonly number[];
  /** What the ids of sessions look like. */
  readonly id: RegExp;
}

async function alone(): Promise<Overseen> {
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false,
    iterations: 4096,
    accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
  });
  onTestFinished(() => server.close());
  for (const endpoint of [fred, wilma]) await server.administration.addEndpoint(endpoint, 'yabba');
  return { server, ports: [server.address.port, server.address.port], id: /^\d+$/ };
}

async function withEdges(): Promise<Overseen> {
  const { owner, edges } = await Stage.start(2);
  return { server: owner, ports: edges.map(({ port }) => port), id: /^[12]-\d+$/ };
}

async function attached(port: number, endpoint: string): Promise<Application> {
  const application = await Application.join(port, endpoint);
  expect(await application.attach()).toBeUndefined();
  return application;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const byIdentity = (one: SessionView, other: SessionView): number =>
  (one.identity ?? '').localeCompare(other.identity ?? '');

describe.each([
  ['of one process', alone],
  ['of an owner and its edges', withEdges],
] as const)('oversight of a server %s', (_, start) => {
  it('lists sessions with who has them and what is attached on them', async () => {
    const { server, ports, id } = await start();
    await attached(ports[0]!, fred);
    await Application.join(ports[1]!, wilma);
    const sessions = (await all(server.oversight.sessions())).toSorted(byIdentity);
    expect(sessions).toMatchObject([
      { identity: fred, mechanism: 'PLAIN', endpoints: [fred], transport: 'tcp', secured: false },
      { identity: wilma, mechanism: 'PLAIN', endpoints: [], transport: 'tcp', secured: false },
    ]);
    for (const session of sessions) {
      expect(session.id).toMatch(id);
      expect(session.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(session.ageMs).toBeGreaterThanOrEqual(session.idleMs);
      expect(session.unsentOctets).toBe(0);
    }
    expect(new Set(sessions.map((session) => session.id)).size).toBe(2);
  });

  it('lists attachments, all or those of an endpoint and its subaddresses', async () => {
    const { server, ports } = await start();
    for (const endpoint of [fred, 'fred/desk@example.com', wilma]) await attached(ports[0]!, endpoint);
    const { oversight } = server;
    const list = (of?: string) => [...oversight.attachments(of)].map(({ endpoint }) => endpoint).sort();
    expect(list()).toEqual(['fred/desk@example.com', fred, wilma]);
    expect(list('fred@EXAMPLE.com')).toEqual(['fred/desk@example.com', fred]);
    expect(list('fred/desk@example.com')).toEqual(['fred/desk@example.com']);
    const ids = (await all(oversight.sessions())).map((session) => session.id);
    for (const { session } of oversight.attachments()) expect(ids).toContain(session);
    expect(() => list('fred@elsewhere.example')).toThrow(/not in the domain/);
  });

  it('lists the operations on the presence of an endpoint, and those that it has originated elsewhere', async () => {
    const { server, ports } = await start();
    const transID = await (await attached(ports[0]!, wilma)).subscribe();
    const own = await (await attached(ports[1]!, fred)).subscribe();
    const subscription = { kind: 'subscribe', publisher: fred, until: expect.any(String) };
    const byWilma = { ...subscription, originator: wilma, transID };
    const byFred = { ...subscription, originator: fred, transID: own };
    expect(await all(server.oversight.operations(fred))).toEqual([byWilma, byFred]);
    expect(await all(server.oversight.operations(wilma))).toEqual([byWilma]);
    expect(await all(server.oversight.operations('wilma/x@example.com'))).toEqual([]);
    await expect(all(server.oversight.operations('dino@example.com'))).rejects.toMatchObject({
      code: 'endpoint.unknown',
    });
  });

  it('[3343 §4.5] ends an operation, with a reason for its originator', async () => {
    const { server, ports } = await start();
    const application = await attached(ports[1]!, wilma);
    const operation = { originator: wilma, transID: await application.subscribe() };
    await server.oversight.endOperation(fred, operation, reason);
    const terminate = await application.next(
      (received) => typeof received !== 'string' && received.kind === 'terminate',
    );
    expect(terminate).toMatchObject({ transID: operation.transID, code: 554, text: 'enough' });
    expect(await all<OperationView>(server.oversight.operations(fred))).toEqual([]);
    await expect(server.oversight.endOperation(fred, operation, reason)).rejects.toMatchObject({
      code: 'operation.over',
    });
  });

  it('[3340 §4.4.3] terminates the attachments of an endpoint, and of no other', async () => {
    const { server, ports } = await start();
    const [application, other] = [await attached(ports[0]!, fred), await attached(ports[1]!, wilma)];
    server.oversight.detach(fred, reason);
    await application.next((received) => received === 'terminated 554');
    expect([...server.oversight.attachments()].map(({ endpoint }) => endpoint)).toEqual([wilma]);
    expect(other.received).toEqual([]);
    expect(() => server.oversight.detach(fred, reason)).toThrow(/fred@example\.com is not attached/);
  });

  it('ends a session by its id, attached or not, and no other', async () => {
    const { server, ports } = await start();
    const [one, two] = [await attached(ports[0]!, fred), await Application.join(ports[1]!, wilma)];
    const stays = await attached(ports[1]!, 'wilma/x@example.com');
    const { oversight } = server;
    for (const [application, identity] of [
      [one, fred],
      [two, wilma],
    ] as const) {
      const sessions = await all(oversight.sessions());
      const { id } = sessions.find(
        (session) => session.identity === identity && !session.endpoints.includes('wilma/x@example.com'),
      )!;
      await oversight.endSession(id, reason);
      expect(await application.ended).toEqual({ kind: 'released' });
    }
    expect(one.received).toEqual(['terminated 554']);
    expect(stays.received).toEqual([]);
    for (const id of ['99', '1-99', 'nonsense', '']) {
      await expect(oversight.endSession(id, reason)).rejects.toMatchObject({ code: 'session.unknown' });
    }
  });
});

it('lists none of an edge that is gone', async () => {
  const { owner, edges } = await Stage.start(2);
  await attached(edges[0]!.port, fred);
  const stays = await attached(edges[1]!.port, wilma);
  const sessions = owner.oversight.sessions();
  const first = sessions.next();
  edges[0]!.pipe.cut();
  await first;
  for await (const _ of sessions);
  expect((await all(owner.oversight.sessions())).map(({ identity }) => identity)).toEqual([wilma]);
  expect(stays.received).toEqual([]);
});

it('gives no reason that no terminate can carry', async () => {
  const { server, ports } = await alone();
  const application = await attached(ports[0]!, fred);
  const { oversight } = server;
  const operation = { originator: fred, transID: await application.subscribe() };
  const session = [...oversight.attachments()][0]!.session;
  for (const wrong of [
    { code: 554, text: 'a\u0001b' },
    { code: 99, text: '' },
  ]) {
    const refused = expect.objectContaining({ code: 'reason.invalid' });
    expect(() => oversight.detach(fred, wrong)).toThrow(refused);
    await expect(oversight.endSession(session, wrong)).rejects.toEqual(refused);
    await expect(oversight.endOperation(fred, operation, wrong)).rejects.toEqual(refused);
  }
  expect([...oversight.attachments()]).toHaveLength(1);
  expect(await all(oversight.operations(fred))).toHaveLength(1);
});

it('asks for the sessions of a place page by page', async () => {
  const asked: number[] = [];
  const row = { remoteAddress: '192.0.2.1:1', transport: 'tcp', secured: true, ageMs: 0, idleMs: 0 } as const;
  const domain = await createDomain({ domain: 'example.com', store: new MemoryStore() });
  onTestFinished(() => domain.close());
  const oversight = domain.oversee(() => [
    {
      worker: 3,
      async rows(after, limit) {
        asked.push(after);
        const count = Math.min(limit, 1200 - after);
        return Array.from({ length: count }, (_, index) => ({ ...row, id: after + index + 1 }));
      },
      release: async () => false,
      relaySessions: () => new Map(),
    },
  ]);
  const ids = (await all(oversight.sessions())).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 1200 }, (_, index) => `3-${index + 1}`));
  expect(asked).toEqual([0, 500, 1000]);
});
