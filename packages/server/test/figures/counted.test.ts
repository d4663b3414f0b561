import { VirtualClock } from '@apex/vitest/virtual-clock';
import { describe, expect, it } from 'vitest';
import { gauge } from '../../src/figures/figure.ts';
import { FaultyStore } from '../../src/store/faulty-store.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { StoreMeasurement, type StoreTrouble } from '../../src/store-measurement.ts';
import { MemoryPipe } from '../edge/pipes.ts';
import { Stage, startEdge } from '../edge/stage.ts';
import { numberOf } from './number-of.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const hello = { kind: 'terminate', transID: 1, code: 250, text: '' } as const;
const main = { process: 'main' };

/** Enough for a machine that has other things to do. */
const soon = { timeout: 20_000 };

function value(stage: Stage, name: string, labels: Record<string, string> = {}, part?: 'count' | 'sum') {
  return stage.owner.figures().then((figures) => numberOf(figures, name, { ...main, ...labels }, part));
}

describe('what is sent to an endpoint', () => {
  it('that answers counts as acknowledged, to one that is not attached as dropped', async () => {
    const stage = await Stage.start(1);
    const sender = await stage.attached(0, fred);
    await sender.subscribe();
    await sender.send('wilma@example.com', hello);
    const delivered = () => value(stage, 'apex_deliveries_total', { outcome: 'acknowledged' });
    await expect.poll(delivered, soon).toBe(1);
    expect(await value(stage, 'apex_data_dropped_total', { code: '550' })).toBe(1);
    expect(await value(stage, 'apex_data_accepted_total')).toBe(2);
  });

  it('that keeps it waiting counts as timed out, and its limit as hit', async () => {
    const stage = await Stage.start(2, { limits: { unsentOctets: 1000 } });
    const slow = await stage.attached(0, wilma);
    slow.answers = false;
    const sender = await stage.attached(1, fred);
    while (stage.owner.counters.relay.stalled === 0) await sender.send(wilma, hello);
    await slow.ended;
    const timedOut = () => value(stage, 'apex_deliveries_total', { outcome: 'timed_out' });
    await expect.poll(timedOut, soon).toBeGreaterThan(0);
    await expect.poll(() => value(stage, 'apex_deliveries_pending'), soon).toBe(0);
    expect(await value(stage, 'apex_limits_hit_total', { limit: 'unsentOctets' })).toBe(1);
    expect(await value(stage, 'apex_sessions_stalled_total')).toBe(1);
    expect(await value(stage, 'apex_deliveries_total', { outcome: 'lost' })).toBe(0);
  });

  it('whose session ends before the answer counts as lost', async () => {
    const stage = await Stage.start(1);
    const silent = await stage.attached(0, wilma);
    silent.answers = false;
    await (await stage.attached(0, fred)).send(wilma, hello);
    await silent.next((operation) => typeof operation !== 'string' && operation.kind === 'terminate');
    expect(await value(stage, 'apex_deliveries_pending')).toBe(1);
    expect(await value(stage, 'apex_unsent_bytes')).toBeGreaterThan(0);
    stage.edges[0]!.pipe.cut();
    const lost = () => value(stage, 'apex_deliveries_total', { outcome: 'lost' });
    await expect.poll(lost, soon).toBe(1);
    expect(await value(stage, 'apex_unsent_bytes')).toBe(0);
  });
});

describe('what is refused', () => {
  it('counts by who refused it and by reply code, whichever limit it was by its name', async () => {
    const stage = await Stage.start(1, { limits: { operationsPerOriginator: 1, attachmentsPerSession: 1 } });
    const application = await stage.attached(0, fred);
    // A second attach, and one as somebody else.
    const attach = (endpoint: string, transID: number) =>
      new Promise((resolve) =>
        application.apex.attach({ kind: 'attach', endpoint, transID, options: [] }, resolve),
      );
    await attach('fred/other@example.com', 2);
    await attach(wilma, 3);
    expect(await value(stage, 'apex_refusals_total', { service: 'relay', code: '554' })).toBe(1);
    expect(await value(stage, 'apex_refusals_total', { service: 'relay', code: '537' })).toBe(1);
    await application.subscribe();
    const other = { kind: 'subscribe', publisher: wilma, transID: 9, duration: 60 } as const;
    await application.send('apex=presence@example.com', other);
    await application.next((operation) => typeof operation !== 'string' && operation.kind === 'reply');
    expect(await application.publish('2026-01-01T00:00:00Z', '')).toBe(555);
    const limits = ['attachmentsPerSession', 'operationsPerOriginator', 'operationsPerGuest'];
    expect(
      await Promise.all(limits.map((limit) => value(stage, 'apex_limits_hit_total', { limit }))),
    ).toEqual([1, 1, 0]);
    expect(await value(stage, 'apex_refusals_total', { service: 'presence', code: '555' })).toBe(1);
    expect(await value(stage, 'apex_refusals_total', { service: 'presence', code: '554' })).toBe(1);
  });
});

