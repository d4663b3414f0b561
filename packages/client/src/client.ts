import { MessageError, ReplyError } from '@apex/beep';
import {
  type Answer,
  contentElement,
  type DataMessage,
  formatOperation,
  type Operation,
  parseOperation,
  serviceData,
} from '@apex/protocol';
import { Access, type AccessContext } from './access/access.ts';
import type { AttachmentOptions } from './attachment.ts';
import { Backoff, type Random } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Connecting, Connection, type ConnectionHandler } from './connection.ts';
import type { Content } from './data/content.ts';
import { Incoming, type IncomingLimits } from './data/incoming.ts';
import { isReportService, type SendOptions, send } from './data/sending.ts';
import type { Sent } from './data/sent.ts';
import { ApexError, applicationError, lost, refused } from './errors.ts';
import { type ClientEnd, type ClientListener, type ConnectionState, Listeners } from './events.ts';
import { Operations } from './operations.ts';
import { Presence, type PresenceContext } from './presence/presence.ts';

/** As what a client attaches, and how long it waits. */
export interface ClientOptions extends AttachmentOptions {
  /** What to attach as: `local@domain`, or a subaddress `local/name@domain`. */
  readonly endpoint: string;
  /**
   * Takes the endpoint over when another application is attached as it (RFC 3342 §1). A client that reconnects does so
   * in any case: what is attached is most often its own lost session.
   */
  readonly attachOverride?: boolean;
  /**
   * How long a service may take to answer, in milliseconds, and the relay to accept what `send` sends; default 30,000.
   * A call that is made while there is no session waits for one as long.
   */
  readonly replyMs?: number;
  /** How long `close` waits for the service and the relay, in milliseconds; default 5,000. */
  readonly closeMs?: number;
  /** How much data may wait for the reader of `incoming`. */
  readonly incoming?: IncomingLimits;
  /** As `listen`, from the first attempt on. */
  readonly onEvent?: ClientListener;
  /** Default: that of this process, or page. */
  readonly clock?: Clock;
  /** What spreads attempts and renewals over time; default `Math.random`. */
  readonly random?: Random;
}

const REPLY_MS = 30_000;
const CLOSE_MS = 5_000;
const ATTACHED: ConnectionState = { kind: 'attached' };

/**
 * An application attached to the relaying mesh as an endpoint (RFC 3340 §4.4.1). When its session ends and it
 * reconnects, subscriptions and watches are taken up again (P9), reading requests are asked again, what is made
 * meanwhile waits, and a publish, a set or data that was on its way fails with `client.lost`. When the client is over,
 * everything in progress ends with an ApexError, and `ended` tells why.
 */
export class ApexClient implements AsyncDisposable {
  readonly endpoint: string;
  readonly presence: Presence;
  readonly access: Access;
  /** Data that has come for this endpoint and is for no operation of this client. */
  readonly incoming: Incoming;
  /** Never rejects. */
  readonly ended: Promise<ClientEnd>;
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #operations = new Operations();
  readonly #listeners = new Listeners();
  readonly #end = Promise.withResolvers<ClientEnd>();
  #over: ApexError | undefined;
  /** As events told last; there may be a session again of which they have not told yet. */
  #told: ConnectionState = ATTACHED;
  #closing: Promise<void> | undefined;

