import type { Transport, TransportHandler } from './transport.ts';

/**
 * BEEP inside the binary messages of a WebSocket (RFC 6455): the octets are those of the TCP mapping, and where a
 * message begins or ends means nothing. Both peers greet at once, as over TCP. The same class serves what pages
 * have, which cannot stop the other end and does not tell when more may be sent, and the WebSocket of the
 * package `ws`, which can do both.
 */

/** The subprotocol (RFC 6455 §1.9). A listener also takes peers that ask for none. */
export const webSocketProtocol = 'beep';

/** No message that leaves here is larger, in octets; who bounds what it takes has to take as much. */
export const webSocketMessageOctets = 65_536;

/** What a page has as `WebSocket`, and what `ws` has beside it. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(octets: Uint8Array<ArrayBuffer>, sent?: () => void): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: (event: object) => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  /** Of `ws` only. */
  terminate?(): void;
  pause?(): void;
  resume?(): void;
}

/** What a WebSocket does not tell by itself. */
export interface WebSocketFacts {
  /** `host:port` of the other end, for diagnostics. */
  readonly remoteAddress: string;
  /** Whether what carries the WebSocket is protected: its address begins with wss, or a proxy says so. */
  readonly secured: boolean;
}

/** Where to connect. */
export interface OpenWebSocketOptions {
  /** `ws://` or `wss://`. */
  readonly url: string | URL;
  /** Gives up when it is aborted before the connection stands. */
  readonly signal?: AbortSignal;
  /** For the connection to stand, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Opens a connection with the WebSocket of the platform: pages, Node. Rejects with what that throws or tells (pages
 * learn no reason), or the reason of the signal.
 */
export function openWebSocket(options: OpenWebSocketOptions): Promise<Transport> {
  const { signal, timeoutMs = 10_000 } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const url = new URL(options.url);
    const secured = url.protocol === 'wss:';
    const socket = new WebSocket(url, webSocketProtocol);
    const port = url.port === '' ? (secured ? 443 : 80) : url.port;
    const transport = new WebSocketTransport(socket, { remoteAddress: `${url.hostname}:${port}`, secured });
    const opening = new AbortController();
    const settle = (): void => {
      clearTimeout(timer);
      opening.abort();
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
      transport.abort();
    };
    const timer = setTimeout(
      () => fail(new Error(`no connection to ${url.host} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    const whileOpening = { signal: opening.signal };
    signal?.addEventListener('abort', () => fail(signal.reason), whileOpening);
    socket.addEventListener('error', (event) => fail(errorOf(event)), whileOpening);
    socket.addEventListener('close', ({ code }) => fail(new Error(`closed with code ${code}`)), whileOpening);
    socket.addEventListener(
      'open',
      () => {
        settle();
        resolve(transport);
      },
      whileOpening,
    );
  });
}

/** RFC 6455 §7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const NO_CODE = 1005;
const TOO_BIG = 1009;
/** For private use (RFC 6455 §7.4.2): the peer has aborted, and cannot say so otherwise. */
const ABORTED = 4000;
/** Pages may give no other codes than 1000 and those from 3000 on; what they mean is 3000 less. */
const PAGE_CODES = 3000;

/** Octets that wait in the platform, beyond which `write` tells to wait. */
const STREAM_HIGH_WATER = 65_536;
/** Higher, since a page learns only by looking that they have left. */
const PAGE_HIGH_WATER = 1_048_576;
const LOOK_MS = 10;
/** A page cannot stop its peer: beyond as many octets that nobody takes, the connection ends. */
const PAUSED_OCTETS = 16_777_216;
/** How long the other end may take to close after we did, in milliseconds. */
const LINGER_MS = 5000;

export class WebSocketTransport implements Transport {
  readonly remoteAddress: string;
  readonly secured: boolean;
  readonly #socket: WebSocketLike;
  readonly #highWater: number;
  #handler: TransportHandler | undefined;
  /** Octets for the handler, and behind them the end. */
  #arrived: Uint8Array[] = [];
  #arrivedOctets = 0;
  #end: { readonly error: Error | undefined } | undefined;
  /** Until it is opened, too. */
  #isPaused = true;
  #isClosing = false;
  #isBlocked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `socket` may be connecting still; nothing may be written before it is open. */
  constructor(socket: WebSocketLike, { remoteAddress, secured }: WebSocketFacts) {
    this.remoteAddress = remoteAddress;
    this.secured = secured;
    this.#socket = socket;
    this.#highWater = isStream(socket) ? STREAM_HIGH_WATER : PAGE_HIGH_WATER;
    if (socket.binaryType === 'blob') socket.binaryType = 'arraybuffer';
    // From the start, so that no error is ever without a listener, and no message without a reader.
    socket.addEventListener('message', ({ data }) => this.#received(data));
    socket.addEventListener('error', (event) => this.#lost(errorOf(event)));
    socket.addEventListener('close', ({ code }) => this.#closed(code));
  }

  open(handler: TransportHandler): void {
    this.#handler = handler;
    this.resume();
  }

  write(octets: Uint8Array): boolean {
    if (this.#isClosing || this.#end !== undefined) return false;
    for (let at = 0; at < octets.length; at += webSocketMessageOctets) {
      const message = octets.subarray(at, at + webSocketMessageOctets);
      this.#socket.send(message as Uint8Array<ArrayBuffer>, this.#sent);
    }
    this.#isBlocked = this.#socket.bufferedAmount >= this.#highWater;
    if (this.#isBlocked && !isStream(this.#socket)) this.#lookLater();
    return !this.#isBlocked;
  }

  /** What still arrives is dropped. */
  close(): void {
    if (this.#isClosing) return;
    this.#finish(NORMAL);
  }

  /** A page cannot take back what the platform holds already; the peer learns of the abort behind it. */
  abort(): void {
    this.#finish(ABORTED);
    this.#socket.terminate?.();
    this.#ended(undefined);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause?.();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume?.();
    queueMicrotask(() => this.#deliver());
  }

  #received(data: unknown): void {
    if (this.#isClosing) return;
    this.#look();
    if (typeof data === 'string') {
      return this.#refuse(UNSUPPORTED_DATA, 'the peer sent a text message; BEEP travels in binary ones');
    }
    const octets = data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer);
    this.#arrived.push(octets);
    this.#arrivedOctets += octets.length;
    if (this.#arrivedOctets <= PAUSED_OCTETS) this.#deliver();
    else this.#refuse(TOO_BIG, `nobody takes what arrives; more than ${PAUSED_OCTETS} octets wait`);
  }

  #refuse(code: number, message: string): void {
    this.#finish(code, message);
    this.#ended(new Error(message));
  }

  #lost(error: Error): void {
    if (!this.#isClosing) this.#finish(NORMAL);
    this.#ended(error);
  }

  #closed(code: number): void {
    clearTimeout(this.#timer);
    const isClean = this.#isClosing || code === NORMAL || code === GOING_AWAY || code === NO_CODE;
    this.#ended(isClean ? undefined : new Error(`the connection was closed with code ${code}`));
  }

  /** Says the last word, and gives the other end its time to answer. */
  #finish(code: number, reason = ''): void {
    this.#isClosing = true;
    this.#arrived = [];
    if (this.#end !== undefined) return queueMicrotask(() => this.#deliver());
    if (this.#isPaused && this.#handler !== undefined) this.#socket.resume?.();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#socket.terminate?.();
      this.#ended(undefined);
    }, LINGER_MS);
    (this.#timer as { unref?: () => void }).unref?.();
    const isAllowed = isStream(this.#socket) || code === NORMAL || code >= PAGE_CODES;
    this.#socket.close(isAllowed ? code : code + PAGE_CODES, reason);
  }

  #ended(error: Error | undefined): void {
    this.#end ??= { error };
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    const handler = this.#handler;
    while (handler !== undefined && !this.#isPaused && !this.#isClosing) {
      const octets = this.#arrived.shift();
      if (octets === undefined) break;
      this.#arrivedOctets -= octets.length;
      handler.received(octets);
    }
    if (this.#end === undefined || (this.#arrived.length > 0 && !this.#isClosing)) return;
    this.#handler = undefined;
    handler?.closed(this.#end.error);
  }

  readonly #sent = (): void => this.#look();

  #lookLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  /** Whether there is room again. */
  #look(): void {
    if (!this.#isBlocked || this.#isClosing || this.#end !== undefined) return;
    if (this.#socket.bufferedAmount >= this.#highWater) {
      if (!isStream(this.#socket)) this.#lookLater();
      return;
    }
    this.#isBlocked = false;
    this.#handler?.drained();
  }
}

/** Whether it tells when octets have left, and can stop those that arrive. */
function isStream(socket: WebSocketLike): boolean {
  return socket.terminate !== undefined;
}

function errorOf(event: object): Error {
  const { error, message } = event as { readonly error?: unknown; readonly message?: string };
  if (error instanceof Error && error.message !== '') return error;
  return new Error(message === undefined || message === '' ? 'the connection failed' : message);
}
