import { domainOf, isService } from '@apex/protocol';
import { ownText } from '../own-text.ts';
import type { AccessRecord } from '../store/ports.ts';
import {
  type Address,
  ANY_DOMAIN,
  ANY_LOCAL,
  addressOf,
  type Entries,
  hasEntry,
  type Match,
  matchEntry,
} from './actor-index.ts';
import { type Grant, grantOf } from './grant.ts';

/**
 * The access entries of one endpoint and of its subaddresses, and who may do what by them
 * (RFC 3341 §3, §3.1 rule 1). A decision looks up the few patterns that can match an actor instead of trying
 * every entry. Decided (owner, actor) pairs are remembered until an entry changes.
 *
 * Each endpoint in memory has a table: one map for its own entries and one for decisions about it. Subaddresses
 * with entries of their own are rare, and theirs are made when they are needed.
 */
export class AccessTable {
  readonly #endpoint: string;
  /** By actor as written; removed entries included (A4). */
  readonly #own = new Map<string, AccessRecord>();
  #ofSubaddresses: Map<string, Map<string, AccessRecord>> | undefined = undefined;
  readonly #decided = new Map<string, Grant>();
  #decidedOfSubaddresses: Map<string, Map<string, Grant>> | undefined = undefined;
  #decidedCount = 0;
  #size = 0;

  constructor(endpoint: string, records: readonly AccessRecord[]) {
    this.#endpoint = endpoint;
    for (const record of records) this.#set(record);
  }

  /** The explicit entry of exactly this owner and actor, removed ones included. */
  find(owner: string, actor: string): AccessRecord | undefined {
    return this.#entries(owner)?.get(actor);
  }

  /** The explicit entries of exactly this owner (A6). */
  ofOwner(owner: string): readonly AccessRecord[] {
    return [...(this.#entries(owner)?.values() ?? [])].filter((record) => record.actions !== undefined);
  }

  /** The explicit entries of the endpoint and of its subaddresses. */
  all(): readonly AccessRecord[] {
    return [this.#endpoint, ...(this.#ofSubaddresses?.keys() ?? [])].flatMap((owner) => this.ofOwner(owner));
  }

  /** Records that are kept: the entries, and what is remembered of removed ones (A4). */
  get size(): number {
    return this.#size;
  }

  put(record: AccessRecord): void {
    this.#set(record);
    this.#forgetDecisions();
  }

  /** Whether the entry that matches `actor` best contains `action` (RFC 3341 §3.1). */
  allows(owner: string, actor: string, action: string): boolean {
    return this.grant(owner, actor).allows(action);
  }

  /** What the entry that matches `actor` best grants. */
  grant(owner: string, actor: string): Grant {
    const isOwn = owner === this.#endpoint;
    const decided = (isOwn ? this.#decided : this.#decidedOfSubaddresses?.get(owner))?.get(actor);
    if (decided !== undefined) return decided;
    const grant = grantOf(this.#decide(owner, actor));
    if (this.#decidedCount >= (isService(this.#endpoint) ? REMEMBERED_OF_SERVICES : REMEMBERED)) {
      this.#forgetDecisions();
    }
    let decisions = this.#decided;
    if (!isOwn) {
      this.#decidedOfSubaddresses ??= new Map();
      decisions = mapOf(this.#decidedOfSubaddresses, owner);
    }
    decisions.set(ownText(actor), grant);
    this.#decidedCount += 1;
    return grant;
  }

  #set(record: AccessRecord): void {
    const { owner, actor } = record;
    let entries = this.#own;
    if (owner !== this.#endpoint) {
      this.#ofSubaddresses ??= new Map();
      entries = mapOf(this.#ofSubaddresses, owner);
    }
    if (!entries.has(actor)) this.#size += 1;
    entries.set(actor, record);
  }

  #forgetDecisions(): void {
    this.#decided.clear();
    this.#decidedOfSubaddresses = undefined;
    this.#decidedCount = 0;
  }

  /** The actions of the entry that applies, default entries included (A3). */
  #decide(owner: string, actor: string): readonly string[] {
    const address = addressOf(actor);
    // A6: the owner's own entries; when none of them matches, those of its endpoint
    const explicit = matchEntry(this.#entries(owner), address) ?? matchEntry(this.#own, address);
    // 3341 §3 rule 19: default entries stand beside the explicit ones; the more exact one applies
    const byDefault = this.#matchDefault(owner, actor, address);
    if (explicit === undefined) return byDefault?.actions ?? NOTHING;
    if (byDefault === undefined || explicit.exactness <= byDefault.exactness) return explicit.actions;
    return byDefault.actions;
  }

  /**
   * The default entry that matches (RFC 3341 §3), unless an explicit entry with the same actor
   * overrides it. `*@*` with all:none is left out: it grants what no entry at all grants.
   */
  #matchDefault(owner: string, actor: string, address: Address): Match | undefined {
    const [literal] = address.locals;
    if (actor === owner || actor === this.#endpoint) {
      if (this.#overrides(owner, literal, address.domain)) return undefined;
      return { actions: EVERYTHING, exactness: 0 };
    }
    if (!address.isService) return undefined;
    if (domainOf(actor) === domainOf(this.#endpoint) && !this.#overrides(owner, 'apex=*', address.domain)) {
      return { actions: EVERYTHING, exactness: ANY_LOCAL };
    }
    if (this.#overrides(owner, 'apex=*', '*')) return undefined;
    return { actions: DATA, exactness: ANY_DOMAIN + ANY_LOCAL };
  }

  #overrides(owner: string, local: string, domain: string): boolean {
    return hasEntry(this.#entries(owner), local, domain) || hasEntry(this.#own, local, domain);
  }

  #entries(owner: string): Entries | undefined {
    return owner === this.#endpoint ? this.#own : this.#ofSubaddresses?.get(owner);
  }
}

/** The map of one subaddress, made if it is not there. */
function mapOf<V>(maps: Map<string, Map<string, V>>, subaddress: string): Map<string, V> {
  let map = maps.get(subaddress);
  if (map === undefined) {
    map = new Map();
    maps.set(subaddress, map);
  }
  return map;
}

/** Decisions remembered for one endpoint and its subaddresses: those who ask choose the actors. */
const REMEMBERED = 256;
/** Services are few, and everybody asks them. */
const REMEMBERED_OF_SERVICES = 65_536;
const EVERYTHING = ['all:all'] as const;
const DATA = ['core:data'] as const;
const NOTHING = ['all:none'] as const;
