import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { domainOf, identityOf, isAction, isActor, isDomain, isService, isSubaddress } from '@apex/protocol';
import { defaultMechanisms, originOf } from '@apex/server/settings';
import { type Document, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { AppError } from './errors.ts';
import { logLevels } from './log-levels.ts';
import { meshSchema } from './mesh-config.ts';

/** IANA's port of the endpoint-relay mode (RFC 3340 §8.3). */
export const EDGE_PORT = 913;
/** Where HTTP is served unless something else is said. */
export const HTTP_PORT = 9180;

const port = z.int().min(0).max(65_535);
const positive = z.int().min(1);
const seconds = positive.max(24 * 60 * 60);

const listenSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: port.default(EDGE_PORT),
    tlsPort: port.optional(),
  })
  .refine((edge) => edge.tlsPort !== edge.port || edge.port === 0, {
    path: ['tlsPort'],
    message: 'is edge.port, where sessions begin without TLS; choose another one',
  });

const file = z.string().min(1);

const httpSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(HTTP_PORT),
  origins: z
    .array(
      z
        .string()
        .refine((text) => originOf(text) !== undefined, 'is not an origin such as https://example.com'),
    )
    .min(1)
    .optional(),
  trustProxy: z.boolean().default(false),
  metrics: z.enum(['loopback', 'public', 'off']).default('loopback'),
  console: z.boolean().default(true),
});

/** Each limit is described, with its unit and default, in docs/guides/configuration.md. */
const limitsSchema = z.strictObject({
  connections: positive.default(20_000),
  connectionsPerAddress: positive.default(1000),
  channelsPerSession: positive.default(257),
  messageOctets: positive.default(256 * 1024),
  receiveWindowOctets: z
    .int()
    .min(4096)
    .max(2 ** 31 - 1) // RFC 3081 §3.1.3
    .default(64 * 1024),
  outstandingExchanges: positive.default(256),
  sessionOctets: positive.default(1024 * 1024),
  messagesPerSecond: positive.default(1000),
  octetsPerSecond: positive.default(4 * 1024 * 1024),
  failedAuthentications: positive.default(5),
  greetingSeconds: seconds.default(30),
  authenticationSeconds: seconds.default(60),
  attachSeconds: seconds.default(60),
  idleSeconds: positive.default(24 * 60 * 60),
  deliverySeconds: seconds.default(30),
  unsentOctets: positive.default(1024 * 1024),
  attachmentsPerSession: positive.default(1000),
  guests: positive.default(100),
  operationsPerGuest: positive.default(10),
  guestSeconds: positive.default(60 * 60),
  tuplesPerEntry: positive.default(64),
  capabilityOctets: positive.default(8 * 1024),
  publishesPerSecond: positive.default(1000),
  operationsPerOriginator: positive.default(10_000),
  subscribersPerPublisher: positive.default(1_000_000),
  accessEntriesPerEndpoint: positive.default(10_000),
  durationSeconds: positive.default(30 * 24 * 60 * 60),
  cachedSubjects: positive.default(10_000),
  heldMessagesPerEndpoint: positive.default(100),
  heldOctetsPerEndpoint: positive.default(1024 * 1024),
  heldSeconds: positive.default(7 * 24 * 60 * 60),
  meshData: positive.default(100_000),
  meshOctets: positive.default(32 * 1024 * 1024),
  meshTotalOctets: positive.default(128 * 1024 * 1024),
  meshMessagesPerSecond: positive.default(10_000),
  meshOctetsPerSecond: positive.default(40 * 1024 * 1024),
});

const mechanismSchema = z.enum([
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'PLAIN',
  'EXTERNAL',
  'OAUTHBEARER',
  'DIGEST-MD5',
  'ANONYMOUS',
]);

const domainSchema = z
  .string()
  .refine(isDomain, 'is not a domain such as example.com or [192.0.2.1]')
  .toLowerCase();

/** Entries that each new endpoint gets. */
const accessSchema = z.strictObject({
  defaults: z
    .array(
      z.strictObject({
        actor: z.string().refine(isActor, 'is not an actor such as *@example.com'),
        actions: z
          .string()
          .transform((list) => list.split(/\s+/).filter((action) => action !== ''))
          .refine(
            (list) => list.length > 0 && list.every(isAction),
            'is not a list of actions such as "core:data presence:subscribe"',
          ),
      }),
    )
    .default([]),
});

