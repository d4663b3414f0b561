import type { Channel } from '@apex/beep';

/** Octets of data that may wait for the owner's answers before those who send more are slowed down. */
export const INTAKE_OCTETS = 16 * 1024 * 1024;

/**
 * The data of peers that is on its way to the owner. When the owner is slower than they are, the channels that bring
 * more get no new window until half of it is answered: what waits is bounded by the limit, and a window and a message
 * for each channel.
 */
export class Intake {
  readonly #limit: number;
  readonly #paused = new Set<Pick<Channel, 'pause' | 'resume'>>();
  #octets = 0;

  constructor(limit = INTAKE_OCTETS) {
    this.#limit = limit;
  }

  add(channel: Pick<Channel, 'pause' | 'resume'>, octets: number): void {
    this.#octets += octets;
    if (this.#octets <= this.#limit || this.#paused.has(channel)) return;
    this.#paused.add(channel);
    channel.pause();
  }

  remove(octets: number): void {
    this.#octets -= octets;
    if (this.#paused.size === 0 || this.#octets > this.#limit / 2) return;
    const paused = [...this.#paused];
    this.#paused.clear();
    for (const channel of paused) channel.resume();
  }
}
