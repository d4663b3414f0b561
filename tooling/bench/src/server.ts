import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Load, localsOf } from './cases.ts';
import { ended, firstMatch } from './child.ts';
import { pinned } from './pinned.ts';
import type { BenchServer, Subject } from './subject.ts';

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

export type ServerCode = keyof typeof commands;

export const DOMAIN = 'example.com';

/** This project's server, with its SQLite store. */
export function apexdSubject(workers: number, from: ServerCode = 'build'): Subject {
  return {
    name: 'apexd',
    protocol: 'apex',
    domain: DOMAIN,
    start: (folder, load) => startServer(folder, load, from, workers),
  };
}

/** Provisions the endpoints of a load in an empty folder and starts the server app on it, on cpu 0. */
export function startServer(
  folder: string,
  load: Load,
  from: ServerCode = 'build',
  workers = 0,
): Promise<BenchServer> {
  provision(folder, localsOf(load), from);
  return serve(folder, from, workers);
}

/** Writes the configuration into an empty folder, and makes the endpoints with the password that loads use. */
export function provision(folder: string, locals: readonly string[], from: ServerCode): void {
  configure(folder);
  const importing = [...commands[from], 'endpoint', 'import', '--config', join(folder, 'apexd.yaml')];
  const { status, stderr } = spawnSync(process.execPath, importing, {
    input: locals.map((local) => `${local}@${DOMAIN},pw\n`).join(''),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`provisioning failed: ${stderr}`);
}

/** Writes the configuration of a server whose data is in this folder. */
export function configure(folder: string): void {
  writeFileSync(
    join(folder, 'apexd.yaml'),
    `domain: ${DOMAIN}
dataDir: ${folder}/data
edge: { host: 127.0.0.1, port: 0 }
auth: { requireTls: false, iterations: 4096 }
access: { defaults: [{ actor: '*@${DOMAIN}', actions: 'core:data presence:subscribe' }] }
limits: { connections: 1000000 }
log: { level: warn }
drain: { graceSeconds: 0 }
`,
  );
}

/** Starts the server app on a folder that is provisioned; resolves when it serves. */
export async function serve(folder: string, from: ServerCode, workers: number): Promise<BenchServer> {
  const line = [
    process.execPath,
    ...commands[from],
    ...['serve', '--config', join(folder, 'apexd.yaml')],
    ...(workers === 0 ? [] : ['--workers', String(workers)]),
  ];
  // Edges are for several processors.
  const [command, ...rest] = workers === 0 ? pinned(0, line) : line;
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [, port] = await firstMatch(child, /:(\d+)$/);
    return { port: Number(port), pid: child.pid!, stop: () => ended(child) };
  } catch (error) {
    await ended(child);
    throw error;
  }
}
