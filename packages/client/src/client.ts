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
import type { Attachment, AttachmentHandler, AttachmentOptions } from './attachment.ts';
import type { Content } from './data/content.ts';
import { Incoming, type IncomingLimits } from './data/incoming.ts';
import { isReportService, type SendOptions, send } from './data/sending.ts';
import type { Sent } from './data/sent.ts';
import { ApexError, applicationError, refused } from './errors.ts';
import { Operations } from './operations.ts';
import { Presence, type PresenceContext } from './presence/presence.ts';

export interface ClientOptions extends AttachmentOptions {
  /** What to attach as: `local@domain`, or a subaddress `local/name@domain`. */
  readonly endpoint: string;
  /** Takes the endpoint over when another application is attached as it (RFC 3342 §1). */
  readonly attachOverride?: boolean;
  /** How long a service may take to answer, and the relay to accept what `send` sends, in milliseconds; default 30,000. */
  readonly replyMs?: number;
  /** How long `close` waits for the service and the relay, in milliseconds; default 5,000. */
  readonly closeMs?: number;
  /** How much data may wait for the reader of `incoming`. */
  readonly incoming?: IncomingLimits;
}

/** Why a client is over. */
export type ClientEnd =
  | { readonly kind: 'closed' }
  /** Another application attached as this endpoint (556): do not attach again by yourself (C16). */
  | { readonly kind: 'replaced' }
  /** The relay ended the attachment, with its reason. */
  | { readonly kind: 'detached'; readonly replyCode: number; readonly text: string }
  | { readonly kind: 'lost'; readonly error: Error };

const REPLY_MS = 30_000;
const CLOSE_MS = 5_000;

/** Connects, authenticates and attaches, once. Gives up when the signal is aborted. Rejects with ApexError. */
export type AttachOnce = (
  attachOverride: boolean,
  handler: AttachmentHandler,
  signal: AbortSignal,
) => Promise<Attachment>;

/**
 * An application attached to the relaying mesh as an endpoint (RFC 3340 §4.4.1), over one BEEP
 * session. When the session ends, everything in progress ends with an ApexError, and `ended` tells why.
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
  readonly #operations = new Operations();
  readonly #end = Promise.withResolvers<ClientEnd>();
  #attachment: Attachment | undefined;
  #over: ApexError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(endpoint: string, options: ClientOptions) {
    this.endpoint = endpoint;
    this.ended = this.#end.promise;
    this.#options = options;
    const context: PresenceContext & AccessContext = {
      endpoint,
      operations: this.#operations,
      replyMs: options.replyMs ?? REPLY_MS,
      send: (service, operation) => this.#send(service, operation),
    };
    this.presence = new Presence(context);
    this.access = new Access(context);
    this.incoming = new Incoming(options.incoming);
  }

  /** Use `connect`, `connectWith` or `attachOver`. */
  static async start(
    attachOnce: AttachOnce,
    endpoint: string,
    options: ClientOptions & { readonly signal?: AbortSignal },
  ): Promise<ApexClient> {
    const client = new ApexClient(endpoint, options);
    const { signal = new AbortController().signal, attachOverride = false } = options;
    const handler = {
      data: (...message: Parameters<AttachmentHandler['data']>) => client.#data(...message),
      ended: () => client.#sessionEnded(),
    };
    try {
      client.#attachment = await attachOnce(attachOverride, handler, signal);
      signal.throwIfAborted();
    } catch (error) {
      client.#attachment?.abort(error as Error);
      throw signal.aborted ? signal.reason : error;
    }
    // Its end may have come together with its beginning.
    client.#sessionEnded();
    const close = (): void => void client.close();
    signal.addEventListener('abort', close);
    void client.ended.then(() => signal.removeEventListener('abort', close));
    return client;
  }

  /**
   * Sends data to one endpoint or several (RFC 3340 §4.4.4). Resolves when the relay has accepted it, which says
   * nothing about its delivery: `options.status` has that reported. Rejects with ApexError.
   */
  send(to: string | readonly string[], content: Content, options: SendOptions = {}): Promise<Sent> {
    const context = {
      endpoint: this.endpoint,
      operations: this.#operations,
      acceptMs: this.#options.replyMs ?? REPLY_MS,
      transmit: (payload: Uint8Array) => this.#transmit(payload, `send to ${[to].flat().join(', ')}`),
    };
    return send(context, to, content, options);
  }

  /**
   * Ends the operations in progress, detaches and releases the session. With `keepOperations` the
   * subscriptions and watches stay in progress at the service (they are durable, P8). Never rejects; when
   * the service or the relay does not answer within `closeMs`, the session is ended without them.
   */
  close(options: { readonly keepOperations?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.keepOperations === true);
    return this.#closing;
  }

  async #close(keepOperations: boolean): Promise<void> {
    const end = { kind: 'closed' } as const;
    const timer = setTimeout(() => {
      this.#finish(end);
      this.#attachment?.abort(new Error('the close was not answered in time'));
    }, this.#options.closeMs ?? CLOSE_MS);
    // Nothing begins any more, so that nothing is left behind.
    this.#operations.refuse(errorOf(end, this.endpoint));
    if (!keepOperations) await this.presence.terminateAll();
    this.#finish(end);
    await this.#attachment?.release();
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
    const attachment = this.#attachment;
    if (attachment === undefined) throw this.#over;
    try {
      await attachment.transmit(payload);
    } catch (error) {
      // That the client is over says more than that its channel is.
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

  #sessionEnded(): void {
    const end = this.#attachment?.end;
    if (end === undefined) return;
    const isReplaced = end.kind === 'detached' && end.replyCode === 556;
    this.#finish(isReplaced ? { kind: 'replaced' } : end);
  }

  #finish(end: ClientEnd): void {
    if (this.#over !== undefined) return;
    const error = errorOf(end, this.endpoint);
    this.#over = error;
    this.#operations.end(error);
    this.access.end(error);
    this.incoming.end(error, end.kind === 'closed');
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
      return new ApexError('client.lost', `the session ended: ${end.error.message}`, { cause: end.error });
  }
}
