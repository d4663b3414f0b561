import { MessageError } from '@apex/beep';
import { isDomain, isFqdn } from '../domain.ts';
import { isLocal, isService } from '../endpoint.ts';

/**
 * Actors (RFC 3341 §3): an endpoint whose local part and domain may be wildcards. In the text a `*`
 * or `\` that belongs to a name is written `\*` and `\\`; any other `*` is a wildcard and stands only
 * where the grammar puts one, so that two actors are the same exactly when their canonical texts are.
 */
export interface ActorPattern {
  readonly local: LocalPattern;
  readonly domain: DomainPattern;
}

/** The part of an actor in front of the `@` (RFC 3341 §3). */
export type LocalPattern =
  | { readonly kind: 'literal'; readonly text: string }
  /** Every subaddress of one address, such as `fred/*`; `prefix` ends with the solidus. */
  | { readonly kind: 'subaddress'; readonly prefix: string }
  /** `apex=*`: every service. */
  | { readonly kind: 'service' }
  /** `*`: every address other than a service. */
  | { readonly kind: 'any' };

/** The part of an actor behind the `@` (RFC 3341 §3). */
export type DomainPattern =
  | { readonly kind: 'literal'; readonly text: string }
  /** `*.x`: the domain x and all its subdomains (A1). */
  | { readonly kind: 'subdomains'; readonly text: string }
  | { readonly kind: 'any' };

/** Who is matched: the two parts of an identity. */
export interface Address {
  readonly local: string;
  /** In lower case. */
  readonly domain: string;
}

/** @throws MessageError `actor.syntax` (501) */
export function parseActor(text: string): ActorPattern {
  const pattern = patternOf(text);
  if (pattern === undefined) {
    throw new MessageError('actor.syntax', 501, `not an actor: "${text.slice(0, 80)}"`);
  }
  return pattern;
}

/** The canonical text, by which entries are got and set literally (3341 §3.2): the domain in lower case. */
export function formatActor(pattern: ActorPattern): string {
  return `${formatLocal(pattern.local)}@${formatDomain(pattern.domain)}`;
}

/** The actor that matches this endpoint only. */
export function literalActor(identity: string): string {
  return escapeWildcards(identity);
}

/** The canonical text of the actor that `text` names; undefined when it names none. */
export function actorOf(text: string): string | undefined {
  const pattern = patternOf(text);
  return pattern === undefined ? undefined : formatActor(pattern);
}

/** Whether `text` is the canonical text of an actor. */
export function isActor(text: string): boolean {
  return actorOf(text) === text;
}

/** 3341 §3.1 rule 2: whether the actor stands for this address. */
export function matchesActor(pattern: ActorPattern, address: Address): boolean {
  return matchesDomain(pattern.domain, address.domain) && matchesLocal(pattern.local, address.local);
}

/**
 * Sorts the better match first (RFC 3341 §3.1). For two actors that match the same address the one
 * with more literal characters has the shorter wildcard match, and a literal has none: the order does
 * not depend on the address, so entries can be kept sorted.
 */
export function compareExactness(a: ActorPattern, b: ActorPattern): number {
  // 3341 §3.1 rule 3, 3341 §3.1 rule 4, 3341 §3.1 rule 5: the domain is the primary key, the local part the secondary.
  const byDomain = literalLength(b.domain) - literalLength(a.domain);
  return byDomain !== 0 ? byDomain : literalLength(b.local) - literalLength(a.local);
}

/**
 * Whether a list of actions grants `action` (RFC 3341 §3): by its own words, or through `all`. A list
 * with `all:none` grants nothing (A2).
 */
export function actionAllowed(actions: readonly string[], action: string): boolean {
  const colon = action.indexOf(':');
  let allowed = false;
  for (const granted of actions) {
    if (granted === 'all:none') return false;
    if (!allowed) allowed = grants(granted, action, colon);
  }
  return allowed;
}

/** 3341 §3 rule 6: `core` is a service like others here. */
function grants(granted: string, action: string, colon: number): boolean {
  // 3341 §3 rule 8
  if (granted.endsWith(':none')) return false;
  if (granted === action || granted === 'all:all') return true;
  // 3341 §3 rule 5
  if (granted.startsWith('all:')) return granted.slice(4) === action.slice(colon + 1);
  // 3341 §3 rule 7
  return granted.endsWith(':all') && granted.slice(0, -4) === action.slice(0, colon);
}

