import { authenticate, drive, type Peer, plainClient, type SessionEnd } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import {
  APEX_PROFILE_URI,
  ApexChannel,
  attachOverrideOption,
  contentElement,
  formatOperation,
  newTransID,
  type Operation,
  parent,
  parseOperation,
  type Refusal,
  secureRandom,
  serviceData,
} from '@apex/protocol';
import { onTestFinished } from 'vitest';
import { createEdge, type EdgeOptions } from '../../src/create-edge.ts';
import { type ApexOwner, createOwner, type OwnerOptions } from '../../src/create-owner.ts';
import type { HttpSettings } from '../../src/http/http-listener.ts';
import type { ServerEvent } from '../../src/server-event.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { MemoryPipe } from './pipes.ts';

export interface StageEdge {
  readonly pipe: MemoryPipe;
  readonly port: number;
  /** Of HTTP, where it has that. */
  readonly httpPort: number | undefined;
}

/** An owner and its edges in one process, each edge with a port of its own. */
export class Stage {
  readonly owner: ApexOwner;
  readonly events: ServerEvent[];
  readonly edges: StageEdge[];

  private constructor(owner: ApexOwner, events: ServerEvent[], edges: StageEdge[]) {
    this.owner = owner;
    this.events = events;
    this.edges = edges;
  }

  static async start(count: number, options: Partial<OwnerOptions> = {}): Promise<Stage> {
    const events: ServerEvent[] = [];
    const owner = await createOwner({
      domain: 'example.com',
      store: new MemoryStore(),
      requireTls: false,
      iterations: 4096,
      accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
      edges: count,
      onEvent: (event) => events.push(event),
      ...options,
    });
    onTestFinished(() => owner.close());
    for (const name of ['fred', 'wilma', 'barney', 'betty']) {
      await owner.administration.addEndpoint(`${name}@example.com`, 'yabba');
    }
    const edges = await Promise.all(Array.from({ length: count }, () => startEdge(owner)));
    return new Stage(owner, events, edges);
  }

  /** A session through an edge, authenticated as `endpoint` or for this subaddress, with an APEX channel. */
  async join(edge: number, endpoint: string): Promise<Application> {
    const { port } = this.edges[edge]!;
    return Application.join(port, endpoint);
  }

  /** As `join`, attached as the endpoint. */
  async attached(edge: number, endpoint: string): Promise<Application> {
    const application = await this.join(edge, endpoint);
    const refusal = await application.attach();
    if (refusal !== undefined) throw refusal;
    return application;
  }
}

export async function startEdge(
  owner: ApexOwner,
  pipe = new MemoryPipe(),
  http?: HttpSettings,
  options?: EdgeOptions,
): Promise<StageEdge> {
  const { listening } = owner.accept(pipe.ownersEnd, { host: '127.0.0.1', port: 0 }, http);
  void createEdge(pipe.edgesEnd, options);
  const { port, http: httpAddress } = await listening;
  return { pipe, port, httpPort: httpAddress?.port };
}

export class Application {
  readonly endpoint: string;
  readonly apex: ApexChannel;
  /** The operations that were received, and terminates of the relay as `terminated CODE`. */
  readonly received: (Operation | string)[] = [];
  readonly ended: Promise<SessionEnd>;
  /** Whether data is answered. */
  answers = true;
  answersTerminate = true;
  readonly #peer: Peer;
  readonly #random = secureRandom();
  #arrived = Promise.withResolvers<void>();

  private constructor(peer: Peer, endpoint: string) {
    this.#peer = peer;
    this.endpoint = endpoint;
    this.ended = peer.ended;
    this.apex = new ApexChannel(() => ({
      data: (message, answer) => {
        if (this.answers) answer.ok();
        this.#take(parseOperation(contentElement(message)!));
      },
      terminate: ({ code }, answer) => {
        if (this.answersTerminate) answer.ok();
        this.#take(`terminated ${code}`);
      },
      closed: () => {},
    }));
  }

  /** A session authenticated as `endpoint` or for this subaddress, with an APEX channel. */
  static async join(port: number, endpoint: string): Promise<Application> {
    const peer = drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
    onTestFinished(() => peer.abort(new Error('the test is over')));
    const authentication = parent(endpoint);
    await authenticate(peer, plainClient({ authentication, password: 'yabba', requireSecured: false }));
    return Application.open(peer, endpoint);
  }

  static async open(peer: Peer, endpoint: string): Promise<Application> {
    const application = new Application(peer, endpoint);
    const { apex } = application;
    const { channel } = await peer.startChannel({ profiles: [{ uri: APEX_PROFILE_URI }], handler: apex });
    apex.open(channel);
    return application;
  }

  close(): void {
    this.#peer.release();
  }

  attach({ overrides = false, transID = 1 } = {}): Promise<Refusal | undefined> {
    const options = overrides ? [attachOverrideOption(transID)] : [];
    return new Promise((resolve) =>
      this.apex.attach({ kind: 'attach', endpoint: this.endpoint, transID, options }, resolve),
    );
  }

  /** Sends data whose content is an operation. */
  send(recipient: string, operation: Operation): Promise<Refusal | undefined> {
    const payload = serviceData(this.endpoint, recipient, formatOperation(operation));
    return new Promise((resolve) => this.apex.data(payload, resolve));
  }

  /** Subscribes to fred, and waits for his entry. */
  async subscribe(): Promise<number> {
    const transID = newTransID(this.#random);
    const publisher = 'fred@example.com';
    await this.send(SERVICE, { kind: 'subscribe', publisher, transID, duration: 3600 });
    await this.next((operation) => typeof operation !== 'string' && operation.kind === 'publish');
    return transID;
  }

  /** Publishes to all who see fred; `info` is the publisherInfo. Resolves with the reply code. */
  async publish(lastUpdate: string, info: string): Promise<number> {
    const transID = newTransID(this.#random);
    const publisher = this.endpoint;
    const tuple = {
      destination: 'apex:fred@example.com',
      availableUntil: '2525-12-31T23:59:59Z',
      tupleInfo: '',
      capabilities: [],
    };
    await this.send(SERVICE, {
      kind: 'publish',
      publisher,
      transID,
      timeStamp: '2026-01-01T00:00:00Z',
      presence: { kind: 'presence', publisher, lastUpdate, publisherInfo: info, tuples: [tuple] },
    });
    const reply = await this.next(
      (operation) =>
        typeof operation !== 'string' && operation.kind === 'reply' && operation.transID === transID,
    );
    return typeof reply !== 'string' && reply.kind === 'reply' ? reply.code : 0;
  }

  /** The first that was or will be received and is so. */
  async next(isSo: (operation: Operation | string) => boolean): Promise<Operation | string> {
    for (;;) {
      const found = this.received.find(isSo);
      if (found !== undefined) return found;
      await this.#arrived.promise;
    }
  }

  async release(): Promise<void> {
    await this.#peer.released();
  }

  #take(operation: Operation | string): void {
    this.received.push(operation);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

const SERVICE = 'apex=presence@example.com';
