/**
 * What a server under test must hold: groups of endpoints, one group a test, so that tests neither
 * wait for each other nor leave anything behind for each other; and a few endpoints with access
 * entries of their own.
 */
export const password = 'conformance';

/** How many groups the tests of each area take. */
export const areas = {
  beep: 12,
  close: 8,
  windows: 12,
  pipelining: 8,
  sasl: 20,
  hostile: 8,
  attach: 22,
  identity: 8,
  attachment: 16,
  terminate: 10,
  options: 10,
  content: 8,
  part: 8,
  delivery: 12,
  malformed: 12,
  data: 20,
  subscribe: 40,
  watch: 30,
  publish: 40,
  operations: 40,
  access: 16,
  examples: 10,
  status: 20,
  reports: 10,
  timing: 16,
  hold: 20,
  hopping: 6,
} as const;

export type Area = keyof typeof areas;

/** The endpoints of one test, which no other test uses. */
export interface Cast {
  /** Lets wilma, with all her subaddresses, send data and subscribe to him; nobody else. */
  readonly fred: string;
  readonly wilma: string;
  /** Allowed nothing by anybody but himself. */
  readonly barney: string;
}

export function castOf(area: Area, index: number, domain: string): Cast {
  if (index >= areas[area])
    throw new RangeError(`${area}: there are ${areas[area]} groups; raise the number`);
  const name = (first: string): string => `${first}.${area}${index}@${domain}`;
  return { fred: name('fred'), wilma: name('wilma'), barney: name('barney') };
}

export interface ProvisionedEntry {
  readonly owner: string;
  readonly actor: string;
  readonly actions: readonly string[];
}

/** Who lets whom what in the tests of access (RFC 3341 §3, §3.1). */
export interface AccessCast {
  /** The endpoints of the example of RFC 3341 §3.1. */
  readonly fred: string;
  readonly wilma: string;
  readonly mrSlate: string;
  readonly barney: string;
  /** Lets everybody subscribe by `*@*`, nobody of the domain by `*@domain`, but two by their subaddresses. */
  readonly pebbles: string;
  /** Lets barney of any domain do all, everybody of the domain only send data. */
  readonly bammBamm: string;
  /** Has an entry with `*.domain` and one that names the endpoint with a star, escaped. */
  readonly dino: string;
  /**
   * Grants by `all:subscribe`, by `presence:all`, and takes away by `all:none` inside a list; lets
   * everybody else watch.
   */
  readonly hoppy: string;
  /** Has no explicit entry but those that provisioning makes. */
  readonly baby: string;
  /** A star and a backslash in the name. */
  readonly star: string;
  /** What a star that is a wildcard would match. */
  readonly notStar: string;
}

export function accessCast(domain: string): AccessCast {
  const name = (local: string): string => `${local}.access@${domain}`;
  return {
    fred: name('fred'),
    wilma: name('wilma'),
    mrSlate: name('mr.slate'),
    barney: name('barney'),
    pebbles: name('pebbles'),
    bammBamm: name('bamm-bamm'),
    dino: name('dino'),
    hoppy: name('hoppy'),
    baby: name('baby'),
    star: name('a\\b*c'),
    notStar: name('a\\bxxc'),
  };
}

/** An endpoint whose name has to be percent-encoded in a URI. Nobody publishes for it. */
export const encodedEndpoint = (domain: string): string => `zoë rubble%@${domain}`;

/** Tests authenticate as this endpoint that need no more than that; nobody attaches as it. */
export const peerEndpoint = (domain: string): string => `peer@${domain}`;

/** An endpoint for which nobody publishes, so that its entry is the one it was provisioned with. */
export const freshEndpoint = (domain: string): string => `fresh@${domain}`;

export function allCasts(domain: string): Cast[] {
  return (Object.keys(areas) as Area[]).flatMap((area) =>
    Array.from({ length: areas[area] }, (_, index) => castOf(area, index, domain)),
  );
}

export function endpoints(domain: string): string[] {
  return [
    ...allCasts(domain).flatMap((cast) => Object.values(cast) as string[]),
    ...(Object.values(accessCast(domain)) as string[]),
    encodedEndpoint(domain),
    peerEndpoint(domain),
    freshEndpoint(domain),
  ];
}

/** `endpoint,password` lines for `apexd endpoint import`. */
export function importLines(domain: string): string {
  return endpoints(domain)
    .map((endpoint) => `${endpoint},${password}\n`)
    .join('');
}

/** Access entries beside the ones that provisioning makes (C8). */
export function accessEntries(domain: string): ProvisionedEntry[] {
  return [...allCasts(domain).flatMap(castEntries), ...ownEntries(domain)];
}

/** What fred lets wilma do. */
export function castEntries({ fred, wilma }: Cast): ProvisionedEntry[] {
  const actions = ['core:data', 'presence:subscribe'];
  return [
    { owner: fred, actor: wilma, actions },
    { owner: fred, actor: wilma.replace('@', '/*@'), actions },
  ];
}

function ownEntries(domain: string): ProvisionedEntry[] {
  const { fred, wilma, mrSlate, barney, pebbles, bammBamm, dino, hoppy } = accessCast(domain);
  const entry = (owner: string, actor: string, actions: string): ProvisionedEntry => ({
    owner,
    actor,
    actions: actions.split(' '),
  });
  const subaddress = (endpoint: string, name: string): string => endpoint.replace('@', `/${name}@`);
  return [
    entry(fred, wilma, 'all:all'),
    entry(fred, mrSlate, 'core:data'),
    entry(subaddress(fred, 'appl=wb'), subaddress(barney, 'appl=wb'), 'core:data'),
    entry(subaddress(fred, 'appl=wb'), dino, 'all:none'),
    entry(fred, `*@${domain}`, 'core:data presence:subscribe presence:watch'),
    entry(fred, '*@*', 'core:data'),
    entry(pebbles, '*@*', 'core:data presence:subscribe'),
    entry(pebbles, `*@${domain}`, 'all:none'),
    entry(pebbles, subaddress(wilma, '*'), 'presence:subscribe'),
    entry(pebbles, subaddress(bammBamm, '*'), 'presence:all'),
    entry(bammBamm, barney.replace(domain, '*'), 'all:all'),
    entry(bammBamm, `*@${domain}`, 'core:data'),
    entry(dino, `*@*.${domain}`, 'presence:watch'),
    entry(dino, `a\\\\b\\*c.access@${domain}`, 'presence:subscribe'),
    entry(hoppy, wilma, 'all:subscribe'),
    entry(hoppy, barney, 'presence:all'),
    entry(hoppy, mrSlate, 'presence:subscribe all:none'),
    entry(hoppy, '*@*', 'presence:watch'),
  ];
}
