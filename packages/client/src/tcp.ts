import { connectTcp } from '@apex/beep/tcp';
import { type ApexClient, attachOver, type ClientOptions } from './client.ts';
import { ApexError } from './errors.ts';

export interface ConnectOptions extends ClientOptions {
  readonly host: string;
  /** Default 913, IANA's port of the endpoint-relay mode (RFC 3340 §8.3). */
  readonly port?: number;
  /** Gives up when it is aborted before the client is attached; later it closes the client. */
  readonly signal?: AbortSignal;
  /** For the connection to stand, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Connects over TCP and attaches. Rejects with ApexError `client.lost` when there is no connection, and
 * as `attachOver`; with the reason of the signal when it is aborted.
 */
export async function connect(options: ConnectOptions): Promise<ApexClient> {
  const { host, port = 913, signal, timeoutMs } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ApexError('client.usage', `port: ${port} is not a whole number from 1 to 65535`);
  }
  const transport = await connectTcp({
    host,
    port,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw signal.reason;
    throw new ApexError(
      'client.lost',
      `no connection to ${host}:${port}: ${(error as Error).message}; is the server running there?`,
      {
        cause: error,
      },
    );
  });
  const abandon = (): void => transport.abort();
  signal?.addEventListener('abort', abandon);
  try {
    const client = await attachOver(transport, options);
    signal?.throwIfAborted();
    if (signal !== undefined) {
      const close = (): void => void client.close();
      signal.addEventListener('abort', close);
      void client.ended.then(() => signal.removeEventListener('abort', close));
    }
    return client;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abandon);
  }
}

export * from './index.ts';
