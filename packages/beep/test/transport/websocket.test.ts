import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws';
import { drive } from '../../src/driver.ts';
import type { Peer } from '../../src/peer.ts';
import type { Transport } from '../../src/transport/transport.ts';
import {
  openWebSocket,
  WebSocketTransport,
  webSocketMessageOctets,
  webSocketProtocol,
} from '../../src/transport/websocket.ts';
import { echo, Recorder } from '../session/wire.ts';
import { type Joined, Listener, transportSuite, until } from './transport-suite.ts';

const facts = { remoteAddress: '127.0.0.1:1', secured: false };

/** A server of WebSockets, as the transports of its peers come. */
class Place {
  readonly #server: WebSocketServer;
  #accepted = Promise.withResolvers<NodeWebSocket>();

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => this.#accepted.resolve(socket));
  }

  static async open(): Promise<Place> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      handleProtocols: (protocols) => protocols.has(webSocketProtocol) && webSocketProtocol,
    });
    await once(server, 'listening');
    return new Place(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The server's end of the next connection. */
  async next(): Promise<NodeWebSocket> {
    const socket = await this.#accepted.promise;
    this.#accepted = Promise.withResolvers();
    return socket;
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}

let place: Place;
afterEach(() => place.close());

async function join(dial: (url: string) => Promise<Transport>): Promise<Joined> {
  place = await Place.open();
  const [first, socket] = await Promise.all([dial(place.url), place.next()]);
  const second = new WebSocketTransport(socket, facts);
  return {
    first,
    second,
    free: async () => {
      first.abort();
      second.abort();
    },
  };
}

const page = (url: string): Promise<Transport> => openWebSocket({ url });

transportSuite('the WebSocket of a page, to one of ws', () => join(page));

transportSuite('WebSockets of ws', () =>
  join(async (url) => {
    const socket = new NodeWebSocket(url, webSocketProtocol);
    const transport = new WebSocketTransport(socket, facts);
    await once(socket, 'open');
    return transport;
  }),
);

async function opened() {
  const { first, second } = await join(page);
  const [one, two] = [new Listener(), new Listener()];
  first.open(one);
  second.open(two);
  return { first, second, one, two };
}

describe('octets in WebSocket messages', () => {
  it('arrive at a page that pauses once it goes on, in their order, and then the end', async () => {
    const { first, second, one, two } = await opened();
    first.pause();
    for (const letter of 'hello') second.write(new TextEncoder().encode(letter));
    second.close();
    await until(() => two.ends.length > 0 || one.octets > 0);
    expect([one.octets, one.ends]).toEqual([0, []]);
    first.resume();
    await until(() => one.ends.length > 0);
    expect([one.text, one.ends]).toEqual(['hello', [undefined]]);
  });

  it('end the connection when they are more than a page that pauses can keep', async () => {
    const { first, second, one, two } = await opened();
    first.pause();
    for (let count = 0; count < 17; count += 1) second.write(new Uint8Array(1_048_576));
    await until(() => one.ends.length > 0 && two.ends.length > 0);
    expect([one.octets, one.ends, two.ends]).toEqual([0, [expect.any(Error)], [expect.any(Error)]]);
  });

  it('arrive that came before it was opened', async () => {
    const { first, second } = await join(page);
    const listener = new Listener();
    first.write(Uint8Array.of(104, 105));
    second.open(listener);
    await until(() => listener.text === 'hi');
  });

  it('travel in messages whose size has a bound', async () => {
    place = await Place.open();
    const [first, socket] = await Promise.all([page(place.url), place.next()]);
    const sizes: number[] = [];
    socket.on('message', (message: Buffer) => sizes.push(message.length));
    first.write(new Uint8Array(2 * webSocketMessageOctets + 1));
    await until(() => sizes.length === 3);
    expect(sizes).toEqual([webSocketMessageOctets, webSocketMessageOctets, 1]);
  });

  it.each([
    ['whole', 10_000],
    ['octet by octet', 1],
    ['in messages that cut frames anywhere', 7],
  ])('[3080 §2.4] carry a session: %s', async (_, size) => {
    place = await Place.open();
    const [socket, accepted] = await Promise.all([raw(place.url), place.next()]);
    const transport = new WebSocketTransport(socket, facts);
    const write = transport.write.bind(transport);
    transport.write = (octets) => {
      let goesOn = true;
      for (let at = 0; at < octets.length; at += size) goesOn = write(octets.subarray(at, at + size));
      return goesOn;
    };
    const peers = [
      drive(transport, { role: 'initiator', profiles: [] }),
      drive(new WebSocketTransport(accepted, facts), { role: 'listener', profiles: [echo] }),
    ] as const;
    await expectEcho(peers[0]);
    await peers[0].released();
    expect(await peers[1].ended).toEqual({ kind: 'released' });
  });
});

/** A page's transport, which is opened, and the WebSocket at the other end. */
async function toPage() {
  place = await Place.open();
  const [transport, socket] = await Promise.all([page(place.url), place.next()]);
  const listener = new Listener();
  transport.open(listener);
  return { socket, listener };
}

/** A WebSocket of `ws` that is open. */
async function raw(url: string, protocols: string[] = []): Promise<NodeWebSocket> {
  const socket = new NodeWebSocket(url, protocols);
  await once(socket, 'open');
  return socket;
}

async function expectEcho(peer: Peer): Promise<void> {
  const { channel } = await peer.startChannel({ profiles: [{ uri: 'urn:echo' }], handler: new Recorder() });
  const payload = new Uint8Array(1000).fill(7);
  const reply = await new Promise((resolve) => channel.send(payload, resolve));
  expect(reply).toEqual({ kind: 'RPY', payload });
}

describe('the other end', () => {
  it.each([[[]], [['beep']], [['chat', 'beep']]])('may ask for the subprotocols %j', async (protocols) => {
    place = await Place.open();
    const [socket, accepted] = await Promise.all([raw(place.url, protocols), place.next()]);
    expect(socket.protocol).toBe(protocols.includes('beep') ? 'beep' : '');
    const peer = drive(new WebSocketTransport(socket, facts), { role: 'initiator', profiles: [] });
    drive(new WebSocketTransport(accepted, facts), { role: 'listener', profiles: [echo] });
    await expectEcho(peer);
  });

  it('is told with 1003 that its text messages are not taken', async () => {
    place = await Place.open();
    const [socket, accepted] = await Promise.all([raw(place.url), place.next()]);
    const listener = new Listener();
    new WebSocketTransport(accepted, facts).open(listener);
    socket.send('RPY 0 0 . 0 0\r\nEND\r\n');
    socket.send(Uint8Array.of(1));
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([
      1003,
      'the peer sent a text message; BEEP travels in binary ones',
    ]);
    expect(listener.octets).toBe(0);
    expect(listener.ends).toEqual([new Error('the peer sent a text message; BEEP travels in binary ones')]);
  });

  it('is told the same by a page, in the code that pages may use', async () => {
    const { socket, listener } = await toPage();
    socket.send('text');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4003);
    expect(listener.ends).toEqual([expect.any(Error)]);
  });

  it.each([
    ['cleanly', undefined, undefined],
    ['cleanly', 1001, undefined],
    ['with an error', 1011, new Error('the connection was closed with code 1011')],
  ])('is seen to close: %s, with the code %s', async (_, code, end) => {
    const { socket, listener } = await toPage();
    socket.close(code);
    await until(() => listener.ends.length > 0);
    expect(listener.ends).toEqual([end]);
  });

  it('that sends more than is taken ends the connection with an error', async () => {
    place = await Place.open();
    const server = new WebSocketServer({ noServer: true, maxPayload: 100 });
    const http = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void http.close());
    await once(http, 'listening');
    const listener = new Listener();
    http.on('upgrade', (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (accepted) => {
        new WebSocketTransport(accepted, facts).open(listener);
      });
    });
    const socket = await raw(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`);
    socket.send(new Uint8Array(101));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
    expect(listener.ends).toEqual([expect.any(Error)]);
  });
});

describe('a connection that cannot be opened', () => {
  it('tells so where nobody listens, and where something else does', async () => {
    place = await Place.open();
    const { url } = place;
    place.close();
    await expect(page(url)).rejects.toThrow();
    const http = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    onTestFinished(() => void http.close());
    await once(http, 'listening');
    await expect(page(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`)).rejects.toThrow();
    await expect(page('ws://a b/')).rejects.toThrow();
  });

  it('is given up when it is told to, and in its time', async () => {
    place = await Place.open();
    const reason = new Error('enough');
    await expect(openWebSocket({ url: place.url, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const silent = createServer().listen(0, '127.0.0.1');
    silent.on('upgrade', (_, socket: Socket) => socket.on('error', () => {}));
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const controller = new AbortController();
    const opening = openWebSocket({ url, signal: controller.signal });
    await once(silent, 'upgrade');
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await expect(openWebSocket({ url, timeoutMs: 20 })).rejects.toThrow(/no connection to .* in 20 ms/);
  });
});

it('says what the address says: where it leads, and whether it is protected', async () => {
  const { first } = await opened();
  expect([first.remoteAddress, first.secured]).toEqual([new URL(place.url).host, false]);
});
