import { identityOf } from '@apex/protocol';
import type { ApexClient } from '../client.ts';
import type { ApexError } from '../errors.ts';
import type { LiveOperation } from '../presence/live-operation.ts';
import type { DurationOptions } from '../presence/presence.ts';
import { mayPass } from '../reconnection.ts';
import type { LiveState } from './live-state.ts';

/**
 * One subscription, or one watch, for all components that ask for the same publisher: a client can have one only. It
 * begins with the first component and is terminated after the last one. Whether one was the last is looked at when the
 * running code is over, since React leaves and comes back within it: in StrictMode, and when a page replaces
 * another that shows the same publisher.
 */

/** How one kind of operation begins, and what a component sees of it. */
export interface Source<Held extends object, Value> {
  begin(client: ApexClient, publisher: string, options: DurationOptions): Promise<Begun<Held, Value>>;
  /** What it holds after `value`; the same object when nothing changes. */
  next(held: Held, value: Value): Held;
}

export interface Begun<Held, Value> {
  readonly operation: LiveOperation<Value>;
  readonly held: Held;
}

/** How long one may outlive a page that is gone; it is renewed for as long as it is shown. */
const DURATION_SECONDS = 3600;
/** Before anybody has asked. */
export const LOADING = { kind: 'loading' } as const;

interface Shared<Held extends object> {
  state: LiveState<Held>;
  stop: AbortController;
  /** Settles when nothing of it goes on any more. */
  over: Promise<void>;
  readonly listeners: Set<() => void>;
  readonly stopListening: () => void;
}

export class SharedOperations<Held extends object, Value> {
  readonly #client: ApexClient;
  readonly #source: Source<Held, Value>;
  readonly #shared = new Map<string, Shared<Held>>();
  /** Of publishers that were left just now: a client has done with one operation before it takes the next. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(client: ApexClient, source: Source<Held, Value>) {
    this.#client = client;
    this.#source = source;
  }

  state(publisher: string): LiveState<Held> {
    return this.#shared.get(keyOf(publisher))?.state ?? LOADING;
  }

  /** Tells of each change of state until the returned function is called, once. */
  subscribe(publisher: string, changed: () => void): () => void {
    const key = keyOf(publisher);
    const shared = this.#shared.get(key) ?? this.#open(key);
    // The same function may be here twice.
    const listener = (): void => changed();
    shared.listeners.add(listener);
    return () => {
      shared.listeners.delete(listener);
      queueMicrotask(() => this.#release(key, shared));
    };
  }

  #open(key: string): Shared<Held> {
    const shared: Shared<Held> = {
      state: LOADING,
      stop: new AbortController(),
      over: Promise.resolve(),
      listeners: new Set(),
      stopListening: this.#client.listen(({ kind }) => {
        const { state } = shared;
        if (kind === 'resumed' && state.kind === 'refused' && mayPassLater(state.error)) state.retry();
      }),
    };
    this.#shared.set(key, shared);
    this.#start(key, shared);
    return shared;
  }

  #release(key: string, shared: Shared<Held>): void {
    if (shared.listeners.size > 0 || this.#shared.get(key) !== shared) return;
    this.#shared.delete(key);
    shared.stopListening();
    shared.stop.abort();
    const { over } = shared;
    this.#leaving.set(key, over);
    void over.finally(() => {
      if (this.#leaving.get(key) === over) this.#leaving.delete(key);
    });
  }

  #start(key: string, shared: Shared<Held>): void {
    const stop = new AbortController();
    const tell = (state: LiveState<Held>): void => {
      if (stop.signal.aborted) return;
      shared.state = state;
      for (const listener of [...shared.listeners]) listener();
    };
    const retry = (): void => {
      if (shared.stop === stop && !stop.signal.aborted) this.#start(key, shared);
    };
    shared.stop = stop;
    tell(LOADING);
    shared.over = this.#follow(key, tell, retry, stop.signal);
  }

  /** From the request to the end. */
  async #follow(
    publisher: string,
    tell: (state: LiveState<Held>) => void,
    retry: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#leaving.get(publisher);
    let begun: Begun<Held, Value>;
    try {
      const options = { keep: true, durationSeconds: DURATION_SECONDS, signal };
      begun = await this.#source.begin(this.#client, publisher, options);
    } catch (error) {
      return tell({ kind: 'refused', error: error as ApexError, retry });
    }
    const { operation } = begun;
    let { held } = begun;
    tell({ kind: 'present', ...held });
    try {
      for await (const value of operation) {
        const next = this.#source.next(held, value);
        if (next === held) continue;
        held = next;
        tell({ kind: 'present', ...held });
      }
    } catch (error) {
      // How it ended is told in either case.
      if (!operation.isOver) throw error;
    }
    tell({ kind: 'ended', end: await operation.ended, retry, ...held });
  }
}

/** The shared operations of one kind: one set of them for each client. */
export function sharedByClient<Held extends object, Value>(
  source: Source<Held, Value>,
): (client: ApexClient) => SharedOperations<Held, Value> {
  const clients = new WeakMap<ApexClient, SharedOperations<Held, Value>>();
  return (client) => {
    const operations = clients.get(client) ?? new SharedOperations(client, source);
    clients.set(client, operations);
    return operations;
  };
}

/** One spelling of each publisher; what is no endpoint is refused by the client. */
function keyOf(publisher: string): string {
  return identityOf(publisher) ?? publisher;
}

function mayPassLater(error: ApexError): boolean {
  return error.code === 'client.disconnected' || mayPass(error);
}
