/** What is counted while a load runs. */
export class Tally {
  /** Whether deliveries count for the figures. */
  measuring = false;
  /** Whether publishers go on when an update is complete. */
  publishing = false;
  /** Milliseconds from the send of an update to its delivery, of those while it was measuring. */
  readonly latencies: number[] = [];
  /** Over the whole run: deliveries that there have to be, and that there were. */
  expected = 0;
  delivered = 0;
  /** Publishers whose last update is not complete. */
  #busy = 0;
  #quiet: PromiseWithResolvers<void> | undefined;

  published(subscribers: number): void {
    this.expected += subscribers;
    this.#busy += 1;
  }

  deliveredAfter(latencyMs: number): void {
    this.delivered += 1;
    if (this.measuring) this.latencies.push(latencyMs);
  }

  completed(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#quiet?.resolve();
  }

  /** Resolves when all updates are complete; nothing may be publishing. */
  quiet(): Promise<void> {
    this.#quiet = Promise.withResolvers();
    if (this.#busy === 0) this.#quiet.resolve();
    return this.#quiet.promise;
  }
}

/** The value below which the given part of them lies; 0 when there are none. */
export function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
