import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { ApexOwner, Edge, FromEdge, Pipe, ToEdge } from '@apex/server';
import type { Logger } from 'pino';

/** Batches that may be on their way to an edge; one that does not take them is ended. */
const BACKLOG = 20_000;
/** An edge that ends earlier after its start is started again after as long, in milliseconds. */
const RESTART_MS = 1000;

type Listen = { readonly host: string; readonly port: number };

/**
 * The processes that hold the connections of a server, all listening on one address. One that ends is started
 * again; what was attached through it attaches anew.
 */
export class Edges {
  readonly #owner: ApexOwner;
  readonly #log: Logger;
  /** What edges are told to listen on: those told alike share one socket, also where the system chooses the port. */
  #told: Listen;
  #address: Listen;
  #alive = 0;
  #isStopping = false;
  readonly #ended = new Set<Promise<void>>();

  private constructor(owner: ApexOwner, listen: Listen, log: Logger) {
    this.#owner = owner;
    this.#told = listen;
    this.#address = listen;
    this.#log = log;
  }

  /** Starts `count` edges; resolves when all of them listen. Rejects with EdgeError when one cannot. */
  static async start(owner: ApexOwner, count: number, listen: Listen, log: Logger): Promise<Edges> {
    const source = import.meta.url.endsWith('.ts');
    cluster.setupPrimary({
      exec: fileURLToPath(new URL(source ? './edge-main.ts' : './edge-main.js', import.meta.url)),
      args: [],
      serialization: 'advanced',
    });
    const edges = new Edges(owner, listen, log);
    try {
      const [address = listen] = await Promise.all(
        Array.from({ length: count }, () => edges.#fork().listening),
      );
      edges.#address = address;
      return edges;
    } catch (error) {
      await edges.stop();
      throw error;
    }
  }

  get address(): Listen {
    const { host, port } = this.#address;
    return { host, port };
  }

  /** To be called before the owner is closed: what ends from now on stays ended. */
  stopping(): void {
    this.#isStopping = true;
  }

  /** Ends the processes; resolves when they are gone. */
  async stop(): Promise<void> {
    this.stopping();
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
    await Promise.all(this.#ended);
  }

  #fork(): Edge {
    // When all have ended, their socket has too; the port stays.
    if (this.#alive === 0) this.#told = this.address;
    this.#alive += 1;
    const worker = cluster.fork();
    const startedAt = performance.now();
    const edge = this.#owner.accept(pipeTo(worker, this.#log), this.#told);
    this.#log.debug({ event: 'edge.started', pid: worker.process.pid });
    const ended = edge.ended.then(() => {
      this.#ended.delete(ended);
      this.#alive -= 1;
      if (this.#isStopping) return;
      const { pid, exitCode: code, signalCode: signal } = worker.process;
      this.#log.error({ event: 'edge.ended', pid, code, signal });
      const wait = performance.now() - startedAt < RESTART_MS ? RESTART_MS : 0;
      setTimeout(() => this.#restart(), wait);
    });
    this.#ended.add(ended);
    return edge;
  }

  #restart(): void {
    if (this.#isStopping) return;
    this.#fork().listening.then(
      () => this.#log.info({ event: 'edge.restarted' }),
      (error: Error) => this.#log.error({ event: 'edge.failed', error: error.message }),
    );
  }
}

function pipeTo(worker: Worker, log: Logger): Pipe<FromEdge, ToEdge> {
  let onItsWay = 0;
  const taken = (): void => {
    onItsWay -= 1;
  };
  const end = (): void => {
    log.error({ event: 'edge.stuck', pid: worker.process.pid });
    worker.process.kill('SIGKILL');
  };
  return {
    send(batch) {
      if (!worker.isConnected()) return;
      onItsWay += 1;
      worker.send(batch, undefined, undefined, taken);
      if (onItsWay > BACKLOG) end();
    },
    end,
    open({ received, closed }) {
      worker.on('message', received);
      worker.on('error', (error) => log.error({ event: 'edge.error', error: error.message }));
      worker.once('exit', closed);
    },
  };
}
