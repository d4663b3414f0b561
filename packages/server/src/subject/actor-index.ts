import { isService, literalActor } from '@apex/protocol';
import type { AccessRecord } from '../store/ports.ts';

/**
 * An address as the texts of the actors that can match it (RFC 3341 §3). Canonical texts are equal
 * exactly when the actors are, so they serve as keys.
 */
export interface Address {
  /** Texts of the local part, the most exact first; their place is their exactness. */
  readonly locals: readonly [literal: string, subaddresses: string | undefined, wildcard: string | undefined];
  readonly domain: string;
  readonly isService: boolean;
}

/** The best entry for an address. The smaller the exactness, the better the match (RFC 3341 §3.1). */
export interface Match {
  readonly actions: readonly string[];
  readonly exactness: number;
}

/** Exactness of a match by the domain `*`: behind that of any domain, which has at most 255 characters. */
export const ANY_DOMAIN = 4096;
/** What `*` and `apex=*` add to the exactness of the domain, which is the primary key. */
export const ANY_LOCAL = 2;

/** The explicit entries of one owner, by their actor; those without actions were removed (A4). */
export type Entries = ReadonlyMap<string, AccessRecord>;

/** Whether there is an entry with exactly this actor. */
export function hasEntry(entries: Entries | undefined, local: string, domain: string): boolean {
  return entries?.get(`${local}@${domain}`)?.actions !== undefined;
}

/** A1: domain exactness first, then local exactness. */
export function matchEntry(entries: Entries | undefined, address: Address): Match | undefined {
  if (entries === undefined || entries.size === 0) return undefined;
  const { domain } = address;
  const exact = matchLocal(entries, domain, 0, address);
  if (exact !== undefined) return exact;
  // A1: a domain wildcard matches zero or more subdomains; the shorter its match, the better
  for (let start = 0; ; ) {
    const match = matchLocal(entries, `*.${domain.slice(start)}`, 4 * (start + 1), address);
    if (match !== undefined) return match;
    start = domain.indexOf('.', start) + 1;
    if (start === 0) break;
  }
  return matchLocal(entries, '*', ANY_DOMAIN, address);
}

function matchLocal(
  entries: Entries,
  domain: string,
  domainExactness: number,
  address: Address,
): Match | undefined {
  for (let exactness = 0; exactness <= ANY_LOCAL; exactness++) {
    const local = address.locals[exactness];
    const actions = local === undefined ? undefined : entries.get(`${local}@${domain}`)?.actions;
    if (actions !== undefined) return { actions, exactness: domainExactness + exactness };
  }
  return undefined;
}

export function addressOf(identity: string): Address {
  const [literal, domain] = partsOf(literalActor(identity));
  const slash = literal.indexOf('/');
  const service = isService(identity);
  // A1: `*` as the whole local part never matches a service
  const wildcard = service ? (literal.length > 'apex='.length ? 'apex=*' : undefined) : '*';
  return {
    locals: [literal, slash < 0 ? undefined : `${literal.slice(0, slash)}/*`, wildcard],
    domain,
    isService: service,
  };
}

function partsOf(actor: string): readonly [local: string, domain: string] {
  const at = actor.indexOf('@');
  return [actor.slice(0, at), actor.slice(at + 1)];
}
