import type { Random } from '@apex/fuzz/random';
import { outcomeOf, replyCodeOf, Visitor } from '../visitor.ts';
import { updateOf } from '../wire.ts';
import type { Actor, Stage } from './actor.ts';

/**
 * Comes for a moment, subscribes or ends what it left in progress earlier, polls, and goes, with or without a word.
 * What it leaves stays in progress although nobody asks for it again.
 */
export class Sleeper implements Actor {
  readonly endpoint: string;
  readonly #stage: Stage;
  readonly #random: Random;
  /** What it has in progress, as far as it knows. */
  readonly #left = new Map<string, number>();

  constructor(endpoint: string, stage: Stage, random: Random) {
    this.endpoint = endpoint;
    this.#stage = stage;
    this.#random = random;
  }

  async enter(): Promise<void> {}

  async leave(): Promise<void> {}

  async act(): Promise<void> {
    const { place, model, publishers } = this.#stage;
    const visitor = await Visitor.attach(place, model, this.endpoint);
    const publisher = this.#random.pick(publishers);
    const transID = this.#left.get(publisher);
    const done =
      transID === undefined ? this.#subscribe(visitor, publisher) : this.#again(visitor, publisher, transID);
    const isDropped = this.#random.once(4);
    if (isDropped) {
      model.figures.drops += 1;
      visitor.drop();
    }
    await done;
    await visitor.client.close({ keepOperations: true });
  }

  async #subscribe({ client }: Visitor, publisher: string): Promise<void> {
    const { model } = this.#stage;
    const read = model.beginRead(this.endpoint, publisher);
    const settle = model.beginSubscribe(publisher, this.endpoint);
    try {
      const { transID, current } = await client.presence.subscribe(publisher);
      settle('done');
      read(updateOf(current.publisherInfo));
      this.#left.set(publisher, transID);
    } catch (error) {
      settle(outcomeOf(error), replyCodeOf(error));
    }
  }

  /** Ends it, or reads another entry. */
  async #again({ client }: Visitor, publisher: string, transID: number): Promise<void> {
    const { model, publishers } = this.#stage;
    if (this.#random.once(3)) {
      const settle = model.beginTerminate(publisher, this.endpoint);
      try {
        await client.presence.terminate({ publisher, transID });
        settle('done');
        model.figures.terminated += 1;
        this.#left.delete(publisher);
      } catch (error) {
        settle(outcomeOf(error));
      }
      return;
    }
    // P4: a poll ends a subscription of the same originator.
    const other = publishers.find((each) => !this.#left.has(each));
    if (other === undefined) return;
    model.sought(other, this.endpoint);
    const settle = model.beginTerminate(other, this.endpoint);
    const read = model.beginRead(this.endpoint, other);
    try {
      read(updateOf((await client.presence.fetch(other)).publisherInfo));
      model.figures.polls += 1;
      settle('done');
    } catch (error) {
      settle(outcomeOf(error));
      if (replyCodeOf(error) !== undefined) model.violation(`${this.endpoint}: ${(error as Error).message}`);
    }
  }
}
