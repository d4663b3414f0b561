import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localsOf } from '../cases.ts';
import { ended, firstMatch } from '../child.ts';
import { pinned } from '../pinned.ts';
import { residentKibOfTree } from '../process-usage.ts';
import { configure, DOMAIN, provision, serve } from '../server.ts';
import { capacityOf, collected, type GrowthOutcome, type GrowthSetting } from './setting.ts';

/** Connections from one address to one port: below the ports that systems give out for them. */
const PER_ADDRESS = 20_000;
/** Workers that are taken without having been asked for. */
const MOST_WORKERS = 4;

/** What the memory of the server, its workers included, grows to with connections that are subscribed and idle. */
export function idleGrowth(setting: GrowthSetting): Promise<GrowthOutcome> {
  return collected('idle', async (found, skipped) => {
    const { sizes, rounds, generate, code, progress, signal } = setting;
    const { binary } = generate;
    if (binary === undefined) {
      skipped.push(...sizes.map((size) => ({ size, reason: 'needs the load generator in C' })));
      return;
    }
    const parent = mkdtempSync(join(tmpdir(), 'apex-growth-'));
    try {
      const possible = sizes.filter((size) => workersFor(size, setting) !== undefined);
      const impossible = sizes.filter((size) => !possible.includes(size));
      skipped.push(...impossible.map((size) => ({ size, reason: tooMany(setting) })));
      for (const size of possible) {
        progress.show(`${size} idle connections: provisioning`);
        signal.throwIfAborted();
        const folder = join(parent, String(size));
        mkdirSync(folder);
        provision(folder, localsOf({ mode: 'idle', publishers: 1, subscribers: size }), code);
      }
      for (let round = 1; round <= rounds; round += 1) {
        for (const size of possible) {
          progress.show(`round ${round} of ${rounds}: ${size} idle connections`);
          signal.throwIfAborted();
          // A server of its own folder, so that no subscriptions of an earlier round are in it.
          const folder = join(parent, 'round');
          cpSync(join(parent, String(size)), folder, { recursive: true });
          configure(folder);
          const workers = workersFor(size, setting)!;
          const figures = await measureIdle(folder, size, workers, binary, setting);
          found.push({ size, round, figures });
          rmSync(folder, { recursive: true });
        }
      }
    } finally {
      rmSync(parent, { recursive: true, force: true });
      progress.clear();
    }
  });
}

/** As many as asked for; without, as few as the descriptors allow. Undefined when they do not allow it. */
function workersFor(size: number, { workers, descriptors }: GrowthSetting): number | undefined {
  const capacity = capacityOf(descriptors);
  if (workers > 0) return size <= workers * capacity ? workers : undefined;
  if (size <= capacity) return 0;
  return size <= MOST_WORKERS * capacity ? Math.ceil(size / capacity) : undefined;
}

function tooMany({ workers, descriptors }: GrowthSetting): string {
  return `a process may have ${descriptors} descriptors, and ${workers || MOST_WORKERS} workers hold the connections`;
}

async function measureIdle(
  folder: string,
  size: number,
  workers: number,
  binary: string,
  { descriptors, code, settleSeconds }: GrowthSetting,
): Promise<Readonly<Record<string, number>>> {
  const server = await serve(folder, code, workers);
  const holders: ChildProcess[] = [];
  try {
    await sleep(settleSeconds * 1000);
    const before = residentKibOfTree(server.pid);
    const from = performance.now();
    const perHolder = Math.min(PER_ADDRESS, capacityOf(descriptors));
    for (let first = 0; first < size; first += perHolder) {
      const count = Math.min(perHolder, size - first);
      // Ports are counted for each address; the server listens on 127.0.0.1, and all of 127/8 are this machine.
      const source = `127.0.0.${2 + holders.length}`;
      const holder = hold(binary, server.port, first, count, source);
      holders.push(holder);
      await firstMatch(holder, /"mode":"hold"/);
    }
    const seconds = (performance.now() - from) / 1000;
    await sleep(settleSeconds * 1000);
    const after = residentKibOfTree(server.pid);
    return {
      workers,
      memoryMib: after / 1024,
      kibPerConnection: (after - before) / size,
      attachesPerSecond: size / seconds,
    };
  } finally {
    await Promise.all(holders.map(ended)); // first, since they report a server that goes
    await server.stop();
  }
}

function hold(binary: string, port: number, first: number, count: number, source: string): ChildProcess {
  const [command, ...rest] = pinned(1, [
    binary,
    ...['--proto', 'apex', '--server', 'apexd', '--domain', DOMAIN, '--mode', 'hold'],
    ...['--port', String(port), '--subs', String(count), '--first', String(first), '--source', source],
  ]);
  return spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
}
