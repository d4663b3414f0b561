import type { FromEdge, ToEdge } from '../../src/edge/messages.ts';
import type { Pipe, PipeHandlers } from '../../src/edge/pipe.ts';

/** One direction: batches are cloned as between processes, and arrive in a later turn of the event loop. */
class Direction<Message> {
  /** All batches that arrived. */
  readonly batches: (readonly Message[])[] = [];
  /** While it is set, what is sent waits in it. */
  #held: (readonly Message[])[] | undefined;
  #receiver: PipeHandlers<Message> | undefined;
  #isCut = false;
  readonly #watchers = new Set<() => void>();

  open(receiver: PipeHandlers<Message>): void {
    this.#receiver = receiver;
  }

  send(batch: readonly Message[]): void {
    const clone = structuredClone(batch);
    if (this.#held !== undefined) this.#held.push(clone);
    else setImmediate(() => this.#arrive(clone));
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const batch of held) setImmediate(() => this.#arrive(batch));
  }

  cut(): void {
    this.#isCut = true;
    this.#receiver?.closed();
  }

  /** As a message of a process that is gone. */
  late(batch: readonly Message[]): void {
    this.#receiver?.received(batch);
  }

  /** All messages of a kind that have arrived. */
  of<Kind extends (Message & { kind: string })['kind']>(kind: Kind): Extract<Message, { kind: Kind }>[] {
    return this.batches
      .flat()
      .filter(
        (message): message is Extract<Message, { kind: Kind }> => (message as { kind: string }).kind === kind,
      );
  }

  /** Resolves once so many messages of a kind have arrived. */
  async have(count: number, kind: (Message & { kind: string })['kind']): Promise<void> {
    while (this.of(kind).length < count) {
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  #arrive(batch: readonly Message[]): void {
    if (this.#isCut) return;
    this.batches.push(batch);
    this.#receiver?.received(batch);
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

/** A pipe between an owner and an edge of the same process. */
export class MemoryPipe {
  readonly toEdge = new Direction<ToEdge>();
  readonly toOwner = new Direction<FromEdge>();
  /** How often the owner wanted the edge to be ended. */
  ended = 0;

  get ownersEnd(): Pipe<FromEdge, ToEdge> {
    return {
      send: (batch) => this.toEdge.send(batch),
      open: (handlers) => this.toOwner.open(handlers),
      end: () => {
        this.ended += 1;
        this.cut();
      },
    };
  }

  get edgesEnd(): Pipe<ToEdge, FromEdge> {
    return {
      send: (batch) => this.toOwner.send(batch),
      open: (handlers) => this.toEdge.open(handlers),
    };
  }

  /** Both ends learn that the other one is gone. */
  cut(): void {
    this.toOwner.cut();
    this.toEdge.cut();
  }
}
