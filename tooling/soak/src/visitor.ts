import { type Transport, tapped } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { type ApexClient, ApexError, connectWith } from '@apex/client';
import type { Model } from './model.ts';
import type { Outcome } from './timeline.ts';
import { entryIn, FrameReader } from './wire.ts';

/** Where the server of this life listens; undefined while it does not. */
export interface Place {
  readonly port: number | undefined;
}

export const PASSWORD = 'pw';
/** Beyond it a server that is there hangs. */
export const REPLY_MS = 120_000;

/** An application of an endpoint, whose model sees all entries that come for it, beside the client. */
export class Visitor {
  readonly endpoint: string;
  readonly client: ApexClient;
  readonly #session: Session;

  private constructor(endpoint: string, client: ApexClient, session: Session) {
    this.endpoint = endpoint;
    this.client = client;
    this.#session = session;
  }

  /** Attaches, as soon as there is a server. */
  static async attach(place: Place, model: Model, endpoint: string): Promise<Visitor> {
    const session = new Session(model, endpoint);
    const client = await connectWith((stop) => dial(place, stop), {
      endpoint,
      credentials: { password: PASSWORD },
      requireTls: false,
      attachOverride: true,
      replyMs: REPLY_MS,
      attachMs: REPLY_MS,
      reconnect: { fromStart: true, baseMs: 50, capMs: 400, probeMs: 0 },
      through: (transport) => session.begin(transport),
    });
    void client.ended.then((end) => {
      if (end.kind === 'closed') return;
      const why = 'error' in end ? end.error.message : 'text' in end ? `${end.replyCode} ${end.text}` : '';
      model.violation(`${endpoint}: its client is over: ${end.kind} ${why}`);
    });
    return new Visitor(endpoint, client, session);
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.#session.transport?.abort();
  }

  /** Reads nothing any more, until the connection is dropped. */
  stopReading(): void {
    this.#session.transport?.pause();
  }
}

/** The sessions of a client, one after the other: what a former one has brought late counts no more. */
class Session {
  transport: Transport | undefined;
  readonly #model: Model;
  readonly #endpoint: string;
  #reader: FrameReader | undefined;

  constructor(model: Model, endpoint: string) {
    this.#model = model;
    this.#endpoint = endpoint;
  }

  begin(transport: Transport): Transport {
    this.#reader?.cut();
    this.transport = transport;
    const reader = new FrameReader((payload) => {
      const entry = entryIn(payload);
      if (entry !== undefined) this.#model.seen(this.#endpoint, entry);
    });
    this.#reader = reader;
    return tapped(transport, (direction, octets) => {
      if (direction === 'sent') return;
      try {
        reader.receive(octets);
      } catch (error) {
        reader.cut();
        this.#model.violation(`${this.#endpoint}: ${(error as Error).message}`);
      }
    });
  }
}

async function dial(place: Place, signal: AbortSignal): Promise<Transport> {
  const { port } = place;
  if (port === undefined) throw new ApexError('client.lost', 'there is no server');
  return connectTcp({ host: '127.0.0.1', port, signal }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw new ApexError('client.lost', (cause as Error).message, { cause });
  });
}

/** What an error says about what was asked for. Throws it when it is none that a drop or a kill explains. */
export function outcomeOf(error: unknown): Exclude<Outcome, 'done'> {
  if (error instanceof ApexError) {
    if (error.code === 'client.refused' || error.code === 'client.disconnected') return 'refused';
    if (error.code === 'client.lost' || error.code === 'client.closed') return 'unknown';
  }
  throw error;
}

export function replyCodeOf(error: unknown): number | undefined {
  return error instanceof ApexError ? error.replyCode : undefined;
}
