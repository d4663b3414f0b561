import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endpointsOf, type Load } from './cases.ts';
import { pinned } from './pinned.ts';

export interface BenchServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const apexd = (path: string): string =>
  fileURLToPath(new URL(`../../../apps/apexd/${path}`, import.meta.url));

/** How the server app runs: as it is built, which is what counts, or from its sources. */
const commands = {
  build: [apexd('dist/main.js')],
  sources: [
    '--experimental-strip-types',
    '--disable-warning=ExperimentalWarning',
    '--conditions=@apex/source',
    apexd('src/main.ts'),
  ],
} as const;

/** Provisions the endpoints of a load in an empty folder and starts the server app on it, on cpu 0. */
export async function startServer(
  folder: string,
  load: Load,
  from: keyof typeof commands = 'build',
  workers = 0,
): Promise<BenchServer> {
  const config = join(folder, 'apexd.yaml');
  writeFileSync(
    config,
    `domain: example.com
dataDir: ${folder}/data
edge: { host: 127.0.0.1, port: 0 }
auth: { requireTls: false, iterations: 4096 }
access: { defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe' }] }
log: { level: warn }
drain: { graceSeconds: 0 }
`,
  );
  const lines = endpointsOf(load).map((endpoint) => `${endpoint},pw\n`);
  const provisioned = spawnSync(
    process.execPath,
    [...commands[from], 'endpoint', 'import', '--config', config],
    {
      input: lines.join(''),
      encoding: 'utf8',
    },
  );
  if (provisioned.status !== 0) throw new Error(`provisioning failed: ${provisioned.stderr}`);
  // Edges are for several processors.
  const bound = workers === 0 ? pinned : (_processor: number, line: readonly string[]) => line;
  const [command, ...rest] = bound(0, [
    process.execPath,
    ...commands[from],
    'serve',
    '--config',
    config,
    ...(workers === 0 ? [] : ['--workers', String(workers)]),
  ]);
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await firstPort(child);
  return {
    port,
    pid: child.pid!,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function firstPort(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const port = /:(\d+)$/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('the server ended before it was serving');
}
