import { type ChildProcess, type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** How a command ended, and all that it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server that serves. */
export interface Serving {
  readonly port: number;
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  /** The lines of its log so far; each is a JSON document. */
  log(): readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the first line of its log that has this event. */
  logged(event: string): Promise<Readonly<Record<string, unknown>>>;
  kill(signal: NodeJS.Signals): void;
  /** What it has printed so far. */
  printed(): string;
  /** SIGTERM, and how it ended. */
  stop(): Promise<Outcome>;
}

/** As whom a process runs, with what environment, and by which command that runs another one. */
export type ProcessOptions = Pick<SpawnOptionsWithoutStdio, 'env' | 'uid' | 'gid'> & {
  readonly by?: readonly string[];
};

const main = join(import.meta.dirname, '../src/main.ts');
const fromSources = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@apex/source',
];

/** A folder with a configuration, of one test; the server app runs in it as processes of its own. */
export class Home {
  readonly folder = mkdtempSync(join(tmpdir(), 'apexd-'));
  readonly config = join(this.folder, 'apexd.yaml');
  readonly dataDir = join(this.folder, 'data');
  readonly #children: ChildProcess[] = [];

  constructor(configuration: Readonly<Record<string, unknown>> = {}) {
    this.configure(configuration);
    onTestFinished(async () => {
      const running = this.#children.filter(
        ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
      );
      await Promise.all(
        running.map((child) => {
          child.kill('SIGKILL');
          return once(child, 'close');
        }),
      );
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Writes the configuration: a server on a port that the system chooses, with these changes. */
  configure(changes: Readonly<Record<string, unknown>>): void {
    const configuration = {
      domain: 'example.com',
      dataDir: 'data',
      edge: { port: 0 },
      auth: { requireTls: false, iterations: 4096 },
      drain: { graceSeconds: 0 },
      ...changes,
      // So many that any machine has the files for them.
      limits: { connections: 500, ...(changes['limits'] as object | undefined) },
    };
    writeFileSync(this.config, JSON.stringify(configuration));
  }

  /** Runs a command with these words and `--config`. */
  run(words: string, input = ''): Promise<Outcome> {
    return this.spawn([...words.split(' '), '--config', this.config], input).outcome;
  }

  /** Runs the app with exactly these arguments. */
  spawn(
    args: readonly string[],
    input?: string,
    nodeOptions: readonly string[] = [],
    { by = [], ...options }: ProcessOptions = {},
  ): { readonly child: ChildProcess; outcome: Promise<Outcome> } {
    const [command = '', ...rest] = [...by, process.execPath, ...fromSources, ...nodeOptions, main, ...args];
    const child = spawn(command, rest, {
      cwd: this.folder,
      ...options,
    });
    this.#children.push(child);
    // A command that refuses its arguments does not read its input.
    child.stdin.on('error', () => {});
    if (input !== undefined) child.stdin.end(input);
    return { child, outcome: outcomeOf(child) };
  }

  async serve(
    args: readonly string[] = ['serve', '--config', this.config],
    nodeOptions: readonly string[] = [],
    options: ProcessOptions = {},
  ): Promise<Serving> {
    const { child, outcome } = this.spawn(args, '', nodeOptions, options);
    let log = '';
    let printed = '';
    child.stderr!.on('data', (text: string) => {
      log += text;
    });
    const lines = (): Record<string, unknown>[] =>
      log
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout!.on('data', (more: string) => {
        printed += more;
        const found = /:(\d+)[ \n]/.exec(printed)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
      void outcome.then(({ stderr }) => reject(new Error(`it ended before it served: ${stderr}`)));
    });
    return {
      port,
      pid: child.pid!,
      outcome,
      log: lines,
      printed: () => printed,
      async logged(event) {
        for (;;) {
          const line = lines().find((entry) => entry['event'] === event);
          if (line !== undefined) return line;
          await Promise.race([once(child.stderr!, 'data'), rejected(outcome, event)]);
        }
      },
      kill: (signal) => void child.kill(signal),
      stop() {
        child.kill('SIGTERM');
        return outcome;
      },
    };
  }

  /** All octets of all files of the data folder. */
  octets(): Buffer {
    const files = readdirSync(this.dataDir, { withFileTypes: true }).filter((entry) => entry.isFile());
    return Buffer.concat(files.map(({ name }) => readFileSync(join(this.dataDir, name))));
  }
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

async function rejected(outcome: Promise<Outcome>, event: string): Promise<never> {
  const { stderr } = await outcome;
  throw new Error(`it ended without logging ${event}: ${stderr}`);
}
