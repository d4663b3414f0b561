import type { Clock } from '../clock.ts';
import { type Effect, type EffectPerformer, messageCount } from './effects.ts';

/**
 * The effects of one subject on their way out, in the order of the decisions. One with many messages
 * leaves in slices, between which others have their turn; what comes behind it waits.
 */
export class Outbox {
  readonly #performer: EffectPerformer;
  readonly #clock: Pick<Clock, 'yield'>;
  readonly #sliceSize: number;
  readonly #onIdle: () => void;
  #effects: Effect[] = [];
  #next = 0;
  #sending = false;

  constructor(
    performer: EffectPerformer,
    clock: Pick<Clock, 'yield'>,
    sliceSize: number,
    onIdle: () => void,
  ) {
    this.#performer = performer;
    this.#clock = clock;
    this.#sliceSize = sliceSize;
    this.#onIdle = onIdle;
  }

  /** Nothing is on its way. */
  get isIdle(): boolean {
    return !this.#sending;
  }

  send(effects: readonly Effect[]): void {
    for (const effect of effects) this.#effects.push(effect);
    if (!this.#sending) this.#send(0);
  }

  /** Continues with the first effect at its message `from`. */
  #send(from: number): void {
    this.#sending = true;
    let sent = from;
    let left = this.#sliceSize;
    for (;;) {
      const effect = this.#effects[this.#next];
      if (effect === undefined) break;
      const count = messageCount(effect);
      const to = Math.min(count, sent + left);
      if (to > sent) this.#performer.perform(effect, sent, to);
      left -= to - sent;
      if (to < count) return this.#pause(to);
      sent = 0;
      this.#next += 1;
    }
    this.#effects = [];
    this.#next = 0;
    this.#sending = false;
    this.#onIdle();
  }

  #pause(from: number): void {
    this.#effects = this.#effects.slice(this.#next);
    this.#next = 0;
    this.#clock.yield(() => this.#send(from));
  }
}
