import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { drive, type Peer } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ApexOwner } from '../src/create-owner.ts';
import { createServer } from '../src/create-server.ts';
import type { DrainProgress } from '../src/drain.ts';
import type { ServerEvent } from '../src/server-event.ts';
import { MemoryStore } from '../src/store/memory/memory-store.ts';
import { MemoryPipe } from './edge/pipes.ts';
import { Application, Stage, startEdge } from './edge/stage.ts';

const http = { host: '127.0.0.1', port: 0 };
const [fred, wilma, barney] = ['fred@example.com', 'wilma@example.com', 'barney@example.com'] as const;
const LONG_MS = 600_000;

/** A server that can be drained, however many processes it is. */
interface Drained {
  readonly server: Pick<ApexOwner, 'administration' | 'drain' | 'close' | 'sessions'>;
  readonly port: number;
  readonly httpPort: number;
  readonly events: readonly ServerEvent[];
}

async function alone(): Promise<Drained> {
  const events: ServerEvent[] = [];
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    http,
    requireTls: false,
    iterations: 4096,
    accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => server.close());
  for (const endpoint of [fred, wilma, barney]) await server.administration.addEndpoint(endpoint, 'yabba');
  return { server, port: server.address.port, httpPort: server.httpAddress!.port, events };
}

async function withEdges(): Promise<Drained> {
  const { owner, events } = await Stage.start(1);
  const { port, httpPort } = await startEdge(owner, new MemoryPipe(), http);
  return { server: owner, port, httpPort: httpPort!, events };
}

async function attached(port: number, endpoint: string): Promise<Application> {
  const application = await Application.join(port, endpoint);
  expect(await application.attach()).toBeUndefined();
  return application;
}

async function greeted(port: number): Promise<Peer> {
  const peer = drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
  onTestFinished(() => peer.abort(new Error('the test is over')));
  await peer.greeting;
  return peer;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connectSocket({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The lastUpdate of fred's entry, as its subscriber was shown it. */
function lastUpdateOf({ received }: Application): string {
  for (const operation of received.toReversed()) {
    if (typeof operation !== 'string' && operation.kind === 'publish') return operation.presence.lastUpdate;
  }
  throw new Error('no entry was shown');
}

describe.each([
  ['of one process', alone],
  ['of an owner and its edges', withEdges],
] as const)('draining a server %s', (_, start) => {
  it('takes no more sessions, and releases those on which nobody has attached', async () => {
    const { server, port, httpPort } = await start();
    const application = await attached(port, fred);
    const [stranger, authenticated] = [await greeted(port), await Application.join(port, wilma)];
    const drained = server.drain({ graceMs: LONG_MS });
    expect(await stranger.ended).toEqual({ kind: 'released' });
    expect(await authenticated.ended).toEqual({ kind: 'released' });
    await expect.poll(() => isListening(port)).toBe(false);
    expect((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status).toBe(503);
    expect((await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status).toBe(200);
    application.close();
    expect(await drained).toEqual({ attached: 1, terminated: 0, unanswered: 0 });
  });

  it('[3340 §4.4.3] lets those who are attached go on, and then terminates them with 421', async () => {
    const { server, port, events } = await start();
    const [publisher, subscriber] = [await attached(port, fred), await attached(port, wilma)];
    await subscriber.subscribe();
    const steps = new Set<DrainProgress['step']>();
    const drained = server.drain({ graceMs: 3000, onProgress: ({ step }) => steps.add(step) });
    expect(await publisher.publish(lastUpdateOf(subscriber), 'http://example.com/last')).toBe(250);
    await subscriber.next(
      (operation) =>
        typeof operation !== 'string' &&
        operation.kind === 'publish' &&
        operation.presence.publisherInfo === 'http://example.com/last',
    );
    expect(publisher.received).not.toContain('terminated 421');
    expect(await drained).toEqual({ attached: 2, terminated: 2, unanswered: 0 });
    for (const { received, ended } of [publisher, subscriber]) {
      expect(received.filter((operation) => typeof operation === 'string')).toEqual(['terminated 421']);
      expect(await ended).toEqual({ kind: 'released' });
    }
    expect([...steps]).toEqual(['grace', 'terminating', 'releasing']);
    expect(events.filter(({ name }) => name.startsWith('drain'))).toEqual([
      { level: 'info', name: 'draining', attached: 2, sessions: expect.any(Number), graceMs: 3000 },
      { level: 'info', name: 'drained', attached: 2, terminated: 2, unanswered: 0, atOnce: false },
    ]);
  });

  it('attaches nobody, also on a session that stands', async () => {
    const { server, port } = await start();
    const application = await attached(port, fred);
    const drained = server.drain({ graceMs: LONG_MS });
    expect(await application.attach({ transID: 2 })).toMatchObject({ replyCode: 421 });
    application.close();
    await drained;
  });

  it('waits for no peer that does not answer', async () => {
    const { server, port } = await start();
    const application = await attached(port, fred);
    application.answersTerminate = false;
    expect(await server.drain({ graceMs: 0 })).toEqual({ attached: 1, terminated: 1, unanswered: 1 });
    expect(await application.ended).toBeDefined();
  });

  it('waits for nobody when it is told so, and begins once', async () => {
    const { server, port, events } = await start();
    const application = await attached(port, fred);
    const stop = new AbortController();
    const drained = server.drain({ graceMs: LONG_MS, signal: stop.signal });
    expect(server.drain({ graceMs: 0 })).toBe(drained);
    stop.abort();
    expect(await drained).toEqual({ attached: 1, terminated: 0, unanswered: 0 });
    expect(await application.ended).toMatchObject({ kind: 'lost' });
    expect(events.at(-1)).toMatchObject({ name: 'drained', atOnce: true });
    await server.close();
  });
});
