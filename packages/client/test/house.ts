import { type ApexServer, createServer, type MechanismName, MemoryStore, type Store } from '@apex/server';
import { type ApexClient, type ConnectOptions, connect } from '../src/tcp.ts';

export const FRED = 'fred@example.com';
export const WILMA = 'wilma@example.com';
export const BARNEY = 'barney@example.com';
const PASSWORD = 'yabba dabba doo';

/** A server of `example.com` over TCP, where fred allows wilma, and clients of it. */
export class House implements AsyncDisposable {
  readonly #start: (port: number) => Promise<ApexServer>;
  readonly #clients: ApexClient[] = [];
  #server: ApexServer;

  private constructor(start: (port: number) => Promise<ApexServer>, server: ApexServer) {
    this.#start = start;
    this.#server = server;
  }

  static async open(
    mechanisms: readonly MechanismName[] = ['SCRAM-SHA-256', 'PLAIN'],
    store: Store = new MemoryStore(),
  ): Promise<House> {
    const start = (port: number): Promise<ApexServer> =>
      createServer({
        domain: 'example.com',
        store,
        listen: { host: '127.0.0.1', port },
        requireTls: false,
        iterations: 4096,
        mechanisms,
      });
    const house = new House(start, await start(0));
    for (const endpoint of [FRED, WILMA, BARNEY]) await house.add(endpoint);
    await house.allowWilma();
    return house;
  }

  get server(): ApexServer {
    return this.#server;
  }

  add(endpoint: string): Promise<void> {
    return this.#server.administration.addEndpoint(endpoint, PASSWORD);
  }

  /** Stops the server; the returned function starts another one on its store and its port. */
  async stop(): Promise<() => Promise<void>> {
    const { port } = this.#server.address;
    await this.#server.close();
    return async () => {
      this.#server = await this.#start(port);
    };
  }

  async allowWilma(): Promise<void> {
    for (const actor of [WILMA, 'wilma/*@example.com']) {
      await this.server.administration.setAccess(FRED, actor, ['core:data', 'presence:subscribe']);
    }
  }

  /** Nothing but the rights that everybody has. */
  async disallowWilma(): Promise<void> {
    for (const actor of [WILMA, 'wilma/*@example.com']) {
      await this.server.administration.removeAccess(FRED, actor);
    }
  }

  async attach(endpoint: string, options: Partial<ConnectOptions> = {}): Promise<ApexClient> {
    const credentials = { password: PASSWORD };
    const client = await connect({
      ...this.server.address,
      endpoint,
      credentials,
      requireTls: false,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** The operations in progress on fred's entry, as `kind originator`. */
  async operations(): Promise<readonly string[]> {
    const { operations } = await this.server.administration.showPresence(FRED);
    return operations.map(({ kind, originator }) => `${kind} ${originator}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close({ keepOperations: true })));
    await this.#server.close();
  }
}
