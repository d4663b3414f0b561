import { ReplyError } from '@apex/beep';
import type { Attachment, AttachmentHandler } from './attachment.ts';
import type { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { type ApexError, applicationError, isTransient, lost } from './errors.ts';
import type { ClientEnd } from './events.ts';
import { inTime } from './in-time.ts';
import { mayPass, type ReconnectOptions, reattach } from './reconnection.ts';
import { disconnected } from './requests.ts';

/** Connects, authenticates and attaches, once. Gives up when the signal is aborted. Rejects with ApexError. */
export type AttachOnce = (
  attachOverride: boolean,
  handler: AttachmentHandler,
  signal: AbortSignal,
) => Promise<Attachment>;

/** How a client comes by its sessions. */
export interface Connecting {
  readonly attachOnce: AttachOnce;
  /** Undefined: there is one session, and the client is over with it. */
  readonly reconnect: ReconnectOptions | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface ConnectionHandler {
  readonly data: AttachmentHandler['data'];
  /** The session ended, and another one is being tried for. */
  interrupted(error: ApexError): void;
  retrying(attempt: number, delayMs: number, error: ApexError): void;
  /** There is another session, after so many attempts and milliseconds. */
  resumed(attempts: number, awayMs: number): void;
  /** There will be no session any more. Called once, unless it was closed before. */
  ended(end: ClientEnd): void;
}

const PROBE_MS = 60_000;

/** Keeps an endpoint attached, by one session after the other. */
export class Connection {
  readonly #connecting: Connecting;
  readonly #handler: ConnectionHandler;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Ends what is being tried. */
  readonly #stop = new AbortController();
  #attachment: Attachment | undefined;
  #attachedAt = 0;
  /** When the server has said something for the last time, as far as it was noticed. */
  #heardAt = 0;
  #stopProbing: () => void = () => {};
  /** In a row: a session that did not last counts as a failure. */
  #attempts = 0;
  /** While there is no session: settles with the next one, and with the end. */
  #away: PromiseWithResolvers<void> | undefined;

  constructor(connecting: Connecting, handler: ConnectionHandler, clock: Clock, backoff: Backoff) {
    this.#connecting = connecting;
    this.#handler = handler;
    this.#clock = clock;
    this.#backoff = backoff;
  }

  get isAttached(): boolean {
    return this.#attachment !== undefined;
  }

  /** Attaches for the first time. Rejects with ApexError, or with the reason of the signal. */
  async begin(attachOverride: boolean): Promise<void> {
    const { signal, reconnect } = this.#connecting;
    const abort = (): void => this.#stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      signal?.throwIfAborted();
      this.#adopt(await this.#first(attachOverride, reconnect?.fromStart === true));
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    // Its end may have come together with its beginning.
    this.#sessionEnded();
  }

  /** Resolves when the relay has accepted the payload. Rejects with ReplyError, or with ApexError `client.lost`. */
  async transmit(payload: Uint8Array): Promise<void> {
    const attachment = this.#attachment;
    if (attachment === undefined) throw lost(new Error('there is no session'));
    try {
      await attachment.transmit(payload);
      this.#heard();
    } catch (error) {
      throw error instanceof ReplyError || attachment.end === undefined ? error : lost(error as Error);
    }
  }

  /** Resolves when there is a session, or none any more. Rejects with ApexError `client.disconnected`, or as aborted. */
  async attached(what: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.#away !== undefined) {
      await inTime(this.#away.promise, ms, () => disconnected(what, ms), signal);
    }
  }

  /** Tries no more; a session that stands is left to its owner, who releases or aborts it. */
  close(reason: Error): void {
    this.#stop.abort(reason);
    this.#stopProbing();
    this.#back();
  }

  async release(): Promise<void> {
    await this.#attachment?.release();
  }

  abort(reason: Error): void {
    this.#attachment?.abort(reason);
  }

  async #first(attachOverride: boolean, keepsTrying: boolean): Promise<Attachment> {
    try {
      return await this.#attach(attachOverride);
    } catch (error) {
      const cause = applicationError('connect', error);
      if (!keepsTrying || this.#stop.signal.aborted || !mayPass(cause)) throw error;
      return (await this.#reattach(cause, attachOverride)).attachment;
    }
  }

  async #attach(attachOverride: boolean): Promise<Attachment> {
    const { signal } = this.#stop;
    const handler: AttachmentHandler = {
      data: (...message) => {
        this.#heard();
        this.#handler.data(...message);
      },
      ended: () => this.#sessionEnded(),
    };
    const attachment = await this.#connecting.attachOnce(attachOverride, handler, signal);
    if (!signal.aborted) return attachment;
    attachment.abort(signal.reason as Error);
    throw signal.reason;
  }

  #reattach(cause: ApexError, attachOverride: boolean): ReturnType<typeof reattach> {
    const attempts = {
      clock: this.#clock,
      backoff: this.#backoff,
      attach: () => this.#attach(attachOverride),
      retrying: this.#handler.retrying,
    };
    return reattach(attempts, cause, this.#attempts, this.#stop.signal);
  }

  #adopt(attachment: Attachment): void {
    this.#attachment = attachment;
    this.#attachedAt = this.#clock.now();
    this.#heard();
    const { probeMs = PROBE_MS } = this.#connecting.reconnect ?? { probeMs: 0 };
    if (probeMs > 0) this.#probeIn(probeMs, attachment, probeMs);
  }

  #heard(): void {
    this.#heardAt = this.#clock.now();
  }

  #probeIn(ms: number, attachment: Attachment, probeMs: number): void {
    this.#stopProbing = this.#clock.after(ms, () => {
      const silentMs = this.#clock.now() - this.#heardAt;
      if (silentMs < probeMs) return this.#probeIn(probeMs - silentMs, attachment, probeMs);
      this.#stopProbing = this.#clock.after(probeMs, () =>
        attachment.abort(new Error(`the server has not answered for ${probeMs} ms`)),
      );
      attachment.probe().then(
        () => {
          if (this.#attachment !== attachment) return;
          this.#stopProbing();
          this.#heard();
          this.#probeIn(probeMs, attachment, probeMs);
        },
        // The end of the session is told by itself.
        () => {},
      );
    });
  }

  #sessionEnded(): void {
    const end = this.#attachment?.end;
    if (end === undefined || this.#stop.signal.aborted) return;
    if (end.kind === 'detached' && end.replyCode === 556) return this.#handler.ended({ kind: 'replaced' });
    const mayReturn = end.kind === 'lost' || isTransient(end.replyCode);
    if (this.#connecting.reconnect === undefined || !mayReturn) return this.#handler.ended(end);
    this.#attachment = undefined;
    this.#stopProbing();
    this.#away ??= Promise.withResolvers();
    // Otherwise a server that takes everybody and keeps nobody is never left in peace.
    if (this.#clock.now() - this.#attachedAt >= this.#backoff.capMs) this.#attempts = 0;
    const error = lost(
      end.kind === 'lost' ? end.error : new Error(`the relay: ${end.replyCode} ${end.text}`),
    );
    this.#handler.interrupted(error);
    void this.#return(error);
  }

  async #return(cause: ApexError): Promise<void> {
    const since = this.#clock.now();
    const before = this.#attempts;
    try {
      // What is attached is most often the session that was lost (C16).
      const { attachment, attempts } = await this.#reattach(cause, true);
      this.#attempts = attempts;
      this.#adopt(attachment);
      this.#sessionEnded();
      if (this.#attachment !== attachment) return;
      this.#handler.resumed(attempts - before, this.#clock.now() - since);
      this.#back();
    } catch (failure) {
      if (this.#stop.signal.aborted) return;
      const error = failure as ApexError;
      const { replyCode } = error;
      this.#handler.ended({ kind: 'lost', error, ...(replyCode === undefined ? {} : { replyCode }) });
    }
  }

  #back(): void {
    const away = this.#away;
    this.#away = undefined;
    away?.resolve();
  }
}
