import { openWebSocket } from '@apex/beep/websocket';
import { type ApexClient, attachOver, type ClientOptions } from './client.ts';
import { ApexError } from './errors.ts';

export interface ConnectWebSocketOptions extends Omit<ClientOptions, 'security'> {
  /** Where the server has WebSocket: `wss://HOST/beep`, or `ws://HOST:PORT/beep` on a network that you trust. */
  readonly url: string;
  /** Gives up when it is aborted before the client is attached; later it closes the client. */
  readonly signal?: AbortSignal;
  /** For the connection to stand, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Connects with the WebSocket of the platform (of a page, of Node) and attaches. Over `wss` the session is protected,
 * and the platform decides whom it trusts; over `ws` it is not, and `requireTls` has to allow that. Rejects with
 * ApexError `client.usage` for an address that is none, `client.lost` when there is no connection (the platform
 * tells no reason), and as `attachOver`; with the reason of the signal when it is aborted.
 */
export async function connectWebSocket(options: ConnectWebSocketOptions): Promise<ApexClient> {
  const { url, signal, timeoutMs } = options;
  if (!/^wss?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new ApexError('client.usage', `url: "${url}" is no address such as wss://example.com/beep`);
  }
  const transport = await openWebSocket({
    url,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw signal.reason;
    throw new ApexError(
      'client.lost',
      `no connection to ${url}: ${(error as Error).message}; does the server have WebSocket there, with a certificate that is trusted, and let pages of this origin in?`,
      { cause: error },
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
