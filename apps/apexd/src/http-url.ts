import { isIPv6 } from 'node:net';

/** An address of the server as pages see it when no proxy stands in between. */
export function httpUrl(
  scheme: 'http' | 'ws',
  { host, port }: { readonly host: string; readonly port: number },
  isProtected: boolean,
  path: string,
): string {
  return `${scheme}${isProtected ? 's' : ''}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
}
