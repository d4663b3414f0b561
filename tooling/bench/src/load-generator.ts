import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLineOf } from './child.ts';
import type { Measurement } from './measurement.ts';
import { pinned } from './pinned.ts';
import type { Subject } from './subject.ts';
import type { Row } from './table.ts';

export type DriverName = 'ts' | 'c';

/** How a server is spoken to; the generator in TypeScript knows APEX only. */
type Spoken = Pick<Subject, 'name' | 'protocol' | 'domain'>;

export interface LoadGenerator {
  readonly name: DriverName;
  /** The program in C, if this is it. */
  readonly binary?: string;
  run(subject: Spoken, measurement: Measurement, signal: AbortSignal): Promise<Row>;
}

/** The one asked for; else the one in C where gcc is there (it costs least beside the server). */
export function loadGenerator(wanted: DriverName | undefined): LoadGenerator {
  const hasCompiler = wanted !== 'ts' && spawnSync('gcc', ['--version']).status === 0;
  if (wanted === 'c' && !hasCompiler) throw new Error('--driver c needs gcc');
  if (!hasCompiler) return { name: 'ts', run: runDriver };
  const folder = mkdtempSync(join(tmpdir(), 'apex-loadgen-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, 'loadgen');
  const source = fileURLToPath(new URL('../loadgen/loadgen.c', import.meta.url));
  const compiled = spawnSync('gcc', ['-O2', '-o', binary, source], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(`loadgen.c does not compile: ${compiled.stderr}`);
  return { name: 'c', binary, run: (...call) => runLoadgen(binary, ...call) };
}

async function runDriver(subject: Spoken, measurement: Measurement, signal: AbortSignal): Promise<Row> {
  if (subject.protocol !== 'apex')
    throw new Error(`${subject.name} is measured with the load generator in C only`);
  const driver = fileURLToPath(new URL('./driver-process.ts', import.meta.url));
  const command = [process.execPath, ...process.execArgv, driver, JSON.stringify(measurement)];
  return JSON.parse(await lastLineOf(pinned(1, command), signal)) as Row;
}

async function runLoadgen(
  binary: string,
  { name: server, protocol, domain }: Spoken,
  measurement: Measurement,
  signal: AbortSignal,
): Promise<Row> {
  const { name, load, port, pid, seconds, warmUpSeconds, settleSeconds } = measurement;
  const command = [
    binary,
    ...['--proto', protocol, '--server', server, '--domain', domain, '--mode', load.mode],
    ...['--port', String(port), '--pid', String(pid), '--secs', String(seconds)],
    ...['--warmup', String(warmUpSeconds), '--settle', String(settleSeconds)],
    ...['--pubs', String(load.publishers), '--subs', String(load.subscribers), '-W', '1'],
  ];
  const line = await lastLineOf(pinned(1, command), signal);
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

interface LoadgenFigures {
  readonly deliveries_per_s: number;
  readonly updates_per_s: number;
  readonly lat_ms: { readonly p50: number; readonly p99: number };
  readonly server_cpu_pct: number;
  readonly rss_kb_per_conn: number;
  readonly lost: number;
}
