import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { identityOf, isSubaddress } from '@apex/protocol';
import { usage } from './errors.ts';

/** The port of the demo server. */
const DEFAULT_PORT = 9130;

export type Target = TcpTarget | WebSocketTarget;

export interface TcpTarget {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
  /** Whether what is sent there stays on this machine. */
  readonly isLoopback: boolean;
}

export interface WebSocketTarget {
  readonly kind: 'websocket';
  readonly url: string;
  readonly isLoopback: boolean;
  /** Whether it begins with wss. */
  readonly isSecured: boolean;
}

/** Reads `host`, `host:port`, `[::1]:port`, an IPv6 address, or a URL of WebSocket. Throws AppError `usage`. */
export function parseTarget(text: string): Target {
  if (/^wss?:\/\//i.test(text)) return parseUrl(text);
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = isIP(text) === 6 ? [text, text] : /^([^:[\]\s]+)(?::(\d+))?$/.exec(text);
  const [, host, portText] = bracketed ?? plain ?? [];
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (host === undefined || port < 1 || port > 65_535 || (bracketed !== null && isIP(host) !== 6)) {
    throw usage(`--server ${text}: expected host, host:port or wss://host/beep`);
  }
  return { kind: 'tcp', host, port, isLoopback: isLoopback(host) };
}

function parseUrl(text: string): WebSocketTarget {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') {
    throw usage(`--server ${text}: expected an address such as wss://example.com/beep`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    kind: 'websocket',
    url: url.href,
    isLoopback: isLoopback(host),
    isSecured: url.protocol === 'wss:',
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * What a tool attaches as: a subaddress of its own, so that two of them never meet (C16); a subaddress
 * that was named is taken as it is. Throws AppError `usage`.
 */
export function attachmentFor(endpoint: string): string {
  const identity = endpointOf(endpoint, '--as');
  if (isSubaddress(identity)) return identity;
  const at = identity.lastIndexOf('@');
  const name = `apex-${randomInt(36 ** 8)
    .toString(36)
    .padStart(8, '0')}`;
  return `${identity.slice(0, at)}/${name}${identity.slice(at)}`;
}

/** The endpoint in its canonical form. Throws AppError `usage` that names `option`. */
export function endpointOf(text: string, option: string): string {
  const identity = identityOf(text);
  if (identity === undefined) throw usage(`${option} ${text}: expected an endpoint such as fred@example.com`);
  return identity;
}
