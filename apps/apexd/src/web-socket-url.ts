import { isIPv6 } from 'node:net';

/** Where pages connect, as they see it when no proxy stands in between. */
export function webSocketUrl(
  { host, port }: { readonly host: string; readonly port: number },
  isProtected: boolean,
): string {
  return `${isProtected ? 'wss' : 'ws'}://${isIPv6(host) ? `[${host}]` : host}:${port}/beep`;
}
