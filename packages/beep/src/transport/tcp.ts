import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { PeerCertificate } from '../certificate.ts';
import type { Transport, TransportHandler } from './transport.ts';

/** BEEP's transport service: one TCP connection (RFC 3081 §2). */
export interface ConnectTcpOptions {
  readonly host: string;
  readonly port: number;
  /** Gives up when it is aborted before the connection stands. */
  readonly signal?: AbortSignal;
  /** For the connection to stand, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/** The system finds out by itself when the other end is gone without a word. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** Opens a connection. Rejects with the error of the system, or the reason of the signal. */
export function connectTcp(options: ConnectTcpOptions): Promise<Transport> {
  const { host, port, signal, timeoutMs = 10_000 } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const socket = createConnection({ host, port, ...socketOptions });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      socket.off('error', fail);
    };
    const fail = (error: unknown): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const cancel = (): void => fail(signal?.reason);
    const timer = setTimeout(
      () => fail(new Error(`no connection to ${host}:${port} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', cancel);
    socket.once('error', fail);
    socket.once('connect', () => {
      settle();
      resolve(new TcpTransport(socket));
    });
  });
}

/** Where to listen, and who gets the connections. */
export interface ListenTcpOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** A peer has connected; `open` is called before it returns. */
  readonly onTransport: (transport: Transport) => void;
}

/** A socket that listens. */
export interface TcpListener {
  /** The port that it is bound to. */
  readonly port: number;
  readonly host: string;
  /** Accepts no more connections; those that stand go on. Resolves when the port is free. */
  close(): Promise<void>;
}

/** Awaits connections. Rejects with the error of the system when the address cannot be bound. */
export function listenTcp({ host, port, onTransport }: ListenTcpOptions): Promise<TcpListener> {
  return new Promise((resolve, reject) => {
    const server = createServer(socketOptions, (socket) => onTransport(new TcpTransport(socket)));
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      // A connection that could not be accepted (no file left, say) must not end the process.
      server.on('error', () => {});
      resolve({ host, port: boundPort(server), close: () => closeServer(server) });
    });
  });
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The port is free as soon as the server is closed, whoever is still connected. */
function closeServer(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}

/** How long the other end may take to close after we did. */
const lingerMs = 5000;

/** What a protected connection has beside its socket. */
export interface Protection {
  readonly certificate: PeerCertificate | undefined;
  /** The connection below, which can be reset. */
  readonly below: Socket;
}

export class TcpTransport implements Transport {
  readonly remoteAddress: string;
  readonly #protection: Protection | undefined;
  readonly #socket: Socket;
  #handler: TransportHandler | undefined;
  #error: Error | undefined;
  #isClosing = false;

  constructor(socket: Socket, protection?: Protection) {
    this.#socket = socket;
    this.#protection = protection;
    const { remoteAddress = '', remotePort = 0 } = protection?.below ?? socket;
    this.remoteAddress = `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
    // From the start, so that no error is ever without a listener.
    socket.on('error', (error) => {
      this.#error = error;
    });
  }

  get secured(): boolean {
    return this.#protection !== undefined;
  }

  get certificate(): PeerCertificate | undefined {
    return this.#protection?.certificate;
  }

  /**
   * Gives the socket away: nothing is told to the handler any more. `trailing` is read from it first. After that the
   * transport can only be aborted.
   */
  detach(trailing: Uint8Array | undefined): Socket {
    const socket = this.#socket;
    this.#handler = undefined;
    socket.pause();
    for (const event of ['data', 'drain', 'close']) socket.removeAllListeners(event);
    if (trailing !== undefined && trailing.length > 0) socket.unshift(trailing);
    return socket;
  }

  open(handler: TransportHandler): void {
    const socket = this.#socket;
    this.#handler = handler;
    socket.on('data', (octets: Uint8Array) => {
      if (!this.#isClosing) handler.received(octets);
    });
    socket.on('drain', () => handler.drained());
    socket.once('close', () => this.#closed());
    if (socket.destroyed) queueMicrotask(() => this.#closed());
  }

  write(octets: Uint8Array): boolean {
    return this.#socket.write(octets);
  }

  /** As a rule the system takes all at once; what TLS keeps, nobody knows. */
  get isEmpty(): boolean {
    return this.#protection === undefined && this.#socket.writableLength === 0;
  }

  /** What still arrives is read and dropped, since a close with unread input resets the connection. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const socket = this.#socket;
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }

  abort(): void {
    this.#isClosing = true;
    // Later: inside a callback of the TLS library, which goes on to write there, a reset ends the process.
    setImmediate(() => {
      (this.#protection?.below ?? this.#socket).resetAndDestroy();
      this.#socket.destroy();
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #closed(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(this.#error);
  }
}
