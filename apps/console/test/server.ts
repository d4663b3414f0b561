import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The server app as a process of its own, from the sources, with the built console. */
export const DOMAIN = 'example.com';
export const PEOPLE = ['fred', 'wilma', 'barney'] as const;
export const PASSWORD = 'yabba dabba doo';

const main = join(import.meta.dirname, '../../apexd/src/main.ts');
const fromSources = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@apex/source',
];

export class ServerApp implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'console-'));
  readonly #config = join(this.#folder, 'apexd.yaml');
  #serving: ChildProcess | undefined;
  #port = 0;
  #hasTls = false;

  private constructor() {}

  /**
   * Serves `example.com` with fred, wilma and barney, where fred allows wilma, on ports that the system chooses; with
   * TLS, under a certificate of its own, when that is asked for.
   */
  static async start({ tls = false }: { readonly tls?: boolean } = {}): Promise<ServerApp> {
    const server = new ServerApp();
    if (tls) await server.#certify();
    server.#configure();
    await server.serve();
    const endpoints = PEOPLE.map((name) => `${name}@${DOMAIN},${PASSWORD}\n`).join('');
    await server.#run(['endpoint', 'import'], endpoints);
    await server.#allow('fred', 'wilma');
    return server;
  }

  /** Where the console is. */
  get url(): string {
    return `${this.#hasTls ? 'https' : 'http'}://127.0.0.1:${this.#port}/`;
  }

  async serve(): Promise<void> {
    const child = this.#spawn(['serve', '--config', this.#config]);
    this.#serving = child;
    let text = '';
    this.#port = await new Promise<number>((resolve, reject) => {
      child.stdout!.on('data', (more: Buffer) => {
        text += more;
        const found = /^console at https?:\/\/[^:]+:(\d+)\/$/m.exec(text)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
      child.once('exit', () => reject(new Error(`it ended before it served: ${text}`)));
    });
    // The next one comes back on the same port.
    this.#configure();
  }

  /** Ends it; `serve` starts it again where it was. */
  async stop(): Promise<void> {
    const child = this.#serving;
    this.#serving = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  /** The entries of C16. */
  async #allow(owner: string, actor: string): Promise<void> {
    const actors = [`${actor}@${DOMAIN}`, `${actor}/*@${DOMAIN}`];
    const actions = ['--actions', 'core:data presence:subscribe'];
    await Promise.all(
      actors.map((name) =>
        this.#run(['access', 'set', '--owner', `${owner}@${DOMAIN}`, '--actor', name, ...actions]),
      ),
    );
  }

  /** The access entries of somebody, as the operator sees them. */
  async accessOf(owner: string): Promise<string> {
    return this.#run(['access', 'list', '--owner', `${owner}@${DOMAIN}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #certify(): Promise<void> {
    const child = this.#spawn(['tls', 'self-signed', '--domain', DOMAIN, '--name', '127.0.0.1']);
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`apexd tls self-signed ended with ${code}`);
    this.#hasTls = true;
  }

  #configure(): void {
    const configuration = {
      domain: DOMAIN,
      dataDir: 'data',
      edge: { port: 0 },
      http: { port: this.#port },
      ...(this.#hasTls ? { tls: { cert: 'cert.pem', key: 'key.pem' } } : {}),
      auth: { requireTls: this.#hasTls, iterations: 4096 },
      drain: { graceSeconds: 0 },
      log: { level: 'error' },
    };
    writeFileSync(this.#config, JSON.stringify(configuration));
  }

  async #run(words: readonly string[], input = ''): Promise<string> {
    const child = this.#spawn([...words, '--config', this.#config]);
    let output = '';
    child.stdout!.on('data', (more: Buffer) => {
      output += more;
    });
    child.stdin!.end(input);
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`apexd ${words.join(' ')} ended with ${code}`);
    return output;
  }

  #spawn(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [...fromSources, main, ...args], {
      cwd: this.#folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }
}
