import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measurement.ts';
import { pinned } from './pinned.ts';
import type { Row } from './table.ts';

export type DriverName = 'ts' | 'c';

export interface LoadGenerator {
  readonly name: string;
  run(measurement: Measurement): Promise<Row>;
}

/** The one asked for; else the one in C where gcc is there (it costs least beside the server). */
export function loadGenerator(wanted: DriverName | undefined): LoadGenerator {
  const hasCompiler = wanted !== 'ts' && spawnSync('gcc', ['--version']).status === 0;
  if (wanted === 'c' && !hasCompiler) throw new Error('--driver c needs gcc');
  if (!hasCompiler) return { name: 'TypeScript', run: runDriver };
  const folder = mkdtempSync(join(tmpdir(), 'apex-loadgen-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, 'loadgen');
  const source = fileURLToPath(new URL('../loadgen/loadgen.c', import.meta.url));
  const compiled = spawnSync('gcc', ['-O2', '-o', binary, source], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(`loadgen.c does not compile: ${compiled.stderr}`);
  return { name: 'loadgen.c', run: (measurement) => runLoadgen(binary, measurement) };
}

async function runDriver(measurement: Measurement): Promise<Row> {
  const driver = fileURLToPath(new URL('./driver-process.ts', import.meta.url));
  const command = [process.execPath, ...process.execArgv, driver, JSON.stringify(measurement)];
  return JSON.parse(await lastLineOf(command)) as Row;
}

async function runLoadgen(binary: string, measurement: Measurement): Promise<Row> {
  const { name, load, port, pid, seconds, warmUpSeconds, settleSeconds } = measurement;
  const line = await lastLineOf([
    binary,
    ...['--proto', 'apex', '--server', 'apexd', '--domain', 'example.com', '--mode', load.mode],
    ...['--port', String(port), '--pid', String(pid), '--secs', String(seconds)],
    ...['--warmup', String(warmUpSeconds), '--settle', String(settleSeconds)],
    ...['--pubs', String(load.publishers), '--subs', String(load.subscribers), '-W', '1'],
  ]);
  const figures = JSON.parse(line) as LoadgenFigures;
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

/** Runs a load generator on cpu 1, beside the server; resolves with the last line that it prints. */
async function lastLineOf(generator: readonly string[]): Promise<string> {
  const [command, ...rest] = pinned(1, generator);
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the load generator failed with exit code ${code}`);
  return output.trim().split('\n').at(-1)!;
}

interface LoadgenFigures {
  readonly deliveries_per_s: number;
  readonly updates_per_s: number;
  readonly lat_ms: { readonly p50: number; readonly p99: number };
  readonly server_cpu_pct: number;
  readonly rss_kb_per_conn: number;
  readonly lost: number;
}
