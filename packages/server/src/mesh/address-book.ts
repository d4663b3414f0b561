import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { SrvRecord } from './srv-order.ts';

/** What is asked of the DNS. Both reject with an error whose `code` is that of `node:dns`. */
export interface AddressBook {
  srv(name: string): Promise<readonly SrvRecord[]>;
  /** The addresses of a host; those of an address are itself. */
  addresses(host: string): Promise<readonly string[]>;
  /** Whoever waits for an answer gets none. */
  close(): void;
}

/** For one question to one name server, in milliseconds; it is asked as often. */
const ANSWER_MS = 2000;
const TRIES = 2;

/**
 * Asks the name servers of the system, or these (`address` or `address:port`). Without any of its own, hosts are
 * looked up as the system does it for all its programs.
 */
export function addressBook(servers?: readonly string[]): AddressBook {
  const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers([...servers]);
  const resolved = async (host: string): Promise<readonly string[]> => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    const failures = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason as unknown] : [],
    );
    // That one kind of address is missing says nothing when the other kind could not be asked for.
    throw failures.find((failure) => !isMissing(failure)) ?? failures[0];
  };
  const ofSystem = async (host: string): Promise<readonly string[]> =>
    (await lookup(host, { all: true })).map(({ address }) => address);
  return {
    srv: (name) => resolver.resolveSrv(name),
    async addresses(host) {
      if (isIP(host) !== 0) return [host];
      return servers === undefined ? ofSystem(host) : resolved(host);
    },
    close: () => resolver.cancel(),
  };
}

/** Whether the DNS has answered that there is nothing of the kind. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}
