import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MemoryReport } from './memory-report.ts';

/** Whether the server app runs as it is built, or from its sources. */
export type From = 'build' | 'sources';

/** What the processes of a server hold. */
export interface Held {
  readonly processes: number;
  /** Undefined where there is no /proc. */
  readonly descriptors: number | undefined;
  readonly heldKib: number;
  readonly residentKib: number;
}

const apexd = (path: string): string =>
  fileURLToPath(new URL(`../../../apps/apexd/${path}`, import.meta.url));
const sources = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@apex/source',
];
const commands = { build: [apexd('dist/main.js')], sources: [...sources, apexd('src/main.ts')] } as const;
const reporting = ['--expose-gc', '--import', new URL('./memory-report.ts', import.meta.url).href];

/** Gives up waiting for what a healthy server does on any machine, in milliseconds. */
const PATIENCE_MS = 120_000;

/** The server app on one data folder, in one life after the other. Its port is another one in each. */
export class Server {
  readonly dataDir: string;
  readonly #folder: string;
  readonly #config: string;
  readonly #from: From;
  readonly #workers: number;
  readonly #complain: (text: string) => void;
  #child: ChildProcess | undefined;
  #port: number | undefined;
  #isToEnd = false;

  /** `complain` is told of an end that nobody asked for, and of what it prints beside its log. */
  constructor(folder: string, from: From, workers: number, complain: (text: string) => void) {
    this.#folder = folder;
    this.dataDir = join(folder, 'data');
    this.#config = join(folder, 'apexd.yaml');
    this.#from = from;
    this.#workers = workers;
    this.#complain = complain;
    mkdirSync(join(folder, 'memory'), { recursive: true });
    const configuration = {
      domain: 'example.com',
      dataDir: this.dataDir,
      edge: { host: '127.0.0.1', port: 0 },
      auth: { requireTls: false, iterations: 4096 },
      access: {
        defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe presence:watch' }],
      },
      // So that slow readers come to their limits.
      limits: { unsentOctets: 64 * 1024, deliverySeconds: 5 },
      log: { level: 'warn' },
      drain: { graceSeconds: 0 },
    };
    writeFileSync(this.#config, JSON.stringify(configuration));
  }

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.#port;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Runs a command of the app; what it printed. Throws an Error when it fails. */
  run(words: readonly string[], input = ''): string {
    const args = [...commands[this.#from], ...words, '--config', this.#config];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`apexd ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const workers = this.#workers === 0 ? [] : ['--workers', String(this.#workers)];
    const child = spawn(
      process.execPath,
      [...reporting, ...commands[this.#from], 'serve', '--config', this.#config, ...workers],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, SOAK_MEMORY: join(this.#folder, 'memory') },
      },
    );
    this.#child = child;
    this.#isToEnd = false;
    const endWithThis = (): void => void child.kill('SIGKILL');
    process.once('exit', endWithThis);
    child.once('exit', () => process.off('exit', endWithThis));
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#logged(line);
    });
    child.once('exit', (code, signal) => {
      this.#port = undefined;
      if (!this.#isToEnd) this.#complain(`the server ended by itself: ${code ?? signal}`);
    });
    const serving = new Promise<number>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const port = /:(\d+)\n/.exec(text)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      child.once('close', () => reject(new Error(`the server ended before it served: ${rest}`)));
    });
    this.#port = await serving;
  }

  /** kill -9; resolves when it and its workers are gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM; resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    this.#isToEnd = true;
    this.#port = undefined;
    child.kill(signal);
    // Workers have its standard error: it is closed when the last of them is gone.
    const [code] = (await once(child, 'close')) as [number | null];
    return code;
  }

  /** Its workers. */
  children(): readonly number[] {
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(this.pid)], { encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  /** What its processes hold; on systems without SIGUSR2 and /proc it cannot be told. */
  async held(): Promise<Held> {
    const pids = [this.pid, ...this.children()];
    const reports: MemoryReport[] = [];
    for (const pid of pids) {
      const path = join(this.#folder, 'memory', `${pid}.json`);
      rmSync(path, { force: true });
      process.kill(pid, 'SIGUSR2');
      await until(() => existsSync(path), `process ${pid} does not report its memory`);
      reports.push(JSON.parse(readFileSync(path, 'utf8')) as MemoryReport);
    }
    const kib = (of: (report: MemoryReport) => number): number =>
      Math.round(reports.reduce((sum, report) => sum + of(report), 0) / 1024);
    return {
      processes: pids.length,
      descriptors: existsSync('/proc/self/fd')
        ? pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0)
        : undefined,
      heldKib: kib(({ held }) => held),
      residentKib: kib(({ resident }) => resident),
    };
  }

  #logged(line: string): void {
    const level = levelOf(line);
    // A worker that ended is one that the run has killed, be it before it listened.
    if (level < ERROR || /"event":"edge\.(ended|failed)"/.test(line)) return;
    if (!this.#isToEnd) this.#complain(`the server says: ${line}`);
  }
}

/** Levels of pino. */
const ERROR = 50;

function levelOf(line: string): number {
  if (!line.startsWith('{')) return ERROR;
  return (JSON.parse(line) as { readonly level: number }).level;
}

/** Resolves when something holds that nobody tells of. Rejects when it takes longer than any healthy server. */
export async function until(holds: () => boolean, otherwise: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(otherwise);
    await pause(20);
  }
}
