import type { FromEdge, ToEdge } from '../../src/edge/messages.ts';
import type { Pipe, PipeHandlers } from '../../src/edge/pipe.ts';

/** Both ends of a pipe in one process: what crosses it is cloned, as between processes. */
export class PipePair {
  readonly toEdge: (readonly ToEdge[])[] = [];
  readonly #owner = new End<FromEdge>();
  readonly #edge = new End<ToEdge>();
  #isCut = false;

  /** The owner's end. */
  readonly owner: Pipe<FromEdge, ToEdge> = {
    send: (batch) => {
      this.toEdge.push(batch);
      if (!this.#isCut) this.#edge.arrive(structuredClone(batch));
    },
    open: (handlers) => this.#owner.open(handlers),
  };

  /** The edge's end. */
  readonly edge: Pipe<ToEdge, FromEdge> = {
    send: (batch) => {
      if (!this.#isCut) this.#owner.arrive(structuredClone(batch));
    },
    open: (handlers) => this.#edge.open(handlers),
  };

  /** As when the process of the edge ends. */
  cut(): void {
    this.#isCut = true;
    this.#owner.close();
    this.#edge.close();
  }
}

class End<In> {
  #handlers: PipeHandlers<In> | undefined;
  #early: (readonly In[])[] = [];

  open(handlers: PipeHandlers<In>): void {
    this.#handlers = handlers;
    for (const batch of this.#early.splice(0)) this.#deliver(batch);
  }

  arrive(batch: readonly In[]): void {
    if (this.#handlers === undefined) this.#early.push(batch);
    else this.#deliver(batch);
  }

  close(): void {
    setImmediate(() => this.#handlers?.closed());
  }

  #deliver(batch: readonly In[]): void {
    setImmediate(() => this.#handlers?.received(batch));
  }
}