function matchesLocal(pattern: LocalPattern, local: string): boolean {
  switch (pattern.kind) {
    case 'literal':
      return local === pattern.text;
    case 'subaddress':
      return local.length > pattern.prefix.length && local.startsWith(pattern.prefix);
    case 'service':
      // 3341 §3.1: a wildcard stands for at least one character.
      return isService(local) && local.length > 5;
    case 'any':
      // A1, 3341 §3: any address other than a service.
      return !isService(local);
  }
}

function matchesDomain(pattern: DomainPattern, domain: string): boolean {
  switch (pattern.kind) {
    case 'literal':
      return domain === pattern.text;
    case 'subdomains':
      // A1, 3341 §3 rule 18: zero or more subdomains.
      return (
        domain.endsWith(pattern.text) &&
        (domain.length === pattern.text.length ||
          domain.charCodeAt(domain.length - pattern.text.length - 1) === 0x2e)
      );
    case 'any':
      return true;
  }
}

/** 3341 §3.1 rule 6, 3341 §3.1 rule 7: a literal is best, then the wildcard that stands for least. */
function literalLength(pattern: LocalPattern | DomainPattern): number {
  switch (pattern.kind) {
    case 'literal':
      return Number.MAX_SAFE_INTEGER;
    case 'subaddress':
      return pattern.prefix.length;
    case 'service':
      return 'apex='.length;
    case 'subdomains':
      return pattern.text.length;
    case 'any':
      return 0;
  }
}

function patternOf(text: string): ActorPattern | undefined {
  const at = text.indexOf('@');
  if (at === -1) return undefined;
  const local = localPattern(text.slice(0, at));
  const domain = domainPattern(text.slice(at + 1));
  return local === undefined || domain === undefined ? undefined : { local, domain };
}

/** 3341 §3 rule 9 */
function localPattern(text: string): LocalPattern | undefined {
  if (text === '*') return { kind: 'any' };
  if (text === 'apex=*') return { kind: 'service' };
  if (text.endsWith('/*')) {
    const address = unescaped(text.slice(0, -2));
    return address !== undefined && isLocal(address) && !address.includes('/')
      ? { kind: 'subaddress', prefix: `${address}/` }
      : undefined;
  }
  const literal = unescaped(text);
  return literal !== undefined && isLocal(literal) ? { kind: 'literal', text: literal } : undefined;
}

/** 3341 §3 rule 14 */
function domainPattern(text: string): DomainPattern | undefined {
  if (text === '*') return { kind: 'any' };
  const lower = text.toLowerCase();
  if (lower.startsWith('*.')) {
    return isFqdn(lower.slice(2)) ? { kind: 'subdomains', text: lower.slice(2) } : undefined;
  }
  const literal = unescaped(lower);
  return literal !== undefined && isDomain(literal) ? { kind: 'literal', text: literal } : undefined;
}

function formatLocal(pattern: LocalPattern): string {
  switch (pattern.kind) {
    case 'literal':
      return escapeWildcards(pattern.text);
    case 'subaddress':
      return `${escapeWildcards(pattern.prefix)}*`;
    case 'service':
      return 'apex=*';
    case 'any':
      return '*';
  }
}

function formatDomain(pattern: DomainPattern): string {
  switch (pattern.kind) {
    case 'literal':
      return escapeWildcards(pattern.text);
    case 'subdomains':
      return `*.${pattern.text}`;
    case 'any':
      return '*';
  }
}

function escapeWildcards(text: string): string {
  return /[*\\]/.test(text) ? text.replace(/[*\\]/g, '\\$&') : text;
}

/** 3341 §3 rule 20. Undefined when a `*` or `\` stands unescaped. */
function unescaped(text: string): string | undefined {
  if (!/[*\\]/.test(text)) return text;
  return /^(?:[^*\\]|\\[*\\])*$/.test(text) ? text.replace(/\\([*\\])/g, '$1') : undefined;
}