  private constructor(endpoint: string, options: ClientOptions, connecting: Connecting) {
    const { clock = systemClock, random = Math.random } = options;
    const backoff = new Backoff(connecting.reconnect ?? {}, random);
    this.endpoint = endpoint;
    this.ended = this.#end.promise;
    this.#options = options;
    this.#clock = clock;
    if (options.onEvent !== undefined) this.listen(options.onEvent);
    const handler: ConnectionHandler = {
      data: (...message) => this.#data(...message),
      interrupted: (error) => this.#interrupted(error),
      retrying: (attempt, delayMs, error) => {
        this.#told = { kind: 'reconnecting', error, attempt, retryAtMs: clock.now() + delayMs };
        this.#listeners.tell({ kind: 'retrying', attempt, delayMs, error });
      },
      resumed: (attempts, awayMs) => void this.#resumed(attempts, awayMs),
      ended: (end) => this.#finish(end),
    };
    this.#connection = new Connection(connecting, handler, clock, backoff);
    const context: PresenceContext & AccessContext = {
      endpoint,
      operations: this.#operations,
      clock,
      random,
      backoff,
      replyMs: options.replyMs ?? REPLY_MS,
      send: (service, operation) => this.#send(service, operation),
    };
    this.presence = new Presence(context);
    this.access = new Access(context);
    this.incoming = new Incoming(options.incoming);
  }

  /** Use `connect`, `connectWith` or `attachOver`. */
  static async start(endpoint: string, options: ClientOptions, connecting: Connecting): Promise<ApexClient> {
    const client = new ApexClient(endpoint, options, connecting);
    await client.#connection.begin(options.attachOverride === true);
    const { signal } = connecting;
    const close = (): void => void client.close();
    signal?.addEventListener('abort', close);
    void client.ended.then(() => signal?.removeEventListener('abort', close));
    return client;
  }

  /** Whether there is a session, one is being tried for, or the client is over. */
  get state(): 'attached' | 'reconnecting' | 'over' {
    if (this.#over !== undefined) return 'over';
    return this.#connection.isAttached ? 'attached' : 'reconnecting';
  }

  /** As `state`, with the reason. The same object until it changes; listeners are told after that. */
  get connection(): ConnectionState {
    return this.#over === undefined && this.#connection.isAttached ? ATTACHED : this.#told;
  }

  /** Tells what happens to the session from now on. The returned function ends that, as the end of the client does. */
  listen(listener: ClientListener): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Sends data to one endpoint or several (RFC 3340 §4.4.4). Resolves when the relay has accepted it, which says
   * nothing about its delivery: `options.status` has that reported. Rejects with ApexError: `client.disconnected` when
   * there was no session to send it on, `client.lost` when the session ended before the relay had accepted it.
   */
  send(to: string | readonly string[], content: Content, options: SendOptions = {}): Promise<Sent> {
    const context = {
      endpoint: this.endpoint,
      operations: this.#operations,
      acceptMs: this.#options.replyMs ?? REPLY_MS,
      attached: (what: string, signal: AbortSignal | undefined) =>
        this.#connection.attached(what, this.#options.replyMs ?? REPLY_MS, signal),
      transmit: (payload: Uint8Array) => this.#transmit(payload, `send to ${[to].flat().join(', ')}`),
    };
    return send(context, to, content, options);
  }

  /**
   * Ends the operations in progress, detaches and releases the session. With `keepOperations` the
   * subscriptions and watches stay in progress at the service (they are durable, P8), and so they do when there is no
   * session to end them on. Never rejects; when the service or the relay does not answer within `closeMs`, the session
   * is ended without them.
   */
  close(options: { readonly keepOperations?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.keepOperations === true);
    return this.#closing;
  }

  async #close(keepOperations: boolean): Promise<void> {
    const end = { kind: 'closed' } as const;
    if (!this.#connection.isAttached) return this.#finish(end);
    const timer = setTimeout(() => {
      this.#finish(end);
      this.#connection.abort(new Error('the close was not answered in time'));
    }, this.#options.closeMs ?? CLOSE_MS);
    // Nothing begins any more, so that nothing is left behind.
    this.#operations.refuse(errorOf(end, this.endpoint));
    if (!keepOperations) await this.presence.terminateAll();
    this.#finish(end);
    await this.#connection.release();
    clearTimeout(timer);
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when the relay has accepted the data (C4: not when it is delivered). */
  #send(service: string, operation: Operation): Promise<void> {
    const payload = serviceData(this.endpoint, service, formatOperation(operation));
    return this.#transmit(payload, `data for ${service}`);
  }

  async #transmit(payload: Uint8Array, what: string): Promise<void> {
    try {
      await this.#connection.transmit(payload);
    } catch (error) {
      // That the client is over says more than that its session is.
      throw error instanceof ReplyError || this.#over === undefined
        ? applicationError(what, error)
        : this.#over;
    }
  }

  #data(message: DataMessage, answer: Answer, octets: number): void {
    // 3340 §4.4.4.2, 3340 §4.4.4.2 steps 2, 2.2 and 3: options are not looked at (3340 §4.4.4.2 steps 1 and 2.1)
    if (!message.data.recipients.some(({ identity }) => identity === this.endpoint)) {
      return answer.error(550, `not attached as any of the recipients`);
    }
    const operation = operationOf(message);
    const originator = message.data.originator.identity;
    // 3340 §4.4.4.2 step 2.3: acknowledged before the application takes its time
    if (operation !== undefined && this.#dispatch(originator, operation)) return answer.ok();
    if (operation !== undefined && this.#isStale(originator, operation)) return answer.ok();
    const refusal = this.incoming.take(message, this.endpoint, octets);
    if (refusal === undefined) answer.ok();
    else answer.error(450, refusal);
  }

  /** Hands an operation to those who wait for it; false when nobody does. Nothing is answered (3340 §5.1 rule 3). */
  #dispatch(originator: string, operation: Operation): boolean {
    return this.#operations.dispatch(originator, operation) || this.access.notified(originator, operation);
  }

  /** An answer, or a report, that nobody waits for any more: no message of anybody's. */
  #isStale(originator: string, operation: Operation): boolean {
    return isStaleReport(originator, operation) || this.#operations.isLate(originator, operation);
  }

