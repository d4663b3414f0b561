import { openWebSocket } from '@apex/beep/websocket';
import type { ApexClient } from './client.ts';
import { connectWith, type Dial, type DialOptions } from './connect.ts';
import { ApexError } from './errors.ts';

/** Where to connect over WebSocket, and how to attach. */
export interface ConnectWebSocketOptions extends Omit<DialOptions, 'security'> {
  /** Where the server has WebSocket: `wss://HOST/beep`, or `ws://HOST:PORT/beep` on a network that you trust. */
  readonly url: string;
  /** For the connection to stand, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Connects with the WebSocket of the platform (of a page, of Node) and attaches. Over `wss` the session is protected,
 * and the platform decides whom it trusts; over `ws` it is not, and `requireTls` has to allow that. Rejects with
 * ApexError `client.usage` for an address that is none, `client.lost` when there is no connection (the platform
 * tells no reason), and as `connectWith`; with the reason of the signal when it is aborted.
 */
export async function connectWebSocket(options: ConnectWebSocketOptions): Promise<ApexClient> {
  const { url, timeoutMs } = options;
  if (!/^wss?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new ApexError('client.usage', `url: "${url}" is no address such as wss://example.com/beep`);
  }
  const place = { url, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const dial: Dial = (signal) =>
    openWebSocket({ ...place, signal }).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw new ApexError(
        'client.lost',
        `no connection to ${url}: ${(error as Error).message}; is WebSocket served there, its certificate trusted, and this origin let in?`,
        { cause: error },
      );
    });
  return connectWith(dial, options);
}

export * from './index.ts';
