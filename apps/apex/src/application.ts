import { readFileSync } from 'node:fs';
import { type ApexClient, ApexError, connect, type TlsOptions } from '@apex/client/tcp';
import { type ConnectWebSocketOptions, connectWebSocket } from '@apex/client/websocket';
import { parent } from '@apex/protocol';
import { readCredentials } from './credentials.ts';
import { AppError, usage } from './errors.ts';
import { type Print, printer } from './printer.ts';
import { attachmentFor, endpointOf, parseTarget, type Target } from './target.ts';
import { requiresTls } from './web-socket.ts';

/** What every command can be told. */
export interface ApplicationOptions {
  readonly as?: string;
  readonly server: string;
  readonly insecure?: true;
  readonly tls?: true;
  readonly tlsDirect?: true;
  readonly ca?: string;
  readonly fingerprint?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: true;
}

export interface Application {
  readonly client: ApexClient;
  readonly print: Print;
  /** Aborted when the person, or who reads the output, has enough. */
  readonly signal: AbortSignal;
}

/** How long a service may take to answer, in milliseconds. */
const REPLY_MS = 15_000;

/** Ctrl-C, the word of a supervisor, a terminal that is gone. */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Attaches, runs a command, and leaves nothing behind: its operations end at the service, then the
 * session, also after Ctrl-C, SIGTERM, SIGHUP and an output that fails. A command that `lasts` is done
 * when it is stopped; one that waits for an answer has failed then. Throws ApexError and AppError.
 */
export async function withApplication(
  options: ApplicationOptions & {
    readonly lasts: boolean;
    /** Attaches as exactly the endpoint that was named, not as a tool of its own. */
    readonly isExact?: boolean;
    readonly attachOverride?: boolean;
  },
  run: (application: Application) => Promise<void>,
): Promise<void> {
  if (options.as === undefined) throw usage('--as: name the endpoint to attach as, such as fred@example.com');
  const endpoint = options.isExact === true ? endpointOf(options.as, '--as') : attachmentFor(options.as);
  const dial = dialOf(parseTarget(options.server), options);
  const credentials = await readCredentials(parent(endpoint), options.cert !== undefined);
  const stop = new AbortController();
  const release = stopOn(stop);
  try {
    const client = await dial({
      endpoint,
      credentials,
      replyMs: REPLY_MS,
      attachOverride: options.attachOverride === true,
      // A command tells that the server is gone, and what to do then is up to who runs it.
      reconnect: false,
      signal: stop.signal,
    });
    try {
      const write = (text: string): void => void process.stdout.write(text);
      await run({ client, print: printer(options.json === true, write), signal: stop.signal });
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!stop.signal.aborted || !isOfStopping(error)) throw error;
    // Whoever stops a subscription did not ask for an error about it.
    if (!options.lasts) throw stop.signal.reason;
  } finally {
    release();
  }
}

/** The publisher that a command names. */
export function publisherOf(text: string): string {
  return endpointOf(text, 'publisher');
}

type Dial = (options: Omit<ConnectWebSocketOptions, 'url' | 'requireTls'>) => Promise<ApexClient>;

/** What connects: over TCP, or over WebSocket when the server is named by a URL. */
function dialOf(target: Target, options: ApplicationOptions): Dial {
  if (target.kind === 'websocket') {
    const { url } = target;
    const ca = options.ca === undefined ? undefined : readPem('--ca', options.ca);
    const requireTls = requiresTls(target, options, ca);
    return (more) => connectWebSocket({ ...more, url, requireTls });
  }
  const { host, port, isLoopback } = target;
  const tls = tlsOf(options, isLoopback);
  return (more) => connect({ ...more, host, port, requireTls: tls !== false, tls });
}

/** TLS unless it is this machine, or was declined in so many words. */
function tlsOf(options: ApplicationOptions, isLoopback: boolean): boolean | TlsOptions {
  const { tls, tlsDirect, ca, fingerprint, cert, key, insecure } = options;
  const isWanted = [tls, tlsDirect, ca, fingerprint, cert, key].some((given) => given !== undefined);
  if (isWanted && insecure === true) {
    throw usage(
      '--insecure: there is --tls, --tls-direct, --ca, --fingerprint or --cert as well; leave one of them out',
    );
  }
  if (insecure === true || (isLoopback && !isWanted)) return false;
  if ((cert === undefined) !== (key === undefined)) {
    throw usage(
      cert === undefined
        ? '--key: name the certificate that it belongs to with --cert'
        : '--cert: its key is missing; name it with --key',
    );
  }
  return {
    direct: tlsDirect === true,
    ...(ca === undefined ? {} : { ca: readPem('--ca', ca) }),
    ...(fingerprint === undefined ? {} : { fingerprint: requireFingerprint(fingerprint) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert: readPem('--cert', cert), key: readPem('--key', key) }),
  };
}

function readPem(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError(
      'tls.read',
      `${option}: cannot read ${path}: ${(error as Error).message}; check the path and its rights`,
    );
  }
}

function requireFingerprint(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text.replaceAll(':', ''))) return text;
  throw usage(
    '--fingerprint: expected the 64 hexadecimal digits of SHA-256, as apexd tls self-signed prints them',
  );
}

/** Whether it says no more than that the session is over. */
function isOfStopping(error: unknown): boolean {
  return error instanceof ApexError && error.code !== 'client.refused';
}

/** A second signal ends the process at once. */
function stopOn(stop: AbortController): () => void {
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    abort();
  };
  const abort = (): void => stop.abort(new ApexError('client.closed', 'stopped before the answer came'));
  for (const name of STOPS) process.on(name, onSignal);
  // What is wrong with the output is told by main.
  process.stdout.on('error', abort);
  return () => {
    for (const name of STOPS) process.off(name, onSignal);
    process.stdout.off('error', abort);
  };
}