  #interrupted(error: ApexError): void {
    if (this.#closing !== undefined) return this.#finish({ kind: 'closed' });
    this.#operations.interrupt(error);
    this.access.interrupt(error);
    this.#told = { kind: 'reconnecting', error, attempt: 1, retryAtMs: this.#clock.now() };
    this.#listeners.tell({ kind: 'interrupted', error });
  }

  async #resumed(attempts: number, awayMs: number): Promise<void> {
    const resumption = await this.presence.resume();
    if (resumption !== undefined) {
      this.#listeners.tell({ kind: 'resumed', attempts, awayMs, ...resumption });
    }
  }

  #finish(end: ClientEnd): void {
    if (this.#over !== undefined) return;
    const error = errorOf(end, this.endpoint);
    this.#over = error;
    this.#told = { kind: 'over', end };
    this.#connection.close(error);
    this.#operations.end(error);
    this.access.end(error);
    this.incoming.end(error, end.kind === 'closed');
    this.#listeners.tell(end);
    this.#listeners.clear();
    this.#end.resolve(end);
  }
}

/** The operation that data carries; undefined when it carries something else. */
function operationOf(message: DataMessage): Operation | undefined {
  try {
    const element = contentElement(message);
    return element === undefined ? undefined : parseOperation(element);
  } catch (error) {
    if (error instanceof MessageError || isUnknownOperation(error)) return undefined;
    throw error;
  }
}

/**
 * A report that nobody waits for: several options tell of one failure, and some tell it late. It is no message of
 * anybody's, and is answered by nothing (3340 §5.1 rule 3, 3342 §1 rule 1).
 */
function isStaleReport(originator: string, { kind }: Operation): boolean {
  return kind === 'statusResponse' && isReportService(originator);
}

function isUnknownOperation(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'operation.unknown';
}

function errorOf(end: ClientEnd, endpoint: string): ApexError {
  switch (end.kind) {
    case 'closed':
      return new ApexError('client.closed', 'the client was closed');
    case 'replaced':
      return new ApexError('client.replaced', `another application attached as ${endpoint}`, {
        replyCode: 556,
      });
    case 'detached':
      return refused(`attachment of ${endpoint}`, end.replyCode, end.text);
    case 'lost':
      return lost(end.error, end.replyCode);
  }
}
