import { isIP } from 'node:net';
import { ReplyError } from '@apex/beep';
import type { Clock } from '../clock.ts';
import { type AddressBook, isMissing } from './address-book.ts';
import { MESH_PORT } from './port-number.ts';
import { type SrvRecord, srvOrder } from './srv-order.ts';

/** Where a relay of a domain may be reached. */
export interface RelayPlace {
  /** An address. */
  readonly host: string;
  readonly port: number;
}

/** Where the relay of one domain is, when that is configured. */
export interface StaticPlace {
  /** A name or an address. */
  readonly host: string;
  /** Default 912. */
  readonly port?: number | undefined;
}

export interface RelayDirectoryOptions {
  readonly book: AddressBook;
  readonly clock: Clock;
  /** Goes before what the DNS says. */
  readonly table: ReadonlyMap<string, StaticPlace>;
  /** Whether domains are looked for that are not in the table. */
  readonly discovery: boolean;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/** How long an answer counts, in milliseconds: what Node tells of SRV records has no time to live. */
const FOUND_MS = 60_000;
const MISSING_MS = 60_000;
/** Answers that are remembered: the latest ones. */
const REMEMBERED = 1000;
/** Places of one domain that are tried. */
const PLACES = 8;

type Answer =
  | { readonly kind: 'srv'; readonly records: readonly SrvRecord[] }
  /** No SRV record: the domain itself is the host. */
  | { readonly kind: 'host' }
  | { readonly kind: 'none'; readonly text: string };

/**
 * Finds the relays of a domain (RFC 3340 §3.1): by the configured table, by a domain literal, by SRV records (RFC 2782),
 * and without these at the registered port of the domain itself. That there are none is remembered as well.
 */
export class RelayDirectory {
  readonly #options: RelayDirectoryOptions;
  readonly #answers = new Map<string, { readonly answer: Answer; readonly until: number }>();

  constructor(options: RelayDirectoryOptions) {
    this.#options = options;
  }

  /**
   * Where relays of the domain are, in the order in which they are to be tried; at least one. Rejects with ReplyError 550
   * when there are none, and with another error when nobody could be asked.
   */
  async find(domain: string): Promise<readonly RelayPlace[]> {
    const { table, discovery } = this.#options;
    const configured = table.get(domain);
    if (configured !== undefined) {
      const { host, port = MESH_PORT } = configured;
      return this.#hosts(domain, [{ name: host, port }]);
    }
    if (!discovery) throw none(domain, 'it is not among the peers, and others are not looked for');
    if (domain.startsWith('[')) return [{ host: literalAddress(domain), port: MESH_PORT }];
    const answer = await this.#answer(domain);
    switch (answer.kind) {
      case 'none':
        throw none(domain, answer.text);
      case 'host':
        return this.#hosts(domain, [{ name: domain, port: MESH_PORT }]);
      case 'srv':
        return this.#hosts(domain, srvOrder(answer.records, this.#options.random));
    }
  }

  /** Whoever waits for an answer gets none. */
  close(): void {
    this.#options.book.close();
  }

  /** What it has found was of no use: the next time it asks. */
  forget(domain: string): void {
    if (this.#answers.get(domain)?.answer.kind !== 'none') this.#answers.delete(domain);
  }

  async #answer(domain: string): Promise<Answer> {
    const known = this.#answers.get(domain);
    if (known !== undefined && known.until > this.#options.clock.monotonic()) return known.answer;
    const answer = await this.#ask(domain);
    this.#remember(domain, answer);
    return answer;
  }

  async #ask(domain: string): Promise<Answer> {
    let records: readonly SrvRecord[];
    try {
      records = await this.#options.book.srv(`_apex-mesh._tcp.${domain}`);
    } catch (error) {
      if (isMissing(error)) return { kind: 'host' };
      throw error;
    }
    const offered = records.filter(({ name }) => name !== '' && name !== '.');
    // RFC 2782: the one target that is the root says that there is no such service.
    if (offered.length === 0) return { kind: 'none', text: 'its SRV record says that there is none' };
    return { kind: 'srv', records: offered };
  }

  /** The addresses of these hosts in their order. Those that do not exist are left out as long as another one does. */
  async #hosts(
    domain: string,
    hosts: readonly { readonly name: string; readonly port: number }[],
  ): Promise<readonly RelayPlace[]> {
    const places: RelayPlace[] = [];
    let failure: unknown;
    for (const { name, port } of hosts.slice(0, PLACES)) {
      try {
        for (const host of await this.#options.book.addresses(name)) places.push({ host, port });
      } catch (error) {
        if (failure === undefined || isMissing(failure)) failure = error;
      }
    }
    if (places.length > 0) return places.slice(0, PLACES);
    if (!isMissing(failure)) throw failure;
    const text = `${hosts.map(({ name }) => name).join(', ')}: no such host`;
    if (!this.#options.table.has(domain)) this.#remember(domain, { kind: 'none', text });
    throw none(domain, text);
  }

  #remember(domain: string, answer: Answer): void {
    const now = this.#options.clock.monotonic();
    this.#answers.delete(domain); // and to the end: the oldest stands first
    this.#answers.set(domain, { answer, until: now + (answer.kind === 'none' ? MISSING_MS : FOUND_MS) });
    if (this.#answers.size <= REMEMBERED) return;
    const [oldest = ''] = this.#answers.keys();
    this.#answers.delete(oldest);
  }
}

function none(domain: string, why: string): ReplyError {
  return new ReplyError(550, `no relay of ${domain} is known: ${why}`);
}

/** 3340 §3.1: the address is in the literal. */
function literalAddress(domain: string): string {
  const address = domain.slice(1, -1).replace(/^ipv6:/i, '');
  if (isIP(address) === 0) throw none(domain, 'the literal is no IP address');
  return address;
}
