import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProvisionedEntry } from './provisioning.ts';
import type { Target } from './target.ts';

/** The server app of this repository as a process, for runs without a server of somebody else. */
export interface ServerProcess extends Target {
  /** The port for relays of other domains; 0 without them. */
  readonly relayPort: number;
  /** One request of the admin socket; resolves with its result. */
  administer(request: Readonly<Record<string, unknown>>): Promise<unknown>;
  provision(
    endpoints: readonly string[],
    password: string,
    entries: readonly ProvisionedEntry[],
  ): Promise<void>;
  /**
   * Ends the process at once, as a crash would, and starts it again on the same data and port, behind
   * what is to happen while it is down.
   */
  crash(meanwhile?: () => Promise<void>): Promise<void>;
  /** Sends SIGTERM, waits for the end and removes the data. Rejects when the process did not end with 0. May be called again. */
  stop(): Promise<void>;
}

const main = join(import.meta.dirname, '../../../apps/apexd/src/main.ts');
const domain = 'example.com';
const host = '127.0.0.1';
const fromSources = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@apex/source',
];

/** Processes that hold the connections of servers that the tests start; none when it is not set. */
const { APEX_WORKERS } = process.env;
const workers = APEX_WORKERS === undefined ? [] : ['--workers', APEX_WORKERS];

/** Starts a server in a temporary folder. `limits` are those of its configuration, `options` and `peers` of its mesh too. */
export async function startServer(
  limits: Readonly<Record<string, number>> = {},
  options: Readonly<Record<string, unknown>> = {},
  peers?: Readonly<Record<string, unknown>>,
): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'apex-conformance-'));
  const config = join(folder, 'apexd.yaml');
  const configure = (port: number): Promise<void> =>
    writeFile(
      config,
      JSON.stringify({
        domain,
        dataDir: 'data',
        drain: { graceSeconds: 0 },
        edge: { host, port },
        auth: {
          requireTls: isProtected,
          iterations: 4096,
          mechanisms: ['PLAIN', 'ANONYMOUS'],
          guest: 'guest@example.com',
        },
        ...(isProtected ? { tls: { cert: 'cert.pem', key: 'key.pem' } } : {}),
        limits,
        options,
        ...(peers === undefined ? {} : { mesh: { host, port: 0, discovery: false, peers } }),
        log: { level: 'error' },
      }),
    );
  if (isProtected) await makeCertificate(folder);
  await configure(0);
  let running = await run(config);
  const { port, relayPort } = running;
  const administer = (request: Readonly<Record<string, unknown>>): Promise<unknown> =>
    ask(join(folder, 'data', 'admin.sock'), request);
  return {
    host,
    port,
    relayPort,
    domain,
    administer,
    async provision(endpoints, password, entries) {
      await administer({
        op: 'endpoint.import',
        entries: endpoints.map((endpoint) => ({ endpoint, password })),
      });
      // No more at a time than may wait for a connection.
      for (let at = 0; at < entries.length; at += 64) {
        await Promise.all(
          entries.slice(at, at + 64).map((entry) => administer({ op: 'access.set', ...entry })),
        );
      }
    },
    async crash(meanwhile) {
      running.child.kill('SIGKILL');
      await running.exited;
      await meanwhile?.();
      await configure(port);
      running = await run(config);
    },
    async stop() {
      running.child.kill('SIGTERM');
      const [code, signal] = await running.exited;
      await rm(folder, { recursive: true, force: true });
      if (code !== 0) throw new Error(`the server ended with ${code ?? signal} after SIGTERM`);
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly relayPort: number;
  readonly exited: Promise<[code: number | null, signal: string | null]>;
}

/** Whether the tests speak to servers over TLS. */
const isProtected = process.env['APEX_TLS'] === '1';

async function makeCertificate(folder: string): Promise<void> {
  const files = ['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')];
  const command = [...fromSources, main, 'tls', 'self-signed', '--domain', domain, ...files];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('no certificate could be made');
}

/** Resolves when the server says where it serves. */
async function run(config: string): Promise<Running> {
  const child = spawn(process.execPath, [...fromSources, main, 'serve', '--config', config, ...workers], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const { promise: ports, resolve, reject } = Promise.withResolvers<Pick<Running, 'port' | 'relayPort'>>();
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const [port, relayPort = '0'] = [...output.matchAll(/:(\d+)\n/g)].map(([, number]) => number);
    if (port !== undefined) resolve({ port: Number(port), relayPort: Number(relayPort) });
  });
  void exited.then(([code]) =>
    reject(new Error(`the server ended with ${code} before it served: ${output}`)),
  );
  return { child, ...(await ports), exited };
}

type Answer =
  | { readonly progress: unknown }
  | { readonly ok: boolean; readonly result?: unknown; readonly message?: string };

async function ask(path: string, request: Readonly<Record<string, unknown>>): Promise<unknown> {
  const socket = connect(path);
  await once(socket, 'connect');
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: socket })) {
    const answer = JSON.parse(line) as Answer;
    // How far it is may be told before the answer.
    if ('progress' in answer) continue;
    socket.destroy();
    if (!answer.ok) throw new Error(`${JSON.stringify(request).slice(0, 200)}: ${answer.message}`);
    return answer.result;
  }
  throw new Error(`${JSON.stringify(request).slice(0, 200)}: no answer`);
}
