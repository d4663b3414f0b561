import { decodeBase64, saslprep, UsageError } from '@apex/beep';
import {
  actorOf,
  canonicalIdentity,
  compareInstants,
  formatActor,
  formatApexUrl,
  formatCid,
  formatEndpoint,
  formatTimestamp,
  identityOf,
  isActor,
  isDomain,
  isFqdn,
  isIdentity,
  isSubaddress,
  isTimestamp,
  isUri,
  literalActor,
  matchesActor,
  msFromInstant,
  parent,
  parseActor,
  parseApexUrl,
  parseContentReference,
  parseEndpoint,
  parseTimestamp,
  parseTransID,
  parseTransIDOrZero,
} from '@apex/protocol';
import { accepted, must, mustEqual } from '../finding.ts';
import type { Target } from '../target.ts';

/** RFC 3340 §2.2, RFC 3341 §3, RFC 3339, RFC 2396, RFC 2821. */
export const names: Target = {
  name: 'names',
  reads: 'endpoints, domains, actors, timestamps, URIs, transaction-identifiers, passwords',
  covers: ['endpoint', 'domain', 'timestamp', 'uri', 'transaction', 'access/actor']
    .map((file) => `protocol/src/${file}.ts`)
    .concat('beep/src/profile/sasl/saslprep.ts', 'beep/src/profile/sasl/stringprep.ts'),
  words: [
    ...['fred', '@', 'example.com', '/', 'apex=', 'APEX=', '*', '\\*', '\\\\', '*.', '[IPv6:', '::', '[10.0.0.1]', ']', '[tag:x]'],
    ...['2000-05-14T13:02:00', 'Z', '-00:00', '+23:59', '.5', ':60', '1998-12-31T23:59:60Z', '0000-01-01', '9999-12-31'],
    ...['apex:', 'cid:', '#', '%', '%40', '%2F', '%00', 'http://', '?', ';', 'xn--', '-', '.', 'K', 'ſ', 'İ', 'é', '\u0301'],
    ...['\ud83d\ude00', '\ufffe', '\u00ad', '\u00a0', '\u3000', '\u0627', '\u05d0', '1', '2147483647', '\n', ' '],
  ], // biome-ignore format: a list
  maxOctets: 1024,
  work: { base: 200_000, perOctet: 2000 },
  briefly: 4000,
  run(input) {
    const text = new TextDecoder().decode(input);
    checkEndpoint(text);
    checkActor(text);
    checkTimestamp(text);
    checkUri(text);
    checkNumbers(text);
    checkPassword(text);
    if (isFqdn(text)) must(isDomain(text), 'a FQDN that is no domain');
    accepted(() => decodeBase64(text));
  },
};

function checkEndpoint(text: string): void {
  const identity = identityOf(text);
  mustEqual(
    accepted(() => canonicalIdentity(text)),
    identity,
    'canonicalIdentity',
  );
  if (identity === undefined) return must(!isIdentity(text), 'an identity that is no endpoint');
  mustEqual(identityOf(identity), identity, 'an identity read again');
  must(isIdentity(identity), 'isIdentity');
  mustEqual(formatEndpoint(parseEndpoint(identity)), identity, 'an endpoint written again');
  mustEqual(isSubaddress(identity), parent(identity) !== identity, 'a subaddress');
  must(isIdentity(parent(identity)) && !isSubaddress(parent(identity)), 'the endpoint of a subaddress');
  mustEqual(parseApexUrl(formatApexUrl(identity)), identity, 'an apex: URL');
  must(isUri(formatApexUrl(identity)), 'an apex: URL that is no URI');
  const { local, domain } = parseEndpoint(identity);
  must(matchesActor(parseActor(literalActor(identity)), { local, domain }), 'a literal actor');
}

function checkActor(text: string): void {
  const canonical = actorOf(text);
  const pattern = accepted(() => parseActor(text));
  mustEqual(pattern === undefined ? undefined : formatActor(pattern), canonical, 'an actor written');
  if (pattern === undefined || canonical === undefined) return;
  must(isActor(canonical), 'an actor that is not canonical');
  mustEqual(parseActor(canonical), pattern, 'an actor read again');
}

function checkTimestamp(text: string): void {
  const instant = accepted(() => parseTimestamp(text));
  mustEqual(isTimestamp(text), instant !== undefined, 'isTimestamp');
  if (instant === undefined) return;
  mustEqual(compareInstants(instant, parseTimestamp(text)), 0, 'an instant compared with itself');
  const ms = msFromInstant(instant);
  must(Number.isSafeInteger(ms), `milliseconds ${ms}`);
  if (!instant.leap) mustEqual(ms, Date.parse(text.toUpperCase()), 'what Date reads');
  const written = formatted(ms);
  if (written !== undefined) mustEqual(msFromInstant(parseTimestamp(written)), ms, 'a timestamp read again');
}

/** Undefined outside the years 0000 to 9999, into which an offset can lead. */
function formatted(ms: number): string | undefined {
  try {
    return formatTimestamp(ms);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'timestamp.range') return undefined;
    throw error;
  }
}

function checkUri(text: string): void {
  const url = accepted(() => parseApexUrl(text));
  if (url !== undefined) must(isIdentity(url), 'an apex: URL of no endpoint');
  const reference = parseContentReference(text);
  if (reference?.kind === 'external') must(isUri(reference.uri), 'an external reference that is no URI');
  if (reference?.kind === 'cid') {
    mustEqual(parseContentReference(formatCid(reference.contentId)), reference, 'a cid: URL read again');
  }
}

function checkNumbers(text: string): void {
  const orZero = accepted(() => parseTransIDOrZero(text));
  const transID = accepted(() => parseTransID(text));
  mustEqual(transID, orZero === 0 ? undefined : orZero, 'transID');
  if (orZero !== undefined) mustEqual(orZero, Number(text), 'the number of a transID');
}

/** 4013 §2: what is prepared stays as it is when it is prepared again. */
function checkPassword(text: string): void {
  for (const use of ['query', 'stored'] as const) {
    const prepared = preparedPassword(text, use);
    if (prepared === undefined) continue;
    mustEqual(preparedPassword(prepared, use), prepared, `saslprep ${use}, twice`);
  }
}

function preparedPassword(text: string, use: 'query' | 'stored'): string | undefined {
  try {
    return saslprep(text, use);
  } catch (error) {
    if (error instanceof UsageError && error.code.startsWith('password.')) return undefined;
    throw error;
  }
}
