import { type ApexClient, ApexError, type Received, type StatusReport, textOf } from '@apex/client';
import { Value } from '../external.ts';

export type Message = ReceivedMessage | SentMessage;

interface ReceivedMessage {
  readonly kind: 'received';
  readonly id: number;
  readonly atMs: number;
  readonly from: string;
  /** Undefined for what is no text. */
  readonly text: string | undefined;
  /** The type of its content, when that is no plain text. */
  readonly contentType: string | undefined;
}

interface SentMessage {
  readonly kind: 'sent';
  readonly id: number;
  readonly atMs: number;
  readonly to: string;
  readonly text: string;
  readonly delivery: Delivery;
  /** What each relay on its way has told, if they were asked to (RFC 3340 §5.1). */
  readonly hops: readonly StatusReport[];
}

/** What became of a message that was sent. */
export type Delivery =
  | { readonly kind: 'sending' }
  /** The relay has it, which says nothing about its delivery; `isHeld` when it waits for its recipient. */
  | { readonly kind: 'accepted'; readonly isHeld: boolean }
  | { readonly kind: 'reported'; readonly report: StatusReport }
  | { readonly kind: 'refused'; readonly error: unknown };

export interface SendChoice {
  /** Waits for a recipient that is not there. */
  readonly isHeld: boolean;
  /** Asks every relay on the way to tell that it has passed there. */
  readonly isTraced: boolean;
}

/** Messages that are kept, of both directions together. */
const MOST_MESSAGES = 500;

/** What this window has received and sent since it signed in; it is forgotten with it. */
export class Messages {
  readonly all = new Value<readonly Message[]>([]);
  /** Received and not looked at yet. */
  readonly unread = new Value(0);
  readonly #client: ApexClient;
  #id = 0;

  constructor(client: ApexClient) {
    this.#client = client;
  }

  /** Takes what comes, until the signal is aborted or the client is over. `told` is called for each message. */
  async receive(told: (from: string) => void, signal: AbortSignal): Promise<void> {
    try {
      for await (const received of this.#client.incoming.read({ signal })) {
        this.#add({ kind: 'received', from: received.originator, ...contentOf(received) });
        this.unread.set(this.unread.get() + 1);
        told(received.originator);
      }
    } catch (error) {
      // That the client is over is told elsewhere.
      if (!(error instanceof ApexError)) throw error;
    }
  }

  /** Never rejects: what became of it stands beside the message. */
  async send(to: string, text: string, { isHeld, isTraced }: SendChoice): Promise<void> {
    const id = this.#add({ kind: 'sent', to, text, delivery: { kind: 'sending' }, hops: [] });
    try {
      const sent = await this.#client.send(to, { text }, { status: isTraced ? 'trace' : true, hold: isHeld });
      this.#deliver(id, { kind: 'accepted', isHeld });
      for await (const report of sent) this.#deliver(id, { kind: 'reported', report }, isTraced);
    } catch (error) {
      if (!(error instanceof ApexError)) throw error;
      // What was accepted may have been delivered, whatever happened to the session since.
      const message = this.all.get().find((each) => each.id === id);
      if (message?.kind === 'sent' && message.delivery.kind !== 'sending') return;
      this.#deliver(id, { kind: 'refused', error });
    }
  }

  read(): void {
    this.unread.set(0);
  }

  #add(message: Omit<ReceivedMessage, 'id' | 'atMs'> | Omit<SentMessage, 'id' | 'atMs'>): number {
    this.#id += 1;
    const added: Message = { ...message, id: this.#id, atMs: Date.now() };
    this.all.set([...this.all.get(), added].slice(-MOST_MESSAGES));
    return added.id;
  }

  #deliver(id: number, delivery: Delivery, isHop = false): void {
    const told = (message: SentMessage): SentMessage => ({
      ...message,
      delivery: lasting(message.delivery, delivery),
      hops: isHop && delivery.kind === 'reported' ? [...message.hops, delivery.report] : message.hops,
    });
    this.all.set(this.all.get().map((each) => (each.id === id && each.kind === 'sent' ? told(each) : each)));
  }
}

/** A relay in between may tell that it has passed something on after the last one told what became of it. */
function lasting(before: Delivery, now: Delivery): Delivery {
  const isOver = before.kind === 'reported' && ['delivered', 'failed'].includes(before.report.kind);
  return isOver && now.kind === 'reported' && now.report.kind === 'passed' ? before : now;
}

function contentOf(received: Received): Pick<ReceivedMessage, 'text' | 'contentType'> {
  const { content } = received;
  const text = textOf(received);
  if (content.kind === 'external') return { text: content.uri, contentType: 'a reference' };
  if (content.kind === 'xml') return { text, contentType: 'application/beep+xml' };
  return { text, contentType: content.contentType === 'text/plain' ? undefined : content.contentType };
}
