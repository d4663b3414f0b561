import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppProcess, type Outcome } from './processes.ts';

/** The password of every endpoint here. */
export const PASSWORD = 'yabba dabba doo';

export interface DomainOptions {
  /** Serves protected sessions only, with a certificate of its own; these are keys of the configuration beside it. */
  readonly tls?: object;
  /** Keys of the configuration. */
  readonly auth?: object;
  readonly edge?: object;
  /** Serves WebSocket too. */
  readonly http?: true;
  /** Files of its folder; without `cert.pem` a certificate is made. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * A server of `example.com` with fred, wilma and barney, of whom fred allows wilma with all her
 * subaddresses: a process on a database of its own, which can be killed and started again.
 */
export class Domain {
  readonly #folder = mkdtempSync(join(tmpdir(), 'apex-cli-'));
  readonly #commands: AppProcess[] = [];
  #server: AppProcess | undefined;
  #port = 0;
  #tlsPort = 0;
  /** Its URL of WebSocket, when it has one. */
  webSocket = '';
  readonly #options: DomainOptions;

  private constructor(options: DomainOptions) {
    this.#options = options;
  }

  /** A file of the server's folder. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  static async start(options: DomainOptions = {}): Promise<Domain> {
    const domain = new Domain(options);
    domain.#configure(0);
    for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(domain.file(name), text);
    if (options.tls !== undefined && options.files?.['cert.pem'] === undefined) {
      const files = ['--cert', domain.file('cert.pem'), '--key', domain.file('key.pem')];
      const names = ['--domain', 'example.com', '--name', 'localhost'];
      const made = await new AppProcess('apexd', ['tls', 'self-signed', ...names, ...files]).ended;
      if (made.code !== 0) throw new Error(made.errors);
    }
    const lines = ['fred', 'wilma', 'barney'].map((name) => `${name}@example.com,${PASSWORD}\n`);
    await domain.administer(['endpoint', 'import'], lines.join(''));
    for (const actor of ['wilma@example.com', 'wilma/*@example.com']) {
      const access = ['access', 'set', '--owner', 'fred@example.com', '--actor', actor];
      await domain.administer([...access, '--actions', 'core:data presence:subscribe']);
    }
    await domain.serve();
    return domain;
  }

  get target(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#port };
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Where sessions begin with TLS; `edge` has to ask for it. */
  get tlsAddress(): string {
    return `127.0.0.1:${this.#tlsPort}`;
  }

  /** Starts the server, on the port that it had. */
  async serve(): Promise<void> {
    this.#configure(this.#port);
    this.#server = new AppProcess('apexd', ['serve', '--config', this.#config]);
    this.#port = await this.#server.find((line) => {
      const port = /:(\d+)$/.exec(line)?.[1];
      return port === undefined ? undefined : Number(port);
    });
    if (this.#options.edge !== undefined) {
      this.#tlsPort = await this.#server.find((line) => {
        const port = /:(\d+) \(TLS from the first octet\)$/.exec(line)?.[1];
        return port === undefined ? undefined : Number(port);
      });
    }
    if (this.#options.http === true) {
      this.webSocket = await this.#server.find((line) => /^WebSocket at (\S+)$/.exec(line)?.[1]);
    }
  }

  async killServer(): Promise<void> {
    await this.#server?.kill();
  }

  /** A command of the server app. Rejects when it fails. */
  async administer(args: readonly string[], input = ''): Promise<string> {
    const command = new AppProcess('apexd', [...args, '--config', this.#config]);
    command.child.stdin!.end(input);
    const { code, output, errors } = await command.ended;
    if (code !== 0) throw new Error(errors);
    return output;
  }

  /** A command of `name`'s, with JSON output. */
  apex(name: string, ...command: readonly string[]): AppProcess {
    return this.apexAs(`${name}@example.com`, ...command, '--json');
  }

  apexAs(endpoint: string, ...command: readonly string[]): AppProcess {
    return this.apexWith({ APEX_PASSWORD: PASSWORD }, endpoint, ...command);
  }

  /** With an environment of its own. */
  apexWith(
    environment: Readonly<Record<string, string>>,
    endpoint: string,
    ...command: readonly string[]
  ): AppProcess {
    const place = ['--as', endpoint, ...(command.includes('--server') ? [] : ['--server', this.address])];
    const started = new AppProcess('apex', [...command, ...place], environment);
    this.#commands.push(started);
    return started;
  }

  async stop(): Promise<Outcome | undefined> {
    for (const command of this.#commands) command.child.kill('SIGKILL');
    this.#server?.child.kill('SIGTERM');
    const outcome = await this.#server?.ended;
    rmSync(this.#folder, { recursive: true, force: true });
    return outcome;
  }

  get #config(): string {
    return join(this.#folder, 'apexd.yaml');
  }

  #configure(port: number): void {
    const { tls, auth, edge, http } = this.#options;
    const config = {
      domain: 'example.com',
      dataDir: 'data',
      edge: { host: '127.0.0.1', port, ...edge },
      ...(http === undefined ? {} : { http: { port: 0 } }),
      log: { level: 'warn' },
      drain: { graceSeconds: 0 },
      auth: { requireTls: tls !== undefined, iterations: 4096, ...auth },
      ...(tls === undefined ? {} : { tls: { cert: 'cert.pem', key: 'key.pem', ...tls } }),
    };
    writeFileSync(this.#config, JSON.stringify(config));
  }
}
