import { ReplyError } from '@apex/beep';
import { type DataMessage, encodeDataMessage, type Party, parent, parseDataMessage } from '@apex/protocol';
import type { Clock } from '../../clock.ts';
import type { RelayLimitName } from '../../figures/limit-name.ts';
import type { Tally } from '../../figures/tally.ts';
import { StoreError } from '../../store/errors.ts';
import type { HeldRecord, Store } from '../../store/ports.ts';
import type { DataPassage } from '../passage.ts';
import type { Passages } from '../passages.ts';
import { type HeldOutlet, HeldQueue } from './held-queue.ts';

/** Limits of what is held (C14, 3342 §7 rule 2), each with its unit. */
export interface HeldLimits {
  /** Messages held for one endpoint, its subaddresses included. */
  readonly heldMessagesPerEndpoint: number;
  /** Octets held for one endpoint, its subaddresses included. */
  readonly heldOctetsPerEndpoint: number;
  /** How long data is held that names no time itself, in seconds. */
  readonly heldSeconds: number;
}

export const defaultHeldLimits: HeldLimits = {
  heldMessagesPerEndpoint: 100,
  heldOctetsPerEndpoint: 1024 * 1024,
  heldSeconds: 7 * 24 * 3600,
};

export type HeldStore = Pick<Store, 'commit' | 'listHeld' | 'findHeld'>;

/** Data for one recipient that asks to be held. */
export interface Holding {
  readonly passage: DataPassage;
  readonly message: DataMessage;
  readonly recipient: Party;
}

interface Use {
  messages: number;
  octets: number;
}

/**
 * All data that is held (RFC 3342 §3, C14). Data that asks for it is written before its sender gets
 * `ok`, whether the recipient is attached or not, and removed after the recipient's `ok`: a crash may
 * deliver twice, and never loses.
 */
