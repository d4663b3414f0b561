import type { Negotiate, Transport } from '@apex/beep';
import { attach } from './attachment.ts';
import { ApexClient, type ClientOptions } from './client.ts';
import type { AttachOnce } from './connection.ts';
import { requireEndpoint } from './endpoints.ts';
import type { ReconnectOptions } from './reconnection.ts';

/**
 * Makes a connection to the server, by whatever transport. Rejects with ApexError `client.lost` when there is none,
 * and gives up when the signal is aborted.
 */
export type Dial = (signal: AbortSignal) => Promise<Transport>;

/** How a client that makes its own connections attaches and comes back. */
export interface DialOptions extends ClientOptions {
  /** Gives up when it is aborted before the client is attached; later it closes the client. */
  readonly signal?: AbortSignal;
  /**
   * Whether the client connects again when its session ends, and how; default true. It stops when it is closed, when
   * another application attaches as its endpoint (556), and when it is refused for good, by a code from 500 up.
   */
  readonly reconnect?: boolean | ReconnectOptions;
  /**
   * What the connection of each session is passed through, such as `tapped` of `@apex/beep` for a log of all octets;
   * once more when transport security has been negotiated on it.
   */
  readonly through?: (transport: Transport) => Transport;
}

/**
 * Connects with `dial` and attaches. Rejects with ApexError, as `dial` and `attachOver` do, when the first attempt
 * fails, unless `reconnect.fromStart` says otherwise; with the reason of the signal when it is aborted.
 */
export async function connectWith(dial: Dial, options: DialOptions): Promise<ApexClient> {
  const { signal, reconnect = true, through } = options;
  const endpoint = requireEndpoint(options.endpoint);
  const attachOnce: AttachOnce = async (attachOverride, handler, stop) => {
    const transport = await dial(stop);
    const abandon = (): void => transport.abort();
    stop.addEventListener('abort', abandon);
    try {
      stop.throwIfAborted();
      return await (through === undefined
        ? attach(transport, endpoint, attachOverride, options, handler)
        : attach(
            through(transport),
            endpoint,
            attachOverride,
            { ...options, ...securityThrough(through, transport, options) },
            handler,
          ));
    } catch (error) {
      abandon();
      throw error;
    } finally {
      stop.removeEventListener('abort', abandon);
    }
  };
  const policy = typeof reconnect === 'object' ? reconnect : {};
  return ApexClient.start(endpoint, options, {
    attachOnce,
    reconnect: reconnect === false ? undefined : policy,
    signal,
  });
}

/** Security is negotiated on the transport itself, and its result passed through as well. */
function securityThrough(
  through: (transport: Transport) => Transport,
  transport: Transport,
  { security }: DialOptions,
): Pick<DialOptions, 'security'> {
  if (security === undefined) return {};
  const negotiate: Negotiate = async (_, circumstances) =>
    through(await security.negotiate(transport, circumstances));
  return { security: { ...security, negotiate } };
}

/**
 * Attaches over a transport that stands: greeting, authentication, attach. The client is over with it. Rejects with
 * ApexError `client.refused`, `client.lost`, `client.timeout` or `client.usage`; the transport is closed then.
 */
export async function attachOver(transport: Transport, options: ClientOptions): Promise<ApexClient> {
  try {
    return await connectWith(async () => transport, { ...options, reconnect: false });
  } catch (error) {
    transport.abort();
    throw error;
  }
}
