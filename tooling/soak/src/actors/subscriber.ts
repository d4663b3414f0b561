import { setTimeout as pause } from 'node:timers/promises';
import type { Subscription } from '@apex/client';
import type { Random } from '@apex/fuzz/random';
import { outcomeOf, replyCodeOf, Visitor } from '../visitor.ts';
import { updateOf } from '../wire.ts';
import type { Actor, Stage } from './actor.ts';

/** Subscribes, terminates and polls; its connection is lost now and then, and sometimes it stops reading. */
export class Subscriber implements Actor {
  readonly endpoint: string;
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #subscriptions = new Map<string, Subscription>();
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

  /** The publishers to which it is subscribed, as far as it knows. */
  get subscribed(): readonly string[] {
    return [...this.#subscriptions].filter(([, { isOver }]) => !isOver).map(([publisher]) => publisher);
  }

  async enter(): Promise<void> {
    this.#visitor = await Visitor.attach(this.#stage.place, this.#stage.model, this.endpoint);
  }

  async act(): Promise<void> {
    const publisher = this.#random.pick(this.#stage.publishers);
    const subscription = this.#subscriptions.get(publisher);
    if (this.#random.once(40)) return this.#stopReading();
    if (this.#random.once(30)) return this.#drop();
    if (subscription === undefined) await this.#subscribe(publisher);
    else if (this.#random.once(6)) await this.#terminate(publisher, subscription);
  }

  async leave(isLast: boolean): Promise<void> {
    if (!isLast) {
      for (const [publisher, subscription] of this.#subscriptions)
        await this.#terminate(publisher, subscription);
    }
    await this.#visitor?.client.close({ keepOperations: isLast });
    this.#visitor = undefined;
  }

  async #subscribe(publisher: string): Promise<void> {
    const { model } = this.#stage;
    const read = model.beginRead(this.endpoint, publisher);
    const begunAt = model.now();
    const settle = model.beginSubscribe(publisher, this.endpoint);
    try {
      const subscription = await this.visitor.client.presence.subscribe(publisher);
      settle('done');
      read(updateOf(subscription.current.publisherInfo));
      this.#subscriptions.set(publisher, subscription);
      void subscription.ended.then((end) => {
        if (this.#subscriptions.get(publisher) === subscription) this.#subscriptions.delete(publisher);
        if (end.kind !== 'terminated') return;
        if (end.replyCode === 537) return model.revoked(publisher, this.endpoint, begunAt);
        model.violation(`${this.endpoint}: subscription to ${publisher} ended: ${end.replyCode} ${end.text}`);
      });
    } catch (error) {
      settle(outcomeOf(error), replyCodeOf(error));
    }
  }

  async #terminate(publisher: string, subscription: Subscription): Promise<void> {
    if (subscription.isOver) return;
    const settle = this.#stage.model.beginTerminate(publisher, this.endpoint);
    try {
      await subscription.terminate();
      settle('done');
      this.#stage.model.figures.terminated += 1;
    } catch (error) {
      settle(outcomeOf(error));
    }
  }

  #drop(): void {
    this.#stage.model.figures.drops += 1;
    this.visitor.drop();
  }

  async #stopReading(): Promise<void> {
    this.#stage.model.figures.slowReaders += 1;
    this.visitor.stopReading();
    await pause(this.#random.below(3000));
    this.visitor.drop();
  }
}
