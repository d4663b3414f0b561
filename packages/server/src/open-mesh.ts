import { systemClock } from './clock.ts';
import { type Domain, domainsOf } from './create-domain.ts';
import { FailedAttempts } from './credentials/failed-attempts.ts';
import type { AuthenticationOutcome } from './credentials/observed.ts';
import { defaultScramIterations } from './credentials/scram.ts';
import type { Figure } from './figures/figure.ts';
import { type Listener, listen, type ServerCredentials } from './listener.ts';
import { addressBook } from './mesh/address-book.ts';
import { Mesh, type PeerRelayView } from './mesh/mesh.ts';
import { meshFigures } from './mesh/mesh-figures.ts';
import type { MeshCounters } from './mesh/peer-relay.ts';
import { MeshPeers } from './mesh/peers.ts';
import { RelayDirectory } from './mesh/relay-directory.ts';
import {
  defaultIdleMs,
  defaultMeshSessionLimits,
  defaultWaitMs,
  type MeshSettings,
} from './mesh/settings.ts';
import { defaultWaitingLimits } from './mesh/waiting-data.ts';
import { limitedAddress } from './peer-address.ts';
import { profilesWith } from './profiles.ts';
import type { MeshPort } from './relay/mesh-port.ts';
import { relayProfile } from './relay/relay-profile.ts';
import type { ServerOptions } from './serving.ts';
import { defaultSessionLimits } from './session-limits.ts';

/** The mesh as those who run a server see it. */
export interface MeshView {
  /** Where relays connect, if they do. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  readonly counters: Readonly<MeshCounters>;
  /** Sessions of relays that have connected. */
  readonly sessions: number;
  /** The relays that are dealt with. */
  peers(): readonly PeerRelayView[];
}

/** The mesh of one server. */
export interface OpenMesh extends MeshView {
  readonly port: MeshPort;
  /** Serves a domain: begins to listen, and to send. Rejects with ListenError, and UsageError `tls.credentials`. */
  serve(domain: Domain): Promise<void>;
  /** Certificates to show from now on. */
  reloadTls(credentials: ServerCredentials): void;
  figures(): readonly Figure[];
  /** Takes no more sessions. */
  drain(): void;
  /** Releases all sessions; those that do not agree in time, or by the abort of the signal, are aborted. */
  close(signal?: AbortSignal): Promise<void>;
}

/**
 * The mesh that the options ask for; it does nothing before it serves. Rejects with StoreError, and with UsageError
 * `password.empty` or `password.characters` for a secret that is no password.
 */
export async function openMesh(
  options: Omit<ServerOptions, 'listen'>,
  settings: MeshSettings,
): Promise<OpenMesh> {
  const { store, iterations = defaultScramIterations, clock = systemClock, onEvent = () => {} } = options;
  const {
    requireTls = options.requireTls ?? true,
    ca,
    waitMs = defaultWaitMs,
    idleMs = defaultIdleMs,
  } = settings;
  const peers = await MeshPeers.of(settings.peers ?? {}, iterations, await store.secret());
  const domains = domainsOf(options);
  const sessionLimits = {
    ...options.sessionLimits,
    ...defaultMeshSessionLimits,
    ...settings.sessionLimits,
  };
  let { tls } = options;
  const credentials = (): ServerCredentials | undefined => tls && { ...tls, ca };
  const mesh = new Mesh({
    ours: domains,
    peers,
    directory: new RelayDirectory({
      book: addressBook(settings.resolvers),
      clock,
      table: peers.places(),
      discovery: settings.discovery ?? true,
      random: Math.random,
    }),
    waiting: { ...defaultWaitingLimits, ...settings.waiting },
    waitMs,
    idleMs,
    requireTls,
    tls: () => ({ cert: tls?.cert, key: tls?.key, ca }),
    limits: { ...defaultSessionLimits, ...sessionLimits },
    clock,
    random: Math.random,
    onEvent,
  });
  const attempts = new FailedAttempts({ clock, free: options.failedAuthentications });
  const desk = {
    admit: (remoteAddress: string) => attempts.admit(limitedAddress(remoteAddress)),
    outcome({ succeeded, remoteAddress }: AuthenticationOutcome) {
      if (!succeeded) attempts.failed(limitedAddress(remoteAddress), undefined);
    },
  };
  let listener: Listener | undefined;
  return {
    port: mesh,
    counters: mesh.counters,
    get address() {
      return listener?.address;
    },
    get sessions() {
      return listener?.sessions ?? 0;
    },
    peers: () => mesh.peers(),
    async serve({ relay }) {
      mesh.open(relay);
      if (settings.listen === undefined) return;
      listener = await listen({
        listen: settings.listen,
        domains,
        profiles: profilesWith({
          mechanisms: peers.serverMechanisms(ca !== undefined && tls !== undefined),
          requireTls,
          hasTls: tls !== undefined,
          desk,
          apex: (apex) => relayProfile(relay, { ...apex, nameOf: (id) => `mesh-${id}` }),
          tracing: options.tracing,
          onEvent,
          clock,
        }),
        limits: sessionLimits,
        tls: credentials(),
        canServe: () => Promise.resolve(true),
        figures: () => Promise.resolve([]),
        onEvent,
        clock,
      });
    },
    reloadTls(shown) {
      if (tls === undefined) return;
      tls = shown;
      listener?.reloadTls({ ...shown, ca });
    },
    figures: () => meshFigures(mesh, listener?.sessions ?? 0),
    drain: () => listener?.drain(),
    async close(signal) {
      await Promise.all([mesh.close(signal), listener?.close(signal)]);
    },
  };
}
