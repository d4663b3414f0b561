import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drive } from './driver.ts';
import type { Measurement } from './measurement.ts';
import { pinned } from './pinned.ts';
import type { Row } from './table.ts';

export interface LoadGenerator {
  readonly name: string;
  run(measurement: Measurement): Promise<Row>;
}

/** The one in C where gcc is there (it costs least beside the server), else the one in TypeScript. */
export function loadGenerator(): LoadGenerator {
  if (spawnSync('gcc', ['--version']).status !== 0) return { name: 'TypeScript', run: drive };
  const folder = mkdtempSync(join(tmpdir(), 'apex-loadgen-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, 'loadgen');
  const source = fileURLToPath(new URL('../loadgen/loadgen.c', import.meta.url));
  const compiled = spawnSync('gcc', ['-O2', '-o', binary, source], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(`loadgen.c does not compile: ${compiled.stderr}`);
  return { name: 'loadgen.c', run: (measurement) => runLoadgen(binary, measurement) };
}

async function runLoadgen(binary: string, { name, load, port, pid, seconds }: Measurement): Promise<Row> {
  const [command, ...rest] = pinned(1, [
    binary,
    ...['--proto', 'apex', '--server', 'apexd', '--domain', 'example.com', '--mode', load.mode],
    ...['--port', String(port), '--pid', String(pid), '--secs', String(seconds), '--settle', '3'],
    ...['--pubs', String(load.publishers), '--subs', String(load.subscribers), '-W', '1'],
  ]);
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the load generator failed with exit code ${code}`);
  const figures = JSON.parse(output.trim().split('\n').at(-1)!) as LoadgenFigures;
  if (load.mode === 'idle') return { name, kibPerConnection: figures.rss_kb_per_conn };
  return {
    name,
    deliveriesPerSecond: figures.deliveries_per_s,
    updatesPerSecond: figures.updates_per_s,
    p50Ms: figures.lat_ms.p50,
    p99Ms: figures.lat_ms.p99,
    serverCpuPercent: figures.server_cpu_pct,
    lost: figures.lost,
  };
}

interface LoadgenFigures {
  readonly deliveries_per_s: number;
  readonly updates_per_s: number;
  readonly lat_ms: { readonly p50: number; readonly p99: number };
  readonly server_cpu_pct: number;
  readonly rss_kb_per_conn: number;
  readonly lost: number;
}
