import { authenticate, drive, type Peer, plainClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import {
  APEX_PROFILE_URI,
  ApexChannel,
  contentElement,
  type DataMessage,
  formatInitialization,
  formatOperation,
  newTransID,
  type Operation,
  parseOperation,
  secureRandom,
  serviceData,
} from '@apex/protocol';

const SERVICE = 'apex=presence@example.com';

/** An application attached as one endpoint, which asks the presence service one thing at a time. */
export class Application {
  readonly endpoint: string;
  readonly #peer: Peer;
  readonly #apex: ApexChannel;
  readonly #random = secureRandom();
  #answer: ((operation: Operation) => void) | undefined;

  private constructor(endpoint: string, peer: Peer) {
    this.endpoint = endpoint;
    this.#peer = peer;
    this.#apex = new ApexChannel(() => ({
      data: (message, answer) => {
        answer.ok();
        this.#received(message);
      },
      closed: () => {},
    }));
  }

  static async attach(port: number, endpoint: string, password: string): Promise<Application> {
    const peer = drive(await connectTcp({ host: '127.0.0.1', port }), { role: 'initiator', profiles: [] });
    await authenticate(peer, plainClient({ authentication: endpoint, password, requireSecured: false }));
    const application = new Application(endpoint, peer);
    const attach = { kind: 'attach', endpoint, transID: 1, options: [] } as const;
    const { channel } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(attach) }],
      handler: application.#apex,
    });
    application.#apex.open(channel);
    return application;
  }

  /** Polls its own entry, publishes one with this destination on it, and gives the transID once it got 250. */
  async publish(destination: (transID: number) => string): Promise<number> {
    const publisher = this.endpoint;
    const polled = await this.#ask({
      kind: 'subscribe',
      publisher,
      transID: newTransID(this.#random),
      duration: 0,
    });
    if (polled.kind !== 'publish') throw new Error(`${polled.kind} in place of the entry`);
    const transID = newTransID(this.#random);
    const availableUntil = '2030-01-01T00:00:00Z';
    const reply = await this.#ask({
      kind: 'publish',
      publisher,
      transID,
      timeStamp: '2026-01-01T00:00:00Z',
      presence: {
        kind: 'presence',
        publisher,
        lastUpdate: polled.presence.lastUpdate,
        publisherInfo: '',
        tuples: [{ destination: destination(transID), availableUntil, tupleInfo: '', capabilities: [] }],
      },
    });
    if (reply.kind !== 'reply' || reply.code !== 250)
      throw new Error(`not published: ${JSON.stringify(reply)}`);
    return transID;
  }

  /** Tells the destinations of a publisher's entry, first as it is and then whenever it changes. */
  async subscribe(publisher: string, seen: (destinations: readonly string[]) => void): Promise<void> {
    const told = (operation: Operation): void => {
      if (operation.kind === 'publish') seen(operation.presence.tuples.map(({ destination }) => destination));
    };
    const transID = newTransID(this.#random);
    told(await this.#ask({ kind: 'subscribe', publisher, transID, duration: 3600 }));
    this.#answer = told;
  }

  async close(): Promise<void> {
    await this.#peer.released();
  }

  #ask(operation: Operation): Promise<Operation> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      const payload = serviceData(this.endpoint, SERVICE, formatOperation(operation));
      this.#apex.data(payload, (refusal) => refusal && reject(refusal));
    });
  }

  #received(message: DataMessage): void {
    const element = contentElement(message);
    if (element !== undefined) this.#answer?.(parseOperation(element));
  }
}
