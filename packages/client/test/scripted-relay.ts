import {
  drive,
  memoryPair,
  type Peer,
  plainServer,
  type SessionEnd,
  saslProfile,
  type Transport,
} from '@apex/beep';
import {
  type Answer,
  type ApexChannel,
  apexProfile,
  contentElement,
  formatOperation,
  hasAttachOverride,
  type Operation,
  parseOperation,
  serviceData,
} from '@apex/protocol';
import {
  type ApexClient,
  attachOver,
  type ClientOptions,
  connectWith,
  type DialOptions,
} from '../src/index.ts';

const SERVICE = 'apex=presence@example.com';
const WILMA = 'wilma@example.com';
const WHO = { endpoint: WILMA, credentials: { password: 'x' }, requireTls: false };

/** A request that the client has sent, in the test's hands. */
export interface Asked {
  readonly operation: Operation;
  readonly answer: Answer;
}

/** A relay with one application, whose every word the test says, so that any order can be tried. */
export class ScriptedRelay {
  readonly #endpoint: string;
  readonly #asked: Asked[] = [];
  #wake: (() => void) | undefined;
  #expectsData: ((data: { payload: Uint8Array; answer: Answer }) => void) | undefined;
  #apex: ApexChannel | undefined;
  #peer: Peer | undefined;

  /** Connections made to it. */
  connections = 0;
  /** What attachments asked for: whether to override. */
  readonly overrides: boolean[] = [];
  /** Answers the next attach with this code. */
  refusesWith: number | undefined;
  /** Data that is no operation, which it has accepted. */
  others = 0;
  /** Answers no probe. */
  isSilent = false;

  private constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** A client of one session. */
  static async attach(
    options: Partial<ClientOptions> = {},
  ): Promise<{ relay: ScriptedRelay; client: ApexClient }> {
    const relay = new ScriptedRelay(WILMA);
    const client = await attachOver(relay.#connect(), { ...WHO, ...options });
    return { relay, client };
  }

  /** A client that comes back. */
  static async connect(
    options: Partial<DialOptions> = {},
  ): Promise<{ relay: ScriptedRelay; client: ApexClient }> {
    const relay = new ScriptedRelay(WILMA);
    const client = await connectWith(async () => relay.#connect(), { ...WHO, ...options });
    return { relay, client };
  }

  #connect(): Transport {
    this.connections += 1;
    const [here, there] = memoryPair();
    const sasl = plainServer({ verifier: { verify: async () => true }, requireSecured: false });
    const apex = apexProfile({
      started: (channel) => {
        this.#apex = channel;
        return {
          attach: ({ options }, answer) => {
            const refusal = this.refusesWith;
            this.refusesWith = undefined;
            this.overrides.push(hasAttachOverride(options));
            if (refusal === undefined) answer.ok();
            else answer.error(refusal, 'not now');
          },
          terminate: (_, answer) => {
            if (!this.isSilent) answer.error(550, 'no such operation');
          },
          data: (message, answer, payload) => {
            if (this.#expectsData !== undefined) {
              this.#expectsData({ payload, answer });
              this.#expectsData = undefined;
              return;
            }
            const element = contentElement(message);
            if (element === undefined) {
              this.others += 1;
              return answer.ok();
            }
            this.#asked.push({ operation: parseOperation(element), answer });
            this.#wake?.();
          },
          closed: () => {},
        };
      },
    });
    this.#peer = drive(there, { role: 'listener', profiles: [saslProfile(sasl), apex] });
    return here;
  }

  /** The next request; its data has to be answered. */
  async next(): Promise<Asked> {
    for (;;) {
      const asked = this.#asked.shift();
      if (asked !== undefined) return asked;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next data, whatever it holds; it has to be answered. */
  nextData(): Promise<{ payload: Uint8Array; answer: Answer }> {
    return new Promise((resolve) => {
      this.#expectsData = resolve;
    });
  }

  /** The next request of a kind, accepted by the relay. */
  async accept<Kind extends Operation['kind']>(kind: Kind): Promise<Extract<Operation, { kind: Kind }>> {
    const { operation, answer } = await this.next();
    if (operation.kind !== kind) throw new Error(`${operation.kind} instead of ${kind}`);
    answer.ok();
    return operation as Extract<Operation, { kind: Kind }>;
  }

  /** How many requests wait to be looked at. */
  get asked(): number {
    return this.#asked.length;
  }

  /** Sends what a service says. */
  say(operation: Operation, from = SERVICE): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#apex!.data(serviceData(from, this.#endpoint, formatOperation(operation)), (refusal) => {
        if (refusal === undefined) resolve();
        else reject(refusal);
      });
    });
  }

  /** A reply of the service. */
  reply(transID: number, code: number, text = ''): Promise<void> {
    return this.say({ kind: 'reply', transID, code, text });
  }

  /** Fred's entry as the service sends it. */
  entry(transID: number, lastUpdate: string): Promise<void> {
    return this.say({
      kind: 'publish',
      publisher: 'fred@example.com',
      transID,
      timeStamp: '2026-11-25T12:00:00Z',
      presence: {
        kind: 'presence',
        publisher: 'fred@example.com',
        lastUpdate,
        publisherInfo: '',
        tuples: [
          {
            destination: 'apex:fred@example.com',
            availableUntil: '2026-11-25T13:00:00Z',
            tupleInfo: '',
            capabilities: [],
          },
        ],
      },
    });
  }

  /** Data that is no operation of the client's. */
  send(recipient: string, contentXml: string): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.#apex!.data(serviceData('fred@example.com', recipient, contentXml), resolve);
    });
  }

  terminate(code: number, text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#apex!.terminate({ kind: 'terminate', transID: 1, code, text }, () => resolve());
    });
  }

  closeChannel(): void {
    this.#apex!.channel.close();
  }

  /** Resolves with the end of the session. */
  get ended(): Promise<SessionEnd> {
    return this.#peer!.ended;
  }

  /** As a connection that breaks. */
  abort(): void {
    this.#peer?.abort(new Error('the test breaks the connection'));
  }
}
