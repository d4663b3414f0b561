import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Load } from '../src/cases.ts';
import { drive } from '../src/driver.ts';
import { startServer } from '../src/server.ts';
import type { BenchServer } from '../src/subject.ts';

async function serverFor(load: Load): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startServer(folder, load, 'sources');
  onTestFinished(() => server.stop());
  return server;
}

const short = { seconds: 0.5, warmUpSeconds: 0, settleSeconds: 0.1 };

it.each([
  { mode: 'fanout', publishers: 1, subscribers: 2 },
  { mode: 'p2p', publishers: 2, subscribers: 1 },
] as const)('the TypeScript driver measures a small $mode load, and nothing is lost', async (load) => {
  const { port, pid } = await serverFor(load);
  const row = await drive({ name: 'small', load, port, pid, ...short });
  expect(row).toEqual({
    name: 'small',
    deliveriesPerSecond: expect.any(Number),
    updatesPerSecond: row.deliveriesPerSecond! / (load.mode === 'p2p' ? 1 : 2),
    p50Ms: expect.any(Number),
    p99Ms: expect.any(Number),
    ...(row.serverCpuPercent !== undefined && { serverCpuPercent: expect.any(Number) }),
    lost: 0,
  });
  expect(row.deliveriesPerSecond).toBeGreaterThan(0);
  expect(row.p50Ms).toBeGreaterThan(0);
  expect(row.p99Ms).toBeGreaterThanOrEqual(row.p50Ms!);
});

it('the TypeScript driver measures the memory of idle connections', async () => {
  const load = { mode: 'idle', publishers: 1, subscribers: 20 } as const;
  const { port, pid } = await serverFor(load);
  const row = await drive({ name: 'idle', load, port, pid, ...short });
  expect(row).toEqual({ name: 'idle', kibPerConnection: expect.any(Number) });
  expect(row.kibPerConnection).toBeLessThan(10_000);
});

it('the TypeScript driver says so when the server refuses it', async () => {
  const load = { mode: 'fanout', publishers: 1, subscribers: 1 } as const;
  const { port, pid } = await serverFor(load);
  const more = { ...load, subscribers: 2 };
  await expect(drive({ name: 'refused', load: more, port, pid, ...short })).rejects.toMatchObject({
    replyCode: 535,
  });
});
