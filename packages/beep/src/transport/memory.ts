import type { Transport, TransportHandler } from './transport.ts';

/**
 * Two transports joined in memory, for use inside one process and for tests. Octets arrive in a later
 * microtask, never inside `write`; `write` returns false while `highWaterOctets` or more are on their
 * way.
 */
export function memoryPair(highWaterOctets = 65_536): [MemoryTransport, MemoryTransport] {
  const first = new MemoryTransport(highWaterOctets);
  const second = new MemoryTransport(highWaterOctets);
  first.join(second);
  second.join(first);
  return [first, second];
}

export class MemoryTransport implements Transport {
  readonly remoteAddress = 'memory:0';
  readonly secured = true;
  readonly #highWaterOctets: number;
  #peer: MemoryTransport | undefined;
  #handler: TransportHandler | undefined;
  /** Octets for our handler, and behind them the end of the stream. */
  #arriving: Uint8Array[] = [];
  #arrivingOctets = 0;
  #end: { error: Error | undefined } | undefined;
  #isPaused = false;
  #isScheduled = false;
  #isClosed = false;
  #mustDrain = false;

  constructor(highWaterOctets: number) {
    this.#highWaterOctets = highWaterOctets;
  }

  /** @internal */
  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  open(handler: TransportHandler): void {
    this.#handler = handler;
    this.#schedule();
  }

  write(octets: Uint8Array): boolean {
    if (this.#isClosed) return false;
    this.#mustDrain = this.#peer?.take(octets) === false;
    return !this.#mustDrain;
  }

  close(): void {
    this.#finish(undefined);
  }

  abort(): void {
    this.#peer?.drop();
    this.#finish(new Error('the connection was aborted'));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  /** @internal Octets from the other side; false when it should wait. */
  take(octets: Uint8Array): boolean {
    if (octets.length > 0) this.#arriving.push(octets);
    this.#arrivingOctets += octets.length;
    this.#schedule();
    return this.#arrivingOctets < this.#highWaterOctets;
  }

  /** @internal */
  drop(): void {
    this.#arriving = [];
    this.#arrivingOctets = 0;
  }

  /** @internal The other side has closed or aborted. */
  ended(error: Error | undefined): void {
    this.#end ??= { error };
    this.#schedule();
  }

  #finish(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.drop();
    this.#peer?.ended(error);
    this.ended(undefined);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#handler === undefined) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const handler = this.#handler;
    while (handler !== undefined && !this.#isPaused && !this.#isClosed) {
      const octets = this.#arriving.shift();
      if (octets === undefined) break;
      this.#arrivingOctets -= octets.length;
      handler.received(octets);
    }
    if (this.#arrivingOctets < this.#highWaterOctets) this.#peer?.drain();
    if (this.#end === undefined || (this.#arriving.length > 0 && !this.#isClosed)) return;
    this.#isClosed = true;
    this.#handler = undefined;
    handler?.closed(this.#end.error);
  }

  /** @internal */
  drain(): void {
    if (!this.#mustDrain) return;
    this.#mustDrain = false;
    if (!this.#isClosed) this.#handler?.drained();
  }
}
