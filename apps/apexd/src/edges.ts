import cluster, { type Worker } from 'node:cluster';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type {
  ApexOwner,
  Edge,
  EdgeError,
  FromEdge,
  HttpSettings,
  ListenAddress,
  Pipe,
  ToEdge,
} from '@apex/server';
import type { Logger } from 'pino';
import { WITH_CONSOLE } from './console-route.ts';
import type { Audience } from './metrics/metrics-route.ts';

/** Batches that may be on their way to an edge; one that does not take them is ended. */
const BACKLOG = 20_000;
/** An edge that ends earlier after its start is started again after as long, in milliseconds. */
const RESTART_MS = 1000;

/** Where edges listen, as a configuration says it. */
export interface EdgePlaces {
  readonly edge: ListenAddress;
  readonly http?: (HttpSettings & { readonly metrics: Audience; readonly console: boolean }) | undefined;
}

/** How often a free port is looked for that nobody else takes meanwhile. */
const ATTEMPTS = 10;

/**
 * The processes that hold the connections of a server, all listening on one address. One that ends is started
 * again; what was attached through it attaches anew.
 */
export class Edges {
  readonly #places: EdgePlaces;
  readonly #owner: ApexOwner;
  readonly #log: Logger;
  #isStopping = false;
  readonly #ended = new Set<Promise<void>>();

  private constructor(owner: ApexOwner, places: EdgePlaces, log: Logger) {
    this.#owner = owner;
    this.#places = places;
    this.#log = log;
  }

  get address(): ListenAddress {
    return this.#places.edge;
  }

  /** Where they listen for HTTP, if they do. */
  get httpAddress(): ListenAddress | undefined {
    const { http } = this.#places;
    return http && { host: http.host, port: http.port };
  }

  /** Starts `count` edges; resolves when all of them listen. Rejects with EdgeError when one cannot. */
  static async start(owner: ApexOwner, count: number, places: EdgePlaces, log: Logger): Promise<Edges> {
    const source = import.meta.url.endsWith('.ts');
    const { edge, http } = places;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL(source ? './edge-main.ts' : './edge-main.js', import.meta.url)),
      args: [http?.metrics ?? 'off', ...(http?.console === true ? [WITH_CONSOLE] : [])],
      serialization: 'advanced',
    });
    const isChosen = edge.port === 0 || edge.tlsPort === 0 || http?.port === 0;
    for (let attempt = 1; ; attempt += 1) {
      const edges = new Edges(owner, { edge: await chosen(edge), http: http && (await chosen(http)) }, log);
      try {
        await Promise.all(Array.from({ length: count }, () => edges.#fork().listening));
        return edges;
      } catch (error) {
        await edges.stop();
        const isTaken = isChosen && (error as EdgeError).code === 'listen.in-use';
        if (!isTaken || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** To be called before the owner is drained or closed: what ends from now on stays ended. */
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
    const worker = cluster.fork();
    const startedAt = performance.now();
    const edge = this.#owner.accept(pipeTo(worker, this.#log), this.address, this.#places.http);
    this.#log.debug({ event: 'edge.started', pid: worker.process.pid, worker: edge.worker });
    const ended = edge.ended.then(() => {
      this.#ended.delete(ended);
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

/** All edges have to get the same ports, also those that are started when no other is left. */
async function chosen<Place extends ListenAddress>(place: Place): Promise<Place> {
  const { host, port, tlsPort } = place;
  const free = async (wanted: number): Promise<number> => (wanted === 0 ? await freePort(host) : wanted);
  return {
    ...place,
    port: await free(port),
    ...(tlsPort === undefined ? {} : { tlsPort: await free(tlsPort) }),
  };
}

/** A port that the system chooses; 0 when this host cannot be listened on, which the edges will say. */
function freePort(host: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(0));
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
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