export class HeldData {
  readonly #store: HeldStore;
  readonly #outlet: HeldOutlet;
  readonly #passages: Passages;
  readonly #clock: Clock;
  readonly #limits: HeldLimits;
  readonly #tally: Tally<RelayLimitName> | undefined;
  /** By recipient. */
  readonly #queues = new Map<string, HeldQueue>();
  /** What is held or about to be, by endpoint. */
  readonly #used = new Map<string, Use>();
  #lastId = 0;
  /** Ids that are to be removed from the store. */
  #removals: number[] = [];
  #removing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: {
    readonly store: HeldStore;
    readonly outlet: HeldOutlet;
    readonly passages: Passages;
    readonly clock: Clock;
    readonly limits?: Partial<HeldLimits> | undefined;
    /** Of limits that are met. */
    readonly tally?: Tally<RelayLimitName> | undefined;
  }) {
    this.#store = options.store;
    this.#outlet = options.outlet;
    this.#passages = options.passages;
    this.#clock = options.clock;
    this.#limits = { ...defaultHeldLimits, ...options.limits };
    this.#tally = options.tally;
  }

  /** Messages that are held. */
  get size(): number {
    let size = 0;
    for (const { messages } of this.#used.values()) size += messages;
    return size;
  }

  /** Their octets. */
  get octets(): number {
    let sum = 0;
    for (const { octets } of this.#used.values()) sum += octets;
    return sum;
  }

  /** Takes up what is in the store; called once, before anything else. Rejects with StoreError. */
  async start(): Promise<void> {
    for (;;) {
      const page = await this.#store.listHeld(this.#lastId, PAGE);
      for (const record of page) this.#restore(record);
      const last = page.at(-1);
      if (last === undefined) return;
      this.#lastId = last.id;
    }
  }

  /**
   * Holds data for recipients of this domain. `accepted` is called once, with undefined when all that
   * is to be held is durable; else nothing is held, and the passages are over.
   */
  hold(holdings: readonly Holding[], accepted: (failure: ReplyError | undefined) => void): void {
    const refusals = new Map<Holding, ReplyError | undefined>();
    for (const holding of holdings) {
      const { recipient, originator } = holding.passage;
      // C14: access is checked on arrival and on delivery
      this.#outlet.check(recipient, originator, (refusal) => {
        refusals.set(holding, refusal);
        if (refusals.size === holdings.length) this.#write(refusals, accepted);
      });
    }
  }

  /** Sends what waits for an endpoint that is attached now. */
  attached(endpoint: string): void {
    this.#queues.get(endpoint)?.attached();
  }

  /** A8: an endpoint was removed, and what the store held for it too. */
  removed(endpoint: string): void {
    for (const queue of [...this.#queues.values()]) {
      if (parent(queue.recipient) !== endpoint) continue;
      for (const { passage } of queue.entries)
        passage.settle(new ReplyError(550, 'the endpoint was removed'));
    }
  }

  /** Resolves when what was acknowledged is out of the store, or was tried to be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#removing;
  }

  #write(
    refusals: ReadonlyMap<Holding, ReplyError | undefined>,
    accepted: (failure: ReplyError | undefined) => void,
  ): void {
    const failed: { readonly passage: DataPassage; readonly refusal: ReplyError }[] = [];
    const held: { readonly passage: DataPassage; readonly record: HeldRecord }[] = [];
    for (const [{ passage, message, recipient }, denied] of refusals) {
      const payload = encodeDataMessage({ ...message, data: { ...message.data, recipients: [recipient] } });
      const refusal = denied ?? this.#reserve(passage.recipient, payload.length);
      if (refusal !== undefined) failed.push({ passage, refusal });
      else held.push({ passage, record: this.#record(passage, payload) });
    }
    const succeed = (): void => {
      accepted(undefined);
      for (const { passage, refusal } of failed) passage.settle(refusal);
      for (const { passage, record } of held) this.#enqueue(passage, record, record.payload);
    };
    if (held.length === 0) return succeed();
    const writes = held.map(({ record }) => ({ kind: 'put-held', held: record }) as const);
    this.#store.commit(writes).then(succeed, () => {
      for (const { record } of held) this.#release(record.recipient, record.payload.length);
      for (const { passage } of refusals.keys()) passage.abandon();
      accepted(new ReplyError(451, 'the data could not be stored; try again'));
    });
  }

  #record(passage: DataPassage, payload: Uint8Array): HeldRecord {
    // C14: when no dataTiming limits it
    if (passage.expiresAfterMs === Number.POSITIVE_INFINITY) {
      passage.expireAfter(Math.ceil(this.#limits.heldSeconds * 1000));
    }
    this.#lastId += 1;
    const arrivedAt = Math.floor(this.#clock.wall() - passage.elapsedMs);
    const deadline = arrivedAt + passage.expiresAfterMs;
    const { recipient } = passage;
    // Kept for long, and sent to another thread: in memory of its own.
    return { id: this.#lastId, recipient, arrivedAt, deadline, payload: new Uint8Array(payload) };
  }

  #restore(record: HeldRecord): void {
    const { id, recipient, arrivedAt, deadline, payload } = record;
    const wall = this.#clock.wall();
    // Dropped at its deadline, even if the server was down then.
    if (deadline <= wall) return this.#remove(id);
    const arrived = this.#clock.monotonic() - Math.max(0, wall - arrivedAt);
    const [passage] = this.#passages.begin(readable(record), arrived);
    if (passage === undefined) return;
    passage.expireAfter(deadline - arrivedAt);
    const use = this.#useOf(recipient);
    use.messages += 1;
    use.octets += payload.length;
    this.#enqueue(passage, record, undefined);
    if (passage.refusal !== undefined) passage.settle(passage.refusal);
  }

  #enqueue(passage: DataPassage, record: HeldRecord, payload: Uint8Array | undefined): void {
    const { id, recipient } = record;
    const octets = record.payload.length;
    const entry = { id, passage, octets, payload, sentBy: undefined };
    const queue = this.#queueOf(recipient);
    passage.onSettled = () => {
      this.#release(recipient, octets);
      this.#remove(id);
      queue.remove(entry);
      if (queue.isEmpty) this.#queues.delete(recipient);
    };
    // It may have expired while it was written.
    if (passage.isSettled) passage.onSettled(undefined);
    else queue.add(entry);
  }

  #queueOf(recipient: string): HeldQueue {
    const known = this.#queues.get(recipient);
    if (known !== undefined) return known;
    const queue = new HeldQueue({
      recipient,
      outlet: this.#outlet,
      load: async () => {
        const records = await this.#store.findHeld(recipient);
        return new Map(records.map(({ id, payload }) => [id, payload]));
      },
      retry: (callback) => void this.#clock.after(RETRY_MS, callback),
    });
    this.#queues.set(recipient, queue);
    return queue;
  }

  /** C14: takes the room that data needs; the refusal when there is none. */
  #reserve(recipient: string, octets: number): ReplyError | undefined {
    const use = this.#useOf(recipient);
    const { heldMessagesPerEndpoint, heldOctetsPerEndpoint } = this.#limits;
    const isFull = use.messages + 1 > heldMessagesPerEndpoint;
    if (isFull || use.octets + octets > heldOctetsPerEndpoint) {
      this.#tally?.add(isFull ? 'heldMessagesPerEndpoint' : 'heldOctetsPerEndpoint');
      if (use.messages === 0) this.#used.delete(parent(recipient));
      return new ReplyError(550, `too much is held for ${recipient}`);
    }
    use.messages += 1;
    use.octets += octets;
    return undefined;
  }

  #release(recipient: string, octets: number): void {
    const use = this.#useOf(recipient);
    use.messages -= 1;
    use.octets -= octets;
    if (use.messages === 0) this.#used.delete(parent(recipient));
  }

  /** Subaddresses count with their endpoint: anybody can make up more of them. */
  #useOf(recipient: string): Use {
    const endpoint = parent(recipient);
    const known = this.#used.get(endpoint);
    if (known !== undefined) return known;
    const use = { messages: 0, octets: 0 };
    this.#used.set(endpoint, use);
    return use;
  }

  #remove(id: number): void {
    this.#removals.push(id);
    this.#removing ??= Promise.resolve().then(() => this.#commitRemovals());
  }

  async #commitRemovals(): Promise<void> {
    while (this.#removals.length > 0) {
      const ids = this.#removals;
      this.#removals = [];
      try {
        await this.#store.commit(ids.map((id) => ({ kind: 'remove-held', id }) as const));
      } catch {
        // They stay in the store for now; after a crash they are delivered twice (C14).
        this.#removals = [...ids, ...this.#removals];
        this.#clock.after(RETRY_MS, () => {
          if (!this.#isClosed) this.#removing ??= this.#commitRemovals();
        });
        break;
      }
    }
    this.#removing = undefined;
  }
}

/** Records that are read at once at the start. */
const PAGE = 64;
/** When the store, or a recipient, is asked again that could not do what it was asked for, in milliseconds. */
const RETRY_MS = 1000;

/** @throws StoreError `store.corrupt` */
function readable({ id, payload }: HeldRecord): DataMessage {
  try {
    return parseDataMessage(payload);
  } catch (cause) {
    throw new StoreError('store.corrupt', `held data ${id} cannot be read: restore a backup`, { cause });
  }
}
