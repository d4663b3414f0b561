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

export interface ServerAppOptions {
  readonly tls?: boolean;
  readonly domain?: string;
  /** Relays of other domains, as the configuration names them. */
  readonly peers?: Readonly<Record<string, unknown>>;
}

export class ServerApp implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'console-'));
  readonly #config = join(this.#folder, 'apexd.yaml');
  readonly #domain: string;
  readonly #mesh: Readonly<Record<string, unknown>> | undefined;
  #serving: ChildProcess | undefined;
  #port = 0;
  #hasTls = false;

  #meshPort = 0;

  private constructor(domain: string, peers: Readonly<Record<string, unknown>> | undefined) {
    this.#domain = domain;
    this.#mesh = peers && { port: 0, peers };
  }

  /**
   * Serves `example.com` with fred, wilma and barney, where fred allows wilma, on ports that the system chooses; with
   * TLS, under a certificate of its own, when that is asked for, and among relays that are its peers.
   */
  static async start({ tls = false, domain = DOMAIN, peers }: ServerAppOptions = {}): Promise<ServerApp> {
    const server = new ServerApp(domain, peers);
    if (tls) await server.#certify();
    server.#configure();
    await server.serve();
    const endpoints = PEOPLE.map((name) => `${name}@${domain},${PASSWORD}\n`).join('');
    await server.#run(['endpoint', 'import'], endpoints);
    await server.allow('fred', `wilma@${domain}`);
    return server;
  }

  /** Where the console is. */
  get url(): string {
    return `${this.#hasTls ? 'https' : 'http'}://127.0.0.1:${this.#port}/`;
  }

  /** Where it takes relays. */
  get meshPort(): number {
    return this.#meshPort;
  }

  async serve(): Promise<void> {
    const child = this.#spawn(['serve', '--config', this.#config]);
    this.#serving = child;
    let text = '';
    this.#port = await new Promise<number>((resolve, reject) => {
      child.stdout!.on('data', (more: Buffer) => {
        text += more;
        const found = /^console at https?:\/\/[^:]+:(\d+)\/$/m.exec(text)?.[1];
        this.#meshPort = Number(/relays.*:(\d+)$/m.exec(text)?.[1] ?? 0);
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
  async allow(owner: string, actor: string): Promise<void> {
    const actors = [actor, actor.replace('@', '/*@')];
    const actions = ['--actions', 'core:data presence:subscribe'];
    await Promise.all(
      actors.map((name) =>
        this.#run(['access', 'set', '--owner', `${owner}@${this.#domain}`, '--actor', name, ...actions]),
      ),
    );
  }

  /** The access entries of somebody, as the operator sees them. */
  async accessOf(owner: string): Promise<string> {
    return this.#run(['access', 'list', '--owner', `${owner}@${this.#domain}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #certify(): Promise<void> {
    const child = this.#spawn(['tls', 'self-signed', '--domain', this.#domain, '--name', '127.0.0.1']);
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`apexd tls self-signed ended with ${code}`);
    this.#hasTls = true;
  }

  #configure(): void {
    const configuration = {
      domain: this.#domain,
      dataDir: 'data',
      edge: { port: 0 },
      http: { port: this.#port },
      ...(this.#hasTls ? { tls: { cert: 'cert.pem', key: 'key.pem' } } : {}),
      auth: { requireTls: this.#hasTls, iterations: 4096 },
      ...(this.#mesh && { mesh: this.#mesh }),
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
