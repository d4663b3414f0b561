import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WebSocketFacts } from '@apex/beep/websocket';
import { isLoopback } from '../peer-address.ts';

/**
 * Who has sent a request, and whether on a protected connection. Behind a proxy that is trusted, that is what the proxy
 * says: it adds the address of its peer at the end of X-Forwarded-For, and sets X-Forwarded-Proto. What others
 * have written there before, the peer itself included, does not count.
 */
export function peerOf(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustProxy: boolean,
): WebSocketFacts {
  const direct = {
    remoteAddress: addressOf(socket),
    secured: (socket as Partial<TLSSocket>).encrypted === true,
  };
  if (!trustProxy) return direct;
  const address = lastOf(headers['x-forwarded-for']);
  return {
    // Of its port the proxy says nothing.
    remoteAddress: isIP(address) === 0 ? direct.remoteAddress : `${hostOf(address)}:0`,
    secured: direct.secured || lastOf(headers['x-forwarded-proto']).toLowerCase() === 'https',
  };
}

/**
 * Whether a program on this machine has sent a request, and nobody through it: it comes from a loopback address,
 * and asks for one. What a proxy has brought is the proxy's peer's: of one that is not trusted nobody can say who
 * that is. A page that reaches this machine by a name of its own (DNS rebinding) has asked for that name.
 */
export function isLocal(request: Pick<IncomingMessage, 'headers' | 'socket'>, trustProxy: boolean): boolean {
  const { headers } = request;
  if (!isLoopback(peerOf(request, trustProxy).remoteAddress)) return false;
  if (trustProxy && headers['x-forwarded-for'] !== undefined) return true;
  if (broughtBy.some((field) => headers[field] !== undefined)) return false;
  const named = URL.parse(`http://${headers.host ?? ''}`)?.hostname ?? '';
  return named === 'localhost' || isLoopback(`${named}:0`);
}

/** What proxies add. */
const broughtBy = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

/** `host:port` of the other end of a connection. */
export function addressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${hostOf(remoteAddress)}:${remotePort}`;
}

function lastOf(field: string | readonly string[] | undefined): string {
  return [field ?? ''].flat().join(',').split(',').at(-1)!.trim();
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
