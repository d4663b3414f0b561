import type { Administration } from './administration.ts';
import type { DomainCounters } from './create-domain.ts';
import { mechanismOptions } from './credentials/authentication.ts';
import { type Drained, type DrainOptions, drain } from './drain.ts';
import type { FigureSource } from './figures/figure.ts';
import { type ListenAddress, type Listener, listen, type ServerCredentials } from './listener.ts';
import { type MeshView, openMesh } from './open-mesh.ts';
import type { Oversight } from './oversight.ts';
import { profilesOf } from './profiles.ts';
import type { Relay } from './relay/relay.ts';
import { relayProfile } from './relay/relay-profile.ts';
import {
  answers,
  authenticationOf,
  deskOf,
  MAIN_PROCESS,
  processFigures,
  type ServerOptions,
  servedDomain,
} from './serving.ts';
import type { SessionPlace } from './session-place.ts';

export type { ServerOptions } from './serving.ts';

/** A server that listens. */
export interface ApexServer {
  /** Where it listens; the ports are those in use. */
  readonly address: ListenAddress;
  /** Where it listens for HTTP, if it does. */
  readonly httpAddress: { readonly host: string; readonly port: number } | undefined;
  /** The relays of other domains, if there is a way to them. */
  readonly mesh: MeshView | undefined;
  readonly administration: Administration;
  /** What goes on in it. */
  readonly oversight: Oversight;
  readonly counters: DomainCounters;
  /** Open sessions. */
  readonly sessions: number;
  /** What the server counts, as figures for monitoring. */
  readonly figures: FigureSource;
  /** Shows other certificates from now on. Throws UsageError `tls.credentials`; without `tls` it does nothing. */
  reloadTls(credentials: ServerCredentials): void;
  /**
   * Takes no more sessions, gives those who are attached `graceMs`, terminates them with 421, and closes. Resolves when
   * all is durable; the store stays open. A drain that has begun goes on, whatever a second call asks for.
   */
  drain(options: DrainOptions): Promise<Drained>;
  /** Stops listening, releases the sessions, waits until all is durable. The store stays open. */
  close(): Promise<void>;
}

/**
 * Starts a server: its domains on a store, and a listener. The caller owns the store. Rejects with
 * StoreError, with ListenError when the address cannot be used, and with UsageError `tls.credentials`,
 * `tls.unavailable`, `server.mechanism` or `server.jwks`.
 */
export async function createServer(options: ServerOptions): Promise<ApexServer> {
  const { onEvent = () => {} } = options;
  const mesh = options.mesh && (await openMesh(options, options.mesh));
  const domain = await servedDomain(options, mesh?.port);
  const desk = deskOf(options);
  let listener: Listener | undefined;
  // Nobody is let in before there is a listener.
  const figures: FigureSource = () => {
    const parts = [domain.figures(), desk.figures(), listener?.figures() ?? [], mesh?.figures() ?? []];
    return processFigures(MAIN_PROCESS, parts, options.figures);
  };
  try {
    const { domains } = domain.relay;
    const mechanisms = await mechanismOptions(domains, desk, await authenticationOf(options));
    listener = await listen({
      listen: options.listen,
      domains,
      profiles: profilesOf({
        ...mechanisms,
        hasTls: options.tls !== undefined,
        apex: (apex) => relayProfile(domain.relay, apex),
        tracing: options.tracing,
        onEvent,
      }),
      limits: options.sessionLimits ?? {},
      tls: options.tls,
      http: options.http,
      canServe: () => answers(desk),
      figures,
      onEvent,
    });
    await mesh?.serve(domain);
  } catch (error) {
    await listener?.close();
    await mesh?.close();
    await domain.close();
    throw error;
  }
  const { address, httpAddress } = listener;
  let closing: Promise<void> | undefined;
  const close = (signal?: AbortSignal): Promise<void> => {
    closing ??= Promise.all([listener.close(signal), mesh?.close(signal)]).then(() => domain.close());
    return closing;
  };
  let draining: Promise<Drained> | undefined;
  return {
    address,
    httpAddress,
    mesh,
    administration: domain.administration,
    oversight: domain.oversee(() => [localPlace(listener, domain.relay)]),
    counters: domain.counters,
    get sessions() {
      return listener.sessions;
    },
    figures,
    reloadTls(credentials) {
      listener.reloadTls(credentials);
      mesh?.reloadTls(credentials);
    },
    drain(asked) {
      const house = {
        relay: domain.relay,
        onEvent,
        get sessions() {
          return listener.sessions;
        },
        refuse() {
          listener.drain();
          mesh?.drain();
        },
        close,
      };
      draining ??= drain(house, asked);
      return draining;
    },
    close: () => close(),
  };
}

/** The sessions of this process. */
function localPlace(listener: Listener, relay: Relay): SessionPlace {
  return {
    worker: undefined,
    rows: async (after, limit) => listener.rows(after, limit),
    release: async (id, text) => listener.release(id, text),
    // Those of relays have names and ids of their own.
    relaySessions: () =>
      new Map(
        Array.from(relay.sessions, (session) => [session.facts().id ?? 0, session] as const).filter(
          ([id, { name }]) => name === `${id}`,
        ),
      ),
  };
}