export const configSchema = z
  .strictObject({
    domain: domainSchema.optional(),
    domains: z
      .array(
        z.union([
          domainSchema.transform((domain) => ({ domain, access: undefined })),
          z.strictObject({ domain: domainSchema, access: accessSchema.optional() }),
        ]),
      )
      .min(1)
      .refine((domains) => new Set(domains.map(({ domain }) => domain)).size === domains.length, {
        message: 'names a domain twice',
      })
      .optional(),
    dataDir: z.string().min(1),
    edge: listenSchema.prefault({}),
    http: httpSchema.optional(),
    tls: z
      .strictObject({
        cert: file,
        key: file,
        ca: file.optional(),
        more: z.array(z.strictObject({ cert: file, key: file })).default([]),
      })
      .optional(),
    auth: z
      .strictObject({
        requireTls: z.boolean().default(true),
        mechanisms: z
          .array(mechanismSchema)
          .min(1)
          .default([...defaultMechanisms]),
        iterations: z.int().min(4096).default(10_000),
        guest: z.string().refine(isGuest, 'is not an endpoint such as guest@example.com').optional(),
        oauth: z
          .strictObject({
            jwks: file,
            issuer: z.string().min(1),
            audience: z.string().min(1),
            claim: z.string().min(1).optional(),
          })
          .optional(),
      })
      .refine(({ mechanisms, oauth }) => oauth !== undefined || !mechanisms.includes('OAUTHBEARER'), {
        path: ['mechanisms'],
        message: 'OAUTHBEARER needs auth.oauth',
      })
      .refine(({ mechanisms, guest }) => (guest !== undefined) === mechanisms.includes('ANONYMOUS'), {
        path: ['mechanisms'],
        message: 'ANONYMOUS and auth.guest, the endpoint of anonymous peers, need each other',
      })
      .prefault({}),
    access: accessSchema.prefault({}),
    presence: z.strictObject({ timestampSuffix: z.enum(['Z', '-00:00']).default('Z') }).prefault({}),
    options: z
      .strictObject({
        disabled: z
          .array(z.enum(['attachOverride', 'statusRequest', 'dataTiming', 'hold4Endpoint', 'dataHopping']))
          .default([]),
      })
      .prefault({}),
    limits: limitsSchema.prefault({}),
    mesh: meshSchema.optional(),
    drain: z.strictObject({ graceSeconds: z.int().min(0).max(3600).default(5) }).prefault({}),
    log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
  })
  .refine(({ domain, domains }) => (domain === undefined) !== (domains === undefined), {
    path: ['domain'],
    message: 'name the domain that is served, or several of them as `domains`, and not both',
  })
  .transform(({ domain, domains, ...rest }) => ({
    ...rest,
    domains: domains ?? (domain === undefined ? [] : [{ domain, access: undefined }]),
  }))
  .refine(({ auth, domains }) => isNoGuestOrOf(auth.guest, domains), {
    path: ['auth', 'guest'],
    message: 'is not an endpoint of the domain; name one of it, such as guest@ and the domain',
  })
  .refine(({ auth, tls }) => tls?.ca !== undefined || !auth.mechanisms.includes('EXTERNAL'), {
    path: ['auth', 'mechanisms'],
    message: 'EXTERNAL needs tls.ca, the roots of the certificates of clients',
  })
  .refine(({ edge, tls }) => tls !== undefined || edge.tlsPort === undefined, {
    path: ['edge', 'tlsPort'],
    message: 'needs tls, with the certificate to show there',
  })
  .refine(({ mesh, domains }) => domains.every(({ domain }) => mesh?.peers[domain] === undefined), {
    path: ['mesh', 'peers'],
    message: 'names a domain that this server serves itself; name other ones',
  })
  .refine(({ auth, mesh, tls }) => tls !== undefined || !(mesh && (mesh.requireTls ?? auth.requireTls)), {
    path: ['mesh', 'requireTls'],
    message: 'is true, unless auth.requireTls is not, and needs tls, with the certificate to show to relays',
  });

function isNoGuestOrOf(guest: string | undefined, domains: readonly { readonly domain: string }[]): boolean {
  return guest === undefined || domains.some(({ domain }) => domain === domainOf(guest));
}

function isGuest(text: string): boolean {
  const identity = identityOf(text);
  return identity === text && !isService(identity) && !isSubaddress(identity);
}

export type Config = z.output<typeof configSchema>;

/** The names of the domains that are served. */
export function namesIn(domains: Config['domains']): readonly string[] {
  return domains.map(({ domain }) => domain);
}

/** The domains that it serves, for people. */
export function namesOf({ domains }: Config): string {
  return namesIn(domains).join(', ');
}

/**
 * Reads and validates a configuration. Throws AppError `config.read`, `config.syntax` or
 * `config.invalid`, whose message names the file, the line and what to do. `dataDir`, the files of
 * `tls` and those of `auth.oauth` and `mesh` are resolved against the folder of the file.
 */
export function readConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError(
      'config.read',
      `cannot read the configuration ${path}: ${(error as Error).message}; name another one with --config`,
      1,
      {
        cause: error,
      },
    );
  }
  const config = parseConfig(text, path);
  const folder = dirname(resolve(path));
  const at = (name: string): string => resolve(folder, name);
  const { tls, auth, mesh } = config;
  const { oauth } = auth;
  return {
    ...config,
    dataDir: at(config.dataDir),
    ...(mesh?.ca === undefined ? {} : { mesh: { ...mesh, ca: at(mesh.ca) } }),
    ...(oauth === undefined || /^https?:/i.test(oauth.jwks)
      ? {}
      : { auth: { ...auth, oauth: { ...oauth, jwks: at(oauth.jwks) } } }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            cert: at(tls.cert),
            key: at(tls.key),
            ...(tls.ca === undefined ? {} : { ca: at(tls.ca) }),
            more: tls.more.map(({ cert, key }) => ({ cert: at(cert), key: at(key) })),
          },
        }),
  };
}

export function parseConfig(text: string, name: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new AppError(
      'config.syntax',
      `${name}:${line}: not valid YAML: ${problem.message}; repair that line`,
    );
  }
  const result = configSchema.safeParse(document.toJS() ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const where = `${name}:${lineOf(document, lines, path)}`;
  throw new AppError('config.invalid', `${where}: ${describe(issue, path)}`);
}

function describe(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): string {
  const key = z.core.toDotPath(path);
  if (issue.code !== 'unrecognized_keys') {
    const what = key === '' ? 'the file' : key;
    return issue.message.endsWith('received undefined')
      ? `${what}: is missing; docs/guides/configuration.md says what stands there`
      : `${what}: ${issue.message}`;
  }
  return `${key}: unknown key; remove it or see docs/guides/configuration.md`;
}

/** The line of the value at `path`, or of the nearest place that exists. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
