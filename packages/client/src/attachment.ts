import {
  type ChannelEnd,
  drive,
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
  type DataMessage,
  domainOf,
  formatInitialization,
  newTransID,
  parent,
  parseInitializationReply,
  secureRandom,
  type Terminate,
} from '@apex/protocol';
import { type CredentialOptions, credentialsOf, mechanismsOf } from './credentials.ts';
import { ApexError, applicationError } from './errors.ts';

/** Transport security (RFC 3080 §3.1). */
export interface Security {
  readonly negotiate: Negotiate;
  /** Whether a server that does not offer it is refused; else the session stays as it is then. */
  readonly isRequired: boolean;
}

/** How a session is protected, authenticated and attached. */
export interface AttachmentOptions extends CredentialOptions {
  /** How the session is protected before anything is said of who one is; `connect` has it for TLS. */
  readonly security?: Security;
  /** How long greeting, authentication and attach may take together, in milliseconds; default 30,000. */
  readonly attachMs?: number;
}

/** How an attachment ended, unless its owner released it. */
export type AttachmentEnd =
  /** The relay ended it (RFC 3340 §4.4.3), with its reason. */
  | { readonly kind: 'detached'; readonly replyCode: number; readonly text: string }
  | { readonly kind: 'lost'; readonly error: Error };

export interface AttachmentHandler {
  data(message: DataMessage, answer: Answer, octets: number): void;
  /** Called once; `end` of the attachment tells how. */
  ended(): void;
}

const ATTACH_MS = 30_000;

/** One BEEP session on which an endpoint is attached (RFC 3340 §4.4.1). */
export class Attachment {
  #end: AttachmentEnd | undefined;
  readonly #transID = newTransID(secureRandom());
  readonly #peer: Peer;
  readonly #handler: AttachmentHandler;
  readonly #apex: ApexChannel;

  private constructor(peer: Peer, handler: AttachmentHandler) {
    this.#peer = peer;
    this.#handler = handler;
    this.#apex = new ApexChannel(() => ({
      data: (message, answer, payload) => handler.data(message, answer, payload.length),
      terminate: (terminate, answer) => this.#terminated(terminate, answer),
      closed: (end) => {
        this.#finish({ kind: 'lost', error: channelError(end) });
        // Without its channel the session is of no use.
        if (end.kind === 'closed') void this.release();
      },
    }));
  }

  /** Starts the APEX channel of an authenticated session, with the attach as its initialization (RFC 3340 §4.2). */
  static async start(
    peer: Peer,
    endpoint: string,
    attachOverride: boolean,
    handler: AttachmentHandler,
  ): Promise<Attachment> {
    const attachment = new Attachment(peer, handler);
    const transID = attachment.#transID;
    const attach = {
      kind: 'attach',
      endpoint,
      transID,
      options: attachOverride ? [attachOverrideOption(transID)] : [],
    } as const;
    const { channel, initializationReply } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(attach) }],
      serverName: domainOf(endpoint),
      handler: attachment.#apex,
    });
    attachment.#apex.open(channel);
    const refusal = parseInitializationReply(initializationReply);
    if (refusal !== undefined) throw refusal;
    return attachment;
  }

  /** Undefined while it lasts. */
  get end(): AttachmentEnd | undefined {
    return this.#end;
  }

  /** Resolves when the relay has accepted the payload; rejects with ReplyError, or with what ended the session. */
  transmit(payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#apex.data(payload, (refusal) => {
        if (refusal === undefined) resolve();
        else reject(refusal);
      });
    });
  }

  /**
   * Has the relay say something, whatever it is: it is asked to end an operation that it does not know (RFC 3340
   * §4.4.3). Rejects when the session ends.
   */
  probe(): Promise<void> {
    const transID = newTransID(secureRandom(), (candidate) => candidate === this.#transID);
    return new Promise((resolve, reject) => {
      this.#apex.terminate({ kind: 'terminate', transID, code: 250, text: '' }, (refusal) => {
        if (refusal === undefined || refusal instanceof ReplyError) resolve();
        else reject(refusal);
      });
    });
  }

  /** Releases the session. Never rejects: a session that does not agree is aborted. */
  release(): Promise<void> {
    return this.#peer.released().catch((error: unknown) => this.#peer.abort(error as Error));
  }

  abort(reason: Error): void {
    this.#peer.abort(reason);
  }

  /** 3340 §4.4.3: the relay has ended the attachment. */
  #terminated({ code, text }: Terminate, answer: Answer): void {
    answer.ok();
    this.#finish({ kind: 'detached', replyCode: code, text });
    void this.release();
  }

  #finish(end: AttachmentEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#handler.ended();
  }
}

/**
 * Attaches over a transport that stands: greeting, authentication, attach. Rejects with ApexError
 * `client.refused`, `client.lost`, `client.timeout` or `client.usage`; the transport is closed then.
 */
export async function attach(
  transport: Transport,
  endpoint: string,
  attachOverride: boolean,
  options: AttachmentOptions,
  handler: AttachmentHandler,
): Promise<Attachment> {
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
    const mechanisms = await mechanismsOf(endpoint, await credentialsOf(options), options);
    await negotiate(peer, mechanisms, { serverName: domainOf(endpoint) });
    what = `attach as ${endpoint}`;
    return await Attachment.start(peer, endpoint, attachOverride, handler);
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
