import { type ApexClient, ApexError, connect } from '@apex/client/tcp';
import { parent } from '@apex/protocol';
import { AppError, usage } from './errors.ts';
import { readPassword } from './password.ts';
import { type Print, printer } from './printer.ts';
import { attachmentFor, endpointOf, parseTarget } from './target.ts';

/** What every command can be told. */
export interface ApplicationOptions {
  readonly as?: string;
  readonly server: string;
  readonly insecure?: true;
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

/**
 * Attaches, runs a command, and leaves nothing behind: its operations end at the service, then the
 * session, also after Ctrl-C, SIGTERM and a closed output. Throws ApexError and AppError.
 */
export async function withApplication(
  options: ApplicationOptions,
  run: (application: Application) => Promise<void>,
): Promise<void> {
  if (options.as === undefined) throw usage('--as: name the endpoint to attach as, such as fred@example.com');
  const endpoint = attachmentFor(options.as);
  const { host, port, isLoopback } = parseTarget(options.server);
  if (!isLoopback && options.insecure !== true) {
    throw new AppError(
      'server.unprotected',
      `${host}: this version has no TLS, so the password would travel readable; add --insecure on a network that you trust`,
      2,
    );
  }
  const password = await readPassword(parent(endpoint));
  const stop = new AbortController();
  const release = stopOn(stop);
  try {
    const client = await connect({
      host,
      port,
      endpoint,
      credentials: { password },
      requireTls: false,
      replyMs: REPLY_MS,
      signal: stop.signal,
    });
    try {
      const write = (text: string): void => void process.stdout.write(text);
      await run({ client, print: printer(options.json === true, write), signal: stop.signal });
    } finally {
      await client.close();
    }
  } catch (error) {
    // Whoever asked to stop did not ask for an error about it.
    if (!stop.signal.aborted || (error instanceof ApexError && error.code === 'client.refused')) throw error;
  } finally {
    release();
  }
}

/** The publisher that a command names. */
export function publisherOf(text: string): string {
  return endpointOf(text, 'publisher');
}

/** A second signal ends the process at once. */
function stopOn(stop: AbortController): () => void {
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  const onOutput = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.stdout.on('error', onOutput);
  return () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.stdout.off('error', onOutput);
  };
}
