import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WebSocketFacts } from '@apex/beep/websocket';

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
