import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** As the workspace runs its apps from the sources. */
const fromSources = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@apex/source',
];
const mains = {
  apex: fileURLToPath(new URL('../src/main.ts', import.meta.url)),
  apexd: fileURLToPath(new URL('../../apexd/src/main.ts', import.meta.url)),
};

/** How it ended, and all that it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** An app of the checkout as a process; its standard output comes line by line. */
export class AppProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  output = '';
  errors = '';
  #taken = 0;
  #changed: (() => void) | undefined;
  #isOver = false;

  /** With `stdout`, an open file, its output is not read here. `within`: the command that runs it, such as in a namespace. */
  constructor(
    app: keyof typeof mains,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    stdout?: number,
    within: readonly string[] = [],
  ) {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('APEX_')),
    );
    const [command = '', ...rest] = [...within, process.execPath, ...fromSources, mains[app], ...args];
    this.child = spawn(command, rest, {
      env: { ...inherited, ...env },
      stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#changed?.();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => {
      this.#isOver = true;
      this.#changed?.();
      return { code: code as number | null, output: this.output, errors: this.errors };
    });
  }

  /** The next line of standard output. Rejects when the process ends without one. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.output.indexOf('\n', this.#taken);
      if (end !== -1) {
        const line = this.output.slice(this.#taken, end);
        this.#taken = end + 1;
        return line;
      }
      if (this.#isOver) throw new Error(`it ended without another line: ${this.output}${this.errors}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The next line that `wanted` finds something in; those before it are passed over. */
  async find<T>(wanted: (line: string) => T | undefined): Promise<T> {
    for (;;) {
      const found = wanted(await this.line());
      if (found !== undefined) return found;
    }
  }

  /** The next line as the JSON document that it is. */
  async json(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await this.line()) as Record<string, unknown>;
  }

  /** As a person who presses Ctrl-C. */
  interrupt(): Promise<Outcome> {
    this.child.kill('SIGINT');
    return this.ended;
  }

  /** As a machine that fails. */
  kill(): Promise<Outcome> {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}
