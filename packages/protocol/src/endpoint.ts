import { MessageError } from '@apex/beep';
import { isDomain } from './domain.ts';

/**
 * Names of endpoints (RFC 3340 §2.2). An identity is the canonical text of one: `local@domain` with
 * the domain in lower case, so that two identities name the same endpoint exactly when the strings
 * are equal (RFC 3340 §2.2.1).
 */
export interface Endpoint {
  readonly address: string;
  readonly subaddress: string | undefined;
  /** `address`, or `address/subaddress`. Compared letter by letter. */
  readonly local: string;
  /** FQDN or literal, in lower case. */
  readonly domain: string;
}

/**
 * RFC 3340 §2.2, `token`. Characters outside US-ASCII are those that UTF-8 and XML can both carry,
 * so neither lone surrogates nor U+FFFE and U+FFFF.
 */
const TOKEN_CHARACTER =
  '[\\x20-\\x2e\\x30-\\x3f\\x41-\\x7e\\x80-\\ud7ff\\ue000-\\ufffd\\u{10000}-\\u{10ffff}]';
const LOCAL = new RegExp(`^${TOKEN_CHARACTER}+(?:/${TOKEN_CHARACTER}+)?$`, 'u');

/** Nearly all names: no character that needs a closer look, the domain already in lower case. */
const PLAIN_IDENTITY =
  /^[a-z0-9=._-]+(?:\/[a-z0-9=._-]+)?@(?=[a-z0-9.-]{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Whether `text` may be the local part of an endpoint: `address` or `address/subaddress`. */
export function isLocal(text: string): boolean {
  return LOCAL.test(text);
}

/** The canonical name of the endpoint that `text` names; undefined when it names none. */
export function identityOf(text: string): string | undefined {
  if (PLAIN_IDENTITY.test(text)) return text;
  const at = text.indexOf('@');
  if (at === -1) return undefined;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  return LOCAL.test(local) && isDomain(domain) ? `${local}@${domain.toLowerCase()}` : undefined;
}

/** Whether `text` is the canonical name of an endpoint. */
export function isIdentity(text: string): boolean {
  return identityOf(text) === text;
}

/** @throws MessageError `endpoint.syntax` (501) unless `text` is an `entity` (RFC 3340 §2.2). */
export function parseEndpoint(text: string): Endpoint {
  const identity = canonicalIdentity(text);
  const at = identity.indexOf('@');
  const local = identity.slice(0, at);
  const domain = identity.slice(at + 1);
  const slash = local.indexOf('/');
  return slash === -1
    ? { address: local, subaddress: undefined, local, domain }
    : { address: local.slice(0, slash), subaddress: local.slice(slash + 1), local, domain };
}

/** The identity of an endpoint: `local@domain`. */
export function formatEndpoint(endpoint: Pick<Endpoint, 'local' | 'domain'>): string {
  return `${endpoint.local}@${endpoint.domain}`;
}

/**
 * The canonical name of the endpoint that `text` names.
 * @throws MessageError `endpoint.syntax` (501)
 */
export function canonicalIdentity(text: string): string {
  const identity = identityOf(text);
  if (identity === undefined) {
    throw new MessageError('endpoint.syntax', 501, `not an endpoint: "${excerpt(text)}"`);
  }
  return identity;
}

/**
 * RFC 3340 §2.2, the "apex=" convention, in any letter case (C3): names that are reserved for
 * services. Takes an identity or a local part.
 */
export function isService(identity: string): boolean {
  return identity.charCodeAt(4) === 0x3d && identity.slice(0, 4).toLowerCase() === 'apex';
}

/** Whether the endpoint is a subaddress of another (RFC 3340 §2.2, the "subaddress" convention). */
export function isSubaddress(identity: string): boolean {
  const slash = identity.indexOf('/');
  return slash !== -1 && slash < identity.indexOf('@');
}

/** The identity without its subaddress; an identity that has none is returned as it is. */
export function parent(identity: string): string {
  const at = identity.indexOf('@');
  const slash = identity.indexOf('/');
  return slash === -1 || slash > at ? identity : identity.slice(0, slash) + identity.slice(at);
}

/** The administrative domain of an identity. */
export function domainOf(identity: string): string {
  return identity.slice(identity.indexOf('@') + 1);
}

/**
 * The identity that an `apex:` URL stands for: the encoding is reversed before names are compared
 * (RFC 3340 §2.2.1).
 * @throws MessageError `endpoint.url` (501)
 */
export function parseApexUrl(url: string): string {
  const match = /^apex:((?:[A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]]|%[0-9A-Fa-f]{2})+)$/i.exec(url);
  if (match === null) throw notAUrl(url);
  let decoded: string;
  try {
    decoded = decodeURIComponent(match[1] as string);
  } catch {
    throw notAUrl(url);
  }
  return canonicalIdentity(decoded);
}

/** The `apex:` URL of an identity, percent-encoded (RFC 2396 §2.4). */
export function formatApexUrl(identity: string): string {
  const encoded = encodeURI(identity).replace(
    /[?#;]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `apex:${encoded}`;
}

function notAUrl(url: string): MessageError {
  return new MessageError('endpoint.url', 501, `not an apex: URL: "${excerpt(url)}"`);
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
