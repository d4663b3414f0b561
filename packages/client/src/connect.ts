import type { Transport } from '@apex/beep';
import { attach } from './attachment.ts';
import { ApexClient, type AttachOnce, type ClientOptions } from './client.ts';
import { requireEndpoint } from './endpoints.ts';

/**
 * Makes a connection to the server, by whatever transport. Rejects with ApexError `client.lost` when there is none,
 * and gives up when the signal is aborted.
 */
export type Dial = (signal: AbortSignal) => Promise<Transport>;

export interface DialOptions extends ClientOptions {
  /** Gives up when it is aborted before the client is attached; later it closes the client. */
  readonly signal?: AbortSignal;
}

/**
 * Connects with `dial` and attaches. Rejects with ApexError, as `dial` and `attachOver` do; with the reason of the
 * signal when it is aborted.
 */
export async function connectWith(dial: Dial, options: DialOptions): Promise<ApexClient> {
  const { signal } = options;
  const endpoint = requireEndpoint(options.endpoint);
  signal?.throwIfAborted();
  const attachOnce: AttachOnce = async (attachOverride, handler, stop) => {
    const transport = await dial(stop);
    const abandon = (): void => transport.abort();
    stop.addEventListener('abort', abandon);
    try {
      if (stop.aborted) abandon();
      return await attach(transport, endpoint, attachOverride, options, handler);
    } finally {
      stop.removeEventListener('abort', abandon);
    }
  };
  return ApexClient.start(attachOnce, endpoint, options);
}

/**
 * Attaches over a transport that stands: greeting, authentication, attach. Rejects with ApexError
 * `client.refused`, `client.lost`, `client.timeout` or `client.usage`; the transport is closed then.
 */
export async function attachOver(transport: Transport, options: ClientOptions): Promise<ApexClient> {
  try {
    return await connectWith(async () => transport, options);
  } catch (error) {
    transport.abort();
    throw error;
  }
}
