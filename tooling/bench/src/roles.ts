import { Application, operationIn, type Role } from './application.ts';
import type { Tally } from './tally.ts';
import { findUpdate, formatUpdate } from './update.ts';

const DAY_SECONDS = 86_400;

/** Subscribed once it has the publisher's entry; from then on it counts deliveries. */
export class Subscriber implements Role {
  readonly endpoint: string;
  readonly failed: (error: Error) => void;
  readonly #publisher: Publisher;
  readonly #subscribed = Promise.withResolvers<void>();
  #last = 0;

  constructor(endpoint: string, publisher: Publisher, failed: (error: Error) => void) {
    this.endpoint = endpoint;
    this.#publisher = publisher;
    this.failed = failed;
  }

  async start(port: number, attached: (application: Application) => void): Promise<void> {
    const application = await Application.attach(port, this);
    attached(application);
    subscribe(application, this.#publisher.endpoint);
    await this.#subscribed.promise;
  }

  received(payload: Uint8Array): void {
    const update = findUpdate(payload);
    if (update === undefined) {
      const { kind } = operationIn(payload);
      if (kind !== 'publish') return this.failed(new Error(`${this.endpoint} received ${kind}`));
      return this.#subscribed.resolve();
    }
    if (update.publisher !== this.#publisher.index || update.number <= this.#last) {
      return this.failed(new Error(`${this.endpoint} received an update of another, or one twice`));
    }
    this.#last = update.number;
    this.#publisher.delivered(update.number, performance.now() - update.sentAt);
  }
}

/**
 * Publishes its next update when the last one has reached every subscriber, and has come back to it:
 * it is subscribed to its own entry, for the lastUpdate that the next publish needs (RFC 3343 §4.4 step 5).
 */
export class Publisher implements Role {
  readonly index: number;
  readonly endpoint: string;
  readonly failed: (error: Error) => void;
  readonly #subscribers: number;
  readonly #tally: Tally;
  readonly #subscribed = Promise.withResolvers<void>();
  #application: Application | undefined;
  #lastUpdate = '';
  #number = 0;
  #missing = 0;
  #awaitsOwn = false;

  constructor(index: number, subscribers: number, tally: Tally, failed: (error: Error) => void) {
    this.index = index;
    this.endpoint = `p${index}@example.com`;
    this.#subscribers = subscribers;
    this.#tally = tally;
    this.failed = failed;
  }

  async start(port: number, attached: (application: Application) => void): Promise<void> {
    this.#application = await Application.attach(port, this);
    attached(this.#application);
    subscribe(this.#application, this.endpoint);
    await this.#subscribed.promise;
  }

  received(payload: Uint8Array): void {
    const operation = operationIn(payload);
    if (operation.kind === 'reply' && operation.code === 250) return;
    if (operation.kind !== 'publish') {
      return this.failed(new Error(`${this.endpoint} received ${JSON.stringify(operation)}`));
    }
    this.#lastUpdate = operation.presence.lastUpdate;
    this.#subscribed.resolve();
    if (findUpdate(payload)?.number !== this.#number) return;
    this.#awaitsOwn = false;
    this.#settle();
  }

  delivered(number: number, latencyMs: number): void {
    this.#tally.deliveredAfter(latencyMs);
    if (number !== this.#number) return;
    this.#missing -= 1;
    this.#settle();
  }

  publish(): void {
    this.#number += 1;
    this.#missing = this.#subscribers;
    this.#awaitsOwn = true;
    this.#tally.published(this.#subscribers);
    const sentAt = performance.now();
    this.#application?.send({
      kind: 'publish',
      publisher: this.endpoint,
      transID: 1000 + this.#number,
      timeStamp: new Date().toISOString(),
      presence: {
        kind: 'presence',
        publisher: this.endpoint,
        lastUpdate: this.#lastUpdate,
        publisherInfo: '',
        tuples: [
          {
            destination: `apex:p${this.index}/appl=im@example.com`,
            availableUntil: '2525-12-31T23:59:59Z',
            tupleInfo: formatUpdate({ publisher: this.index, number: this.#number, sentAt }),
            capabilities: [],
          },
        ],
      },
    });
  }

  #settle(): void {
    if (this.#missing > 0 || this.#awaitsOwn) return;
    this.#tally.completed();
    if (this.#tally.publishing) this.publish();
  }
}

function subscribe(application: Application, publisher: string): void {
  application.send({ kind: 'subscribe', publisher, transID: 101, duration: DAY_SECONDS });
}
