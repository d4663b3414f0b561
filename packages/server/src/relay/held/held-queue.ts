import { ReplyError } from '@apex/beep';
import { encodeDataMessage, parseDataMessage } from '@apex/protocol';
import type { DataPassage } from '../passage.ts';

/** What the queues use of their relay. */
export interface HeldOutlet {
  /** Asks for core:data; undefined when it is allowed. */
  check(recipient: string, originator: string, decided: (refusal: ReplyError | undefined) => void): void;
  /** The session that is attached as the recipient now. */
  session(recipient: string): object | undefined;
  /** Sends to the present attachment; `settled` gets undefined once the recipient answered `ok`. */
  transmit(recipient: string, encode: () => Uint8Array, settled: (failure: Error | undefined) => void): void;
}

/** Data that waits, or is on its way and not acknowledged yet. */
export interface HeldEntry {
  readonly id: number;
  readonly passage: DataPassage;
  readonly octets: number;
  /** Absent while it is in the store only. */
  payload: Uint8Array | undefined;
  /** On which session it was sent, when it waits for its acknowledgement. */
  sentBy: object | undefined;
}

/**
 * What is held for one recipient (RFC 3342 §3), in the order of its arrival. While the recipient is
 * attached, the oldest entries are on their way, a bounded number at a time; what is not acknowledged
 * when a session ends, or loses its place, is sent again to the next one.
 */
export class HeldQueue {
  readonly recipient: string;
  readonly #outlet: HeldOutlet;
  readonly #load: (recipient: string) => Promise<ReadonlyMap<number, Uint8Array>>;
  readonly #retry: (callback: () => void) => void;
  /** By id, in the order of arrival. */
  readonly #entries = new Map<number, HeldEntry>();
  /** Those that wait for their acknowledgement. */
  readonly #sent = new Set<HeldEntry>();
  /** The session that lost what it was sent; it gets nothing more until it attaches anew. */
  #lost: object | undefined;
  #isLoading = false;
  #isPaused = false;

  constructor(options: {
    readonly recipient: string;
    readonly outlet: HeldOutlet;
    /** Payloads by id. */
    readonly load: (recipient: string) => Promise<ReadonlyMap<number, Uint8Array>>;
    /** Calls back after a moment. */
    readonly retry: (callback: () => void) => void;
  }) {
    this.recipient = options.recipient;
    this.#outlet = options.outlet;
    this.#load = options.load;
    this.#retry = options.retry;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get entries(): readonly HeldEntry[] {
    return [...this.#entries.values()];
  }

  add(entry: HeldEntry): void {
    this.#entries.set(entry.id, entry);
    this.send();
  }

  remove(entry: HeldEntry): void {
    this.#entries.delete(entry.id);
    this.#sent.delete(entry);
    this.send();
  }

  /** The recipient has attached. */
  attached(): void {
    this.#lost = undefined;
    this.send();
  }

  /** Sends what may be sent now; called whenever that may have changed. */
  send(): void {
    const session = this.#outlet.session(this.recipient);
    if (session === undefined) return this.#forgetPayloads();
    if (this.#isPaused || this.#isLoading || session === this.#lost) return;
    // C13: who has taken the place of another does not wait for what that one still owes an answer for.
    for (const entry of this.#sent) {
      if (entry.sentBy === session) continue;
      entry.sentBy = undefined;
      this.#sent.delete(entry);
    }
    for (const entry of this.#entries.values()) {
      if (this.#sent.size >= WINDOW) return;
      if (this.#sent.has(entry)) continue;
      if (entry.payload === undefined) return this.#read();
      entry.sentBy = session;
      this.#sent.add(entry);
      this.#deliver(entry, entry.payload);
    }
  }

  #deliver(entry: HeldEntry, payload: Uint8Array): void {
    const { passage, sentBy } = entry;
    // C14: access is checked on arrival and on delivery
    this.#outlet.check(this.recipient, passage.originator, (refusal) => {
      if (passage.isSettled || entry.sentBy !== sentBy) return;
      if (refusal !== undefined) return this.#failed(entry, refusal);
      if (this.#outlet.session(this.recipient) !== sentBy) return this.#failed(entry, undefined);
      let current: Uint8Array;
      try {
        current = rewritten(passage, payload);
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error;
        return this.#failed(entry, error);
      }
      this.#outlet.transmit(
        this.recipient,
        () => current,
        (failure) => {
          if (passage.isSettled) return;
          if (failure === undefined) passage.settle(undefined);
          else if (entry.sentBy === sentBy) this.#failed(entry, failure);
        },
      );
    });
  }

  /** What the recipient refuses for good is dropped; else the data waits on. */
  #failed(entry: HeldEntry, failure: Error | undefined): void {
    if (failure instanceof ReplyError && !isTransient(failure)) return entry.passage.settle(failure);
    if (failure !== undefined && !(failure instanceof ReplyError)) this.#lost = entry.sentBy;
    entry.sentBy = undefined;
    this.#sent.delete(entry);
    if (!(failure instanceof ReplyError)) return this.send();
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#retry(() => {
      this.#isPaused = false;
      this.send();
    });
  }

  #read(): void {
    this.#isLoading = true;
    this.#load(this.recipient).then(
      (payloads) => {
        this.#isLoading = false;
        for (const entry of this.#entries.values()) entry.payload ??= payloads.get(entry.id);
        this.send();
      },
      // The store is in trouble: it is asked again.
      () =>
        this.#retry(() => {
          this.#isLoading = false;
          this.send();
        }),
    );
  }

  #forgetPayloads(): void {
    for (const entry of this.#entries.values()) if (!this.#sent.has(entry)) entry.payload = undefined;
  }
}

/** Entries on their way to one recipient. */
const WINDOW = 32;

/** 3340 §10: any other code of an error will be the same the next time. */
function isTransient({ replyCode }: ReplyError): boolean {
  return replyCode >= 400 && replyCode < 500;
}

/** 3342 §3: the times in its options are what is left of them. */
function rewritten(passage: DataPassage, payload: Uint8Array): Uint8Array {
  const message = parseDataMessage(payload);
  const [recipient] = message.data.recipients;
  if (recipient === undefined) return payload;
  return encodeDataMessage(passage.goesOn(message, recipient));
}
