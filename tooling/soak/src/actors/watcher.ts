import { ApexError, type Watch } from '@apex/client';
import type { Random } from '@apex/fuzz/random';
import { outcomeOf, Visitor } from '../visitor.ts';
import type { Actor, Stage } from './actor.ts';

/** Watches all publishers; its connection is lost now and then. */
export class Watcher implements Actor {
  readonly endpoint: string;
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #watches = new Map<string, Watch>();
  /** Publisher and subscriber of each notification of the last call of `forget`. */
  readonly #told = new Set<string>();
  #visitor: Visitor | undefined;

  constructor(endpoint: string, stage: Stage, random: Random) {
    this.endpoint = endpoint;
    this.#stage = stage;
    this.#random = random;
  }

  get visitor(): Visitor {
    if (this.#visitor === undefined) throw new Error(`${this.endpoint} is not there`);
    return this.#visitor;
  }

  get watched(): readonly string[] {
    return [...this.#watches.keys()];
  }

  async enter(): Promise<void> {
    this.#visitor = await Visitor.attach(this.#stage.place, this.#stage.model, this.endpoint);
  }

  async act(): Promise<void> {
    if (this.#random.once(40)) {
      this.#stage.model.figures.drops += 1;
      return this.visitor.drop();
    }
    const publisher = this.#stage.publishers.find((each) => !this.#watches.has(each));
    if (publisher === undefined) return;
    try {
      const watch = await this.visitor.client.presence.watch(publisher);
      this.#watches.set(publisher, watch);
      this.#read(publisher, watch).catch((error: unknown) => {
        if (error instanceof ApexError && error.code === 'client.closed') return;
        this.#stage.model.violation(`${this.endpoint}: watch of ${publisher}: ${(error as Error).message}`);
      });
    } catch (error) {
      outcomeOf(error);
    }
  }

  async leave(isLast: boolean): Promise<void> {
    await this.#visitor?.client.close({ keepOperations: isLast });
    this.#visitor = undefined;
    this.#watches.clear();
  }

  forget(): void {
    this.#told.clear();
  }

  wasToldOf(publisher: string, subscriber: string): boolean {
    return this.#told.has(`${publisher} ${subscriber}`);
  }

  async #read(publisher: string, watch: Watch): Promise<void> {
    const { model } = this.#stage;
    for await (const notification of watch) {
      if (notification.action === 'restart') continue;
      this.#told.add(`${publisher} ${notification.subscriber}`);
      model.notified(this.endpoint, publisher, notification.subscriber);
    }
    const end = await watch.ended;
    if (end.kind === 'terminated') {
      model.violation(`${this.endpoint}: watch of ${publisher} ended: ${end.replyCode} ${end.text}`);
    }
  }
}
