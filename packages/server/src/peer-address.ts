import { isIP } from 'node:net';

/**
 * What counts as one address when peers are limited by it: an IPv4 address, or the 64 bits of an IPv6 address
 * that are one network. Undefined for peers on this machine, which tell nothing about who is behind them: a
 * proxy there stands for many; so for whatever is no address. `remoteAddress` is `host:port`, as sessions have it.
 */
export function limitedAddress(remoteAddress: string): string | undefined {
  if (isLoopback(remoteAddress)) return undefined;
  const address = unmapped(hostOf(remoteAddress));
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return network(address);
    default:
      return undefined;
  }
}

/** Whether `host:port` is an address of this machine that no other one can use. */
export function isLoopback(remoteAddress: string): boolean {
  const address = unmapped(hostOf(remoteAddress));
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** The IPv4 address that an IPv6 address stands for, if it does. */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** `host` of `host:port`, without the brackets of IPv6. */
export function hostOf(remoteAddress: string): string {
  const host = remoteAddress.slice(0, Math.max(0, remoteAddress.lastIndexOf(':')));
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** The first four groups, as the text of the system writes them: `::` stands for as many zeros as are missing. */
function network(address: string): string {
  const [zoneless = ''] = address.toLowerCase().split('%');
  const [before = '', behind] = zoneless.split('::');
  const groups = before === '' ? [] : before.split(':');
  if (behind !== undefined) {
    const last = behind === '' ? [] : behind.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
