import { type ApexServer, createServer, type MechanismName, MemoryStore } from '@apex/server';
import { type ApexClient, type ConnectOptions, connect } from '../src/tcp.ts';

export const FRED = 'fred@example.com';
export const WILMA = 'wilma@example.com';
export const BARNEY = 'barney@example.com';
const PASSWORD = 'yabba dabba doo';

/** A server of `example.com` over TCP, where fred allows wilma, and clients of it. */
export class House implements AsyncDisposable {
  readonly server: ApexServer;
  readonly #clients: ApexClient[] = [];

  private constructor(server: ApexServer) {
    this.server = server;
  }

  static async open(mechanisms: readonly MechanismName[] = ['SCRAM-SHA-256', 'PLAIN']): Promise<House> {
    const server = await createServer({
      domain: 'example.com',
      store: new MemoryStore(),
      listen: { host: '127.0.0.1', port: 0 },
      requireTls: false,
      iterations: 4096,
      mechanisms,
    });
    const { administration } = server;
    for (const endpoint of [FRED, WILMA, BARNEY]) await administration.addEndpoint(endpoint, PASSWORD);
    const house = new House(server);
    await house.allowWilma();
    return house;
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
    await this.server.close();
  }
}
