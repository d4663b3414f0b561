import type { Random } from '@apex/fuzz/random';
import { outcomeOf, replyCodeOf, Visitor } from '../visitor.ts';
import { infoOf } from '../wire.ts';
import type { Actor, Stage } from './actor.ts';

const SEES = ['core:data', 'presence:subscribe', 'presence:watch'];
const SEES_NOT = ['core:data'];
/** A capability that makes an entry large. */
const LARGE = 'x'.repeat(4000);

/** Publishes one update after the other, gives and takes rights, and loses its connection now and then. */
export class Publisher implements Actor {
  readonly endpoint: string;
  readonly #stage: Stage;
  readonly #random: Random;
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

  async enter(): Promise<void> {
    const { place, model } = this.#stage;
    this.#visitor = await Visitor.attach(place, model, this.endpoint);
    // It reads its entry before each publish.
    model.sought(this.endpoint, this.endpoint);
  }

  async act(): Promise<void> {
    if (this.#random.once(12)) return this.#changeAccess();
    const published = this.publish();
    if (this.#random.once(60)) {
      this.#stage.model.figures.drops += 1;
      this.visitor.drop();
    }
    await published;
  }

  async leave(): Promise<void> {
    await this.#visitor?.client.close();
    this.#visitor = undefined;
  }

  /** Resolves with the number of the update, once it is settled. */
  async publish(): Promise<number> {
    const { update, settle } = this.#stage.model.beginPublish(this.endpoint);
    const capability = this.#random.once(4) ? [{ baseline: 'http://example.com/large', value: LARGE }] : [];
    try {
      await this.visitor.client.presence.publish({
        publisherInfo: infoOf(update),
        tuples: [
          {
            destination: `apex:${this.endpoint}`,
            availableUntil: '2525-12-31T23:59:59Z',
            capabilities: capability,
          },
        ],
      });
      settle('done');
    } catch (error) {
      settle(this.#settled(error, 'publish'));
    }
    return update;
  }

  async #changeAccess(): Promise<void> {
    const actor = this.#random.pick(this.#stage.subscribers);
    const isAllowed = this.#random.below(3) > 0;
    const settle = this.#stage.model.beginAccess(this.endpoint, actor, isAllowed);
    try {
      await this.visitor.client.access.set(actor, isAllowed ? SEES : SEES_NOT);
      settle('done');
    } catch (error) {
      settle(this.#settled(error, `set access of ${actor}`));
    }
  }

  /** 555: what got no answer was carried out meanwhile. */
  #settled(error: unknown, what: string): 'refused' | 'unknown' {
    const code = replyCodeOf(error);
    if (code !== undefined && code !== 555) {
      this.#stage.model.violation(`${this.endpoint}: ${what}: ${(error as Error).message}`);
    }
    return outcomeOf(error);
  }
}
