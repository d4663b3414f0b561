/** The way between an owner and one edge, as the processes on its ends have it. */
export interface Pipe<In, Out> {
  /** Sends messages together; never throws, also when the other end is gone. */
  send(batch: readonly Out[]): void;
  /** Set once, before anything arrives. */
  open(handlers: PipeHandlers<In>): void;
  /** Ends the other end at once, if it can be: it is stuck. `closed` follows. */
  end?(): void;
}

/** Those who are told what comes through a pipe. */
export interface PipeHandlers<In> {
  received(batch: readonly In[]): void;
  /** The other end is gone; called once. */
  closed(): void;
}

/** What is said in one turn of the event loop leaves together. */
export class Outbound<Out> {
  readonly #send: (batch: readonly Out[]) => void;
  #batch: Out[] = [];

  constructor(send: (batch: readonly Out[]) => void) {
    this.#send = send;
  }

  /** The message that was said last and has not left: more of its kind may be put into it. */
  get last(): Out | undefined {
    return this.#batch.at(-1);
  }

  say(message: Out): void {
    if (this.#batch.length === 0) setImmediate(() => this.flush());
    this.#batch.push(message);
  }

  flush(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#send(batch);
  }
}
