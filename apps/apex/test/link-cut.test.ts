import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Host, hasNamespaces, Network } from './network.ts';
import { AppProcess } from './processes.ts';

const password = 'yabba dabba doo';
const secret = 'a secret of two relays';
const FRED = 'fred@example.com';

/** A server on a host of its own, on the registered ports. */
class Server {
  readonly #host: Host;
  readonly #endpoint: string;
  readonly #config: string;
  readonly #processes: AppProcess[] = [];
  #running: AppProcess | undefined;

  constructor(host: Host, endpoint: string, peer: { readonly domain: string; readonly host: string }) {
    this.#host = host;
    this.#endpoint = endpoint;
    const folder = mkdtempSync(join(tmpdir(), 'apex-link-'));
    this.#config = join(folder, 'apexd.yaml');
    const configuration = {
      domain: endpoint.split('@')[1],
      dataDir: 'data',
      auth: { requireTls: false, iterations: 4096 },
      mesh: { host: host.address, peers: { [peer.domain]: { host: peer.host, secret } }, waitSeconds: 120 },
      access: { defaults: [{ actor: '*@*', actions: 'core:data presence:subscribe' }] },
      limits: { deliverySeconds: 2 },
    };
    writeFileSync(this.#config, JSON.stringify(configuration));
    onTestFinished(async () => {
      await Promise.all(this.#processes.map((each) => each.kill()));
      rmSync(folder, { recursive: true, force: true });
    });
  }

  async start(): Promise<void> {
    const added = this.#run('apexd', ['endpoint', 'add', this.#endpoint, '--config', this.#config]);
    added.child.stdin!.end(`${password}\n`);
    expect(await added.ended).toMatchObject({ code: 0, errors: '' });
    this.#running = this.#run('apexd', ['serve', '--config', this.#config]);
    await this.#running.find((line) => (line.startsWith('relays of other domains') ? line : undefined));
  }

  /** A command of its endpoint, on the same host. */
  apex(...args: readonly string[]): AppProcess {
    const target = ['--as', this.#endpoint, '--server', '127.0.0.1:913', '--json'];
    return this.#run('apex', [...args, ...target]);
  }

  /** Sessions with the relay of the other domain. */
  async sessions(): Promise<unknown> {
    const asked = this.#run('apexd', ['admin', 'mesh', '--json', '--config', this.#config]);
    const { output } = await asked.ended;
    return (JSON.parse(output) as { readonly sessions: unknown }).sessions;
  }

  #run(app: 'apex' | 'apexd', args: readonly string[]): AppProcess {
    const started = new AppProcess(app, args, { APEX_PASSWORD: password }, undefined, this.#host.within);
    this.#processes.push(started);
    return started;
  }
}

describe.skipIf(!hasNamespaces)('two servers whose link is cut', () => {
  it('[3340 §8.2] find each other again, and what waited for the link arrives', async () => {
    const network = new Network();
    onTestFinished(() => network[Symbol.dispose]());
    const [a, b] = network.hosts;
    const example = new Server(a, FRED, { domain: 'rubble.com', host: b.address });
    const rubble = new Server(b, 'wilma@rubble.com', { domain: 'example.com', host: a.address });
    await Promise.all([example.start(), rubble.start()]);
    const publish = async (mood: string) => {
      const options = ['--available-for', '1h', '--capability', `urn:x:mood=${mood}`];
      expect(await example.apex('publish', ...options).ended).toMatchObject({ code: 0 });
    };

    const wilma = rubble.apex('subscribe', FRED, '--duration', '1h');
    const sees = (mood: string) => wilma.find((line) => (line.includes(`"${mood}"`) ? line : undefined));
    await wilma.find((line) => (line.includes('"entry"') ? line : undefined));
    await publish('curious');
    await sees('curious');

    network.cut();
    // Fred is answered as ever: what is between the servers is nothing of his.
    await publish('alone');
    await expect.poll(() => example.sessions(), { timeout: 60_000 }).toBe(0);
    await publish('waiting');

    network.restore();
    await sees('waiting');
    await publish('together');
    await sees('together');
    // Both may have dialled.
    expect(await rubble.sessions()).toBeGreaterThan(0);
  });
});