describe('the figures of a whole server', () => {
  it('are told to each of its edges, with what the programs add', async () => {
    const own = (seconds: number) => async () => [gauge('program_seconds', 'Of the program.', seconds)];
    const stage = await Stage.start(0, { figures: own(1) });
    const http = { host: '127.0.0.1', port: 0 };
    const start = (seconds: number) =>
      startEdge(stage.owner, new MemoryPipe(), http, {
        figures: own(seconds),
        routes: [
          {
            path: '/figures',
            answer: async (_, response, { figures }) => void response.end(JSON.stringify(await figures())),
          },
        ],
      });
    const edges = [await start(2), await start(3)];
    stage.edges.push(...edges);
    await stage.attached(1, fred);
    for (const { httpPort } of edges) {
      const response = await fetch(`http://127.0.0.1:${httpPort}/figures`);
      const figures = (await response.json()) as Awaited<ReturnType<typeof stage.owner.figures>>;
      const seconds = ['main', 'worker-1', 'worker-2'].map((process) =>
        numberOf(figures, 'program_seconds', { process }),
      );
      expect(seconds).toEqual([1, 2, 3]);
      const sessions = ['worker-1', 'worker-2'].map((process) =>
        numberOf(figures, 'apex_sessions', { process, transport: 'tcp' }),
      );
      expect(sessions).toEqual([0, 1]);
      expect(numberOf(figures, 'apex_workers', main)).toBe(2);
    }
  });

  it('are those of the others when an edge does not tell its own, or is gone', async () => {
    const stage = await Stage.start(1);
    const stuck = new MemoryPipe();
    stage.owner.accept(stuck.ownersEnd, { host: '127.0.0.1', port: 0 });
    // At the other end of that pipe nobody listens.
    stuck.edgesEnd.open({ received: () => {}, closed: () => {} });
    const without = await stage.owner.figures();
    expect(numberOf(without, 'apex_sessions', { process: 'worker-1', transport: 'tcp' })).toBe(0);
    expect(numberOf(without, 'apex_sessions', { process: 'worker-2', transport: 'tcp' })).toBeUndefined();
    const asking = stage.owner.figures();
    stuck.cut();
    expect(numberOf(await asking, 'apex_workers', main)).toBe(2);
    expect(await value(stage, 'apex_workers')).toBe(1);
  });

  it('hold what a program could not tell as an event, and the rest', async () => {
    const stage = await Stage.start(0);
    const failing = () => Promise.reject(new Error('nothing to tell'));
    await startEdge(stage.owner, new MemoryPipe(), undefined, { figures: failing });
    const figures = await stage.owner.figures();
    expect(numberOf(figures, 'apex_sessions', { process: 'worker-1', transport: 'tcp' })).toBe(0);
    await expect.poll(() => stage.events.map(({ name }) => name), soon).toContain('figures.failed');
  });
});

it('a store is measured: how long it takes, how much it writes, and what fails', async () => {
  const clock = new VirtualClock();
  const behind = new FaultyStore(new MemoryStore(), async () => void clock.advance(30));
  const measured = new StoreMeasurement(behind, clock);
  const put = { kind: 'put-endpoint', endpoint: fred, createdAt: 1 } as const;
  await measured.store.commit([put, put, put]);
  expect((await measured.store.loadSubject(fred))?.createdAt).toBe(1);
  behind.failNext(1, 'commit');
  await expect(measured.store.commit([put])).rejects.toMatchObject({ code: 'store.failed' });
  const figures = measured.figures();
  const of = (name: string, part: 'sum' | 'count') => numberOf(figures, name, {}, part);
  expect(of('apex_store_commit_duration_seconds', 'count')).toBe(1);
  expect(of('apex_store_commit_duration_seconds', 'sum')).toBeCloseTo(0.03);
  expect(of('apex_store_commit_writes', 'sum')).toBe(4);
  expect(of('apex_store_load_duration_seconds', 'count')).toBe(1);
  expect(numberOf(figures, 'apex_store_failures_total', { operation: 'commit' })).toBe(1);
  expect(numberOf(figures, 'apex_store_failures_total', { operation: 'load' })).toBe(0);
});

it('a store that fails is told of once, with why, and so is that it has recovered', async () => {
  const clock = new VirtualClock();
  const behind = new FaultyStore(new MemoryStore());
  const troubles: StoreTrouble[] = [];
  const { store } = new StoreMeasurement(behind, clock, (trouble) => troubles.push(trouble));
  const put = { kind: 'put-endpoint', endpoint: fred, createdAt: 1 } as const;
  const failed = { code: 'store.failed' };
  await store.commit([put]);
  behind.failNext(3, 'commit');
  for (let time = 0; time < 3; time += 1) {
    await expect(store.commit([put])).rejects.toMatchObject(failed);
    clock.advance(500);
  }
  await store.loadSubject(fred);
  expect(troubles).toEqual([{ kind: 'failed', operation: 'commit', error: expect.objectContaining(failed) }]);
  await store.commit([put]);
  await store.commit([put]);
  expect(troubles.slice(1)).toEqual([{ kind: 'recovered', failures: 3, ms: 1500 }]);
  behind.failNext(1, 'load');
  await expect(store.loadSubject(fred)).rejects.toMatchObject(failed);
  expect(troubles.slice(2)).toEqual([
    { kind: 'failed', operation: 'load', error: expect.objectContaining(failed) },
  ]);
});

it('what a store refuses for what it is, is no failure of the store', async () => {
  const troubles: StoreTrouble[] = [];
  const tell = (trouble: StoreTrouble): void => void troubles.push(trouble);
  const { store } = new StoreMeasurement(new MemoryStore(), new VirtualClock(), tell);
  const refused = store.commit([{ kind: 'put-credentials', endpoint: fred, credentials: [] }]);
  await expect(refused).rejects.toMatchObject({ code: 'store.endpoint' });
  expect(troubles).toEqual([]);
});
