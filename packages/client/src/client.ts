import {
  type ChannelEnd,
  drive,
  MessageError,
  type Negotiate,
  negotiate,
  type Peer,
  ReplyError,
  type Transport,
  tlsProfileUri,
} from '@apex/beep';
import {
  type Answer,
  APEX_PROFILE_URI,
  ApexChannel,
  attachOverrideOption,
  contentElement,
  type DataMessage,
  domainOf,
  formatInitialization,
  formatOperation,
  identityOf,
  newTransID,
  type Operation,
  parent,
  parseInitializationReply,
  parseOperation,
  secureRandom,
  serviceData,
  type Terminate,
} from '@apex/protocol';
import { Access, type AccessContext } from './access/access.ts';
import { type CredentialOptions, mechanismsOf } from './credentials.ts';
import type { Content } from './data/content.ts';
import { Incoming, type IncomingLimits } from './data/incoming.ts';
import { isReportService, type SendOptions, send } from './data/sending.ts';
import type { Sent } from './data/sent.ts';
import { ApexError, applicationError, refused } from './errors.ts';
import { Operations } from './operations.ts';
import { Presence, type PresenceContext } from './presence/presence.ts';

/** Transport security (RFC 3080 §3.1). */
export interface Security {
  readonly negotiate: Negotiate;
  /** Whether a server that does not offer it is refused; else the session stays as it is then. */
  readonly isRequired: boolean;
}

export interface ClientOptions extends CredentialOptions {
  /** What to attach as: `local@domain`, or a subaddress `local/name@domain`. */
  readonly endpoint: string;
  /** How the session is protected before anything is said of who one is; `connect` has it for TLS. */
  readonly security?: Security;
  /** Takes the endpoint over when another application is attached as it (RFC 3342 §1). */
  readonly attachOverride?: boolean;
  /** How long a service may take to answer, and the relay to accept what `send` sends, in milliseconds; default 30,000. */
  readonly replyMs?: number;
  /** How long greeting, authentication and attach may take together, in milliseconds; default 30,000. */
  readonly attachMs?: number;
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
const ATTACH_MS = 30_000;
const CLOSE_MS = 5_000;

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
  readonly #peer: Peer;
  readonly #options: ClientOptions;
  readonly #apex: ApexChannel;
  readonly #operations = new Operations();
  readonly #end = Promise.withResolvers<ClientEnd>();
  #over: ApexError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(peer: Peer, endpoint: string, options: ClientOptions) {
    this.endpoint = endpoint;
    this.ended = this.#end.promise;
    this.#peer = peer;
    this.#options = options;
    this.#apex = new ApexChannel(() => ({
      data: (message, answer, payload) => this.#data(message, answer, payload.length),
      terminate: (terminate, answer) => this.#terminated(terminate, answer),
      closed: (end) => {
        this.#finish({ kind: 'lost', error: channelError(end) });
        // Without its channel the session is of no use.
        if (end.kind === 'closed') void this.#release();
      },
    }));
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

  /**
   * Starts the APEX channel of an authenticated session, with the attach as its initialization
   * (RFC 3340 §4.2). `attachOver` does this and all before it.
   */
  static async attach(peer: Peer, endpoint: string, options: ClientOptions): Promise<ApexClient> {
    const client = new ApexClient(peer, endpoint, options);
    const transID = newTransID(secureRandom());
    const attach = {
      kind: 'attach',
      endpoint,
      transID,
      options: options.attachOverride === true ? [attachOverrideOption(transID)] : [],
    } as const;
    const { channel, initializationReply } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(attach) }],
      serverName: domainOf(endpoint),
      handler: client.#apex,
    });
    client.#apex.open(channel);
    const refusal = parseInitializationReply(initializationReply);
    if (refusal !== undefined) throw refusal;
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
      this.#peer.abort(new Error('the close was not answered in time'));
    }, this.#options.closeMs ?? CLOSE_MS);
    // Nothing begins any more, so that nothing is left behind.
    this.#operations.refuse(errorOf(end, this.endpoint));
    if (!keepOperations) await this.presence.terminateAll();
    this.#finish(end);
    await this.#release();
    clearTimeout(timer);
  }

  #release(): Promise<void> {
    return this.#peer.released().catch((error: unknown) => this.#peer.abort(error as Error));
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
      await new Promise<void>((resolve, reject) => {
        this.#apex.data(payload, (refusal) => {
          if (refusal === undefined) resolve();
          else reject(refusal);
        });
      });
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

  /** 3340 §4.4.3: the relay has ended the attachment. */
  #terminated({ code, text }: Terminate, answer: Answer): void {
    answer.ok();
    this.#finish(code === 556 ? { kind: 'replaced' } : { kind: 'detached', replyCode: code, text });
    void this.#release();
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

/**
 * Attaches over a transport that stands: greeting, authentication, attach. Rejects with ApexError
 * `client.refused`, `client.lost`, `client.timeout` or `client.usage`; the transport is closed then.
 */
export async function attachOver(transport: Transport, options: ClientOptions): Promise<ApexClient> {
  const endpoint = identityOf(options.endpoint);
  if (endpoint === undefined) {
    transport.abort();
    throw new ApexError('client.usage', `not an endpoint, such as fred@example.com: "${options.endpoint}"`);
  }
  const peer = drive(transport, { role: 'initiator', profiles: [] });
  const { attachMs = ATTACH_MS } = options;
  let what = `greeting from ${transport.remoteAddress}`;
  let late: ApexError | undefined;
  const timer = setTimeout(() => {
    late = new ApexError('client.timeout', `${what}: no answer from the relay within ${attachMs} ms`);
    peer.abort(late);
  }, attachMs);
  try {
    const { profiles } = await peer.greeting;
    what = `secure ${transport.remoteAddress}`;
    await secure(peer, profiles, endpoint, options.security);
    what = `authenticate as ${parent(endpoint)}`;
    await negotiate(peer, mechanismsOf(endpoint, options), { serverName: domainOf(endpoint) });
    what = `attach as ${endpoint}`;
    return await ApexClient.attach(peer, endpoint, options);
  } catch (error) {
    peer.abort(error as Error);
    throw late ?? applicationError(what, error);
  } finally {
    clearTimeout(timer);
  }
}

async function secure(
  peer: Peer,
  profiles: readonly string[],
  endpoint: string,
  security: Security | undefined,
): Promise<void> {
  if (peer.facts.secured) return;
  if (security === undefined) {
    // 3080 §9: such a server tells nothing but this to who has not asked for protection; over WebSocket, nothing.
    if (profiles.some((uri) => uri !== tlsProfileUri)) return;
    const message = `secure ${peer.facts.remoteAddress}: the server takes protected sessions only; ask for TLS`;
    throw new ApexError('client.usage', message);
  }
  if (profiles.includes(tlsProfileUri)) await peer.secure(security.negotiate, domainOf(endpoint));
  else if (security.isRequired) {
    throw new ApexError('client.usage', `secure ${peer.facts.remoteAddress}: the server offers no TLS`);
  }
}

function channelError(end: ChannelEnd): Error {
  if (end.kind === 'lost') return end.error;
  return new Error(
    end.kind === 'closed' ? 'the server closed the channel' : 'the server released the session',
  );
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
