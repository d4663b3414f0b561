import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type WebSocketFacts,
  WebSocketTransport,
  webSocketMessageOctets,
  webSocketProtocol,
} from '@apex/beep/websocket';
import { WebSocketServer } from 'ws';
import type { ServerEvent } from '../server-event.ts';
import { peerOf } from './forwarded.ts';
import { isAllowedOrigin } from './origin.ts';
import { answerOctets, pathOf } from './router.ts';

export interface WebSocketDoorOptions {
  /** Origins of pages that may connect; absent: those of this server. */
  readonly origins?: readonly string[] | undefined;
  /** Whether what X-Forwarded-For and X-Forwarded-Proto say is true. */
  readonly trustProxy: boolean;
  /** Receive window of a channel, in octets: no frame of a peer is larger. */
  readonly receiveWindowOctets: number;
  readonly isDraining: () => boolean;
  readonly accept: (transport: WebSocketTransport) => void;
  readonly onEvent: (event: ServerEvent) => void;
}

/** Where BEEP is spoken. */
export const webSocketPath = '/beep';
/** For the header and the trailer of a frame, and SEQ frames before it. */
const HEADER_OCTETS = 4096;

/** Of an origin that is not let in, for the log. */
const ORIGIN_CHARACTERS = 200;

/** Lets in those who want to speak BEEP, with WebSockets (RFC 6455 §4.2). */
export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #server: WebSocketServer;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // The messages of one's own are that long, whatever the window.
      maxPayload: Math.max(options.receiveWindowOctets, webSocketMessageOctets) + HEADER_OCTETS,
      // A few octets would stand for many; and it costs memory for each connection.
      perMessageDeflate: false,
      handleProtocols: (protocols) => protocols.has(webSocketProtocol) && webSocketProtocol,
    });
  }

  /** Takes a request to upgrade, with the octets that came behind it. */
  readonly handle = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // The connection may fail before anybody else listens.
    socket.on('error', () => {});
    const { trustProxy } = this.#options;
    const peer = peerOf(request, trustProxy);
    const refusal = this.#refusal(request, peer);
    if (refusal !== undefined) {
      socket.end(answerOctets(...refusal), () => socket.destroy());
      return;
    }
    // It answers what is no WebSocket handshake itself.
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#options.accept(new WebSocketTransport(webSocket, peer)),
    );
  };

  #refusal(
    request: IncomingMessage,
    { remoteAddress, secured }: WebSocketFacts,
  ): readonly [status: number, line: string] | undefined {
    const { origins, isDraining, onEvent } = this.#options;
    if (pathOf(request) !== webSocketPath) return [404, `WebSocket is at ${webSocketPath} only`];
    if (isDraining()) return [503, 'draining'];
    const { origin, host } = request.headers;
    if (isAllowedOrigin({ origin, host }, secured, origins)) return undefined;
    const named = origin?.slice(0, ORIGIN_CHARACTERS);
    onEvent({ level: 'info', name: 'http.origin', origin: named, remote: remoteAddress });
    return [403, 'pages of this origin may not connect'];
  }
}
