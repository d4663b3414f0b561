import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A connection in between, which the test breaks: as the client sees it, the server is gone, while the server still
 * believes that the client is there.
 */
export class Wire implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs: { readonly client: Socket; readonly server: Socket }[] = [];
  readonly #target: number;
  /** Takes no new connections while true: they are reset. */
  isDown = false;
  /** New connections, also those that were reset. */
  attempts = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Breaks what there is on the side of the client. */
  cut(): void {
    for (const { client } of this.#pairs) client.resetAndDestroy();
  }

  /** Breaks what there is on both sides. */
  drop(): void {
    for (const { client, server } of this.#pairs.splice(0)) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(client: Socket): void {
    this.attempts += 1;
    client.on('error', () => {});
    if (this.isDown) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: this.#target });
    server.on('error', () => client.destroy());
    this.#pairs.push({ client, server });
    // A client that is gone is no news for the server.
    client.on('data', (octets) => void server.write(octets));
    server.on('data', (octets) => void (client.writable && client.write(octets)));
    server.on('close', () => client.destroy());
  }
}
