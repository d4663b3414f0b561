/**
 * "Imports point towards the wire", as a table. Packages stand in order, and so do the layers inside a
 * package: what stands lower may import what stands above it, never the other way round. imports.ts
 * enforces the table; to add a file or a folder, put its name where it belongs.
 */
export interface PackageRule {
  readonly name: string;
  readonly folder: string;
  /** Workspace packages that its sources may import. */
  readonly imports: readonly string[];
  /** Workspace packages that only its tests may import. */
  readonly testImports: readonly string[];
  /** From the wire outwards. Empty: no order inside; cycles are refused all the same. */
  readonly layers: readonly Layer[];
  /** Whether it is built into one whole: what its sources import is needed to build it, and not by who installs it. */
  readonly isBundled?: boolean;
  /** Files of `src/` whose whole import closure runs in browsers: no Node module, in types either. */
  readonly browserEntries: readonly string[];
}

export interface Layer {
  /**
   * Paths below `src/`: a file, or a folder with its slash. The longest that fits a file decides, so a
   * port may stand elsewhere than the rest of its folder.
   */
  readonly files: readonly string[];
  /** Those who may import it, beside the layer itself. Absent: every layer below. */
  readonly seenBy?: readonly string[];
}

export interface BrowserPackage {
  readonly name: string;
  readonly only?: readonly string[];
}

export const packageRules: readonly PackageRule[] = [
  {
    name: '@apex/beep',
    folder: 'packages/beep',
    imports: [],
    testImports: [],
    layers: [
      { files: ['errors.ts', 'limits.ts', 'certificate.ts', 'octets.ts'] },
      { files: ['xml/'] },
      { files: ['transport/'], seenBy: ['peer.ts', 'driver.ts', 'testing/', 'index.ts'] },
      // Ports: types only. profile/ implements the first, whoever runs a session reads the second.
      { files: ['session/facts.ts', 'session/profile.ts'] },
      { files: ['frame/'] },
      { files: ['message/'] },
      { files: ['channel/'] },
      { files: ['management/'] },
      { files: ['session/'] },
      { files: ['profile/'] },
      { files: ['peer.ts', 'driver.ts'] },
      { files: ['testing/'], seenBy: [] },
      { files: ['index.ts'], seenBy: [] },
    ],
    browserEntries: ['index.ts', 'transport/websocket.ts'],
  },
  {
    name: '@apex/protocol',
    folder: 'packages/protocol',
    imports: ['@apex/beep'],
    testImports: [],
    layers: [
      { files: ['errors.ts', 'limits.ts'] },
      { files: ['uri.ts', 'domain.ts'] },
      { files: ['endpoint.ts', 'transaction.ts', 'timestamp.ts', 'reply-code.ts'] },
      { files: ['datatype.ts', 'datatype-schemas.ts', 'attribute.ts', 'readable.ts'] },
      { files: ['core/'] },
      { files: ['report/', 'access/', 'presence/'] },
      { files: ['operation.ts', 'operation-schema.ts', 'json-schema.ts'] },
      { files: ['profile/'] },
      { files: ['index.ts'], seenBy: [] },
    ],
    browserEntries: ['index.ts'],
  },
  {
    name: '@apex/server',
    folder: 'packages/server',
    imports: ['@apex/beep', '@apex/protocol'],
    testImports: [],
    layers: [
      {
        files: [
          'errors.ts',
          'limits.ts',
          'clock.ts',
          'scheduler.ts',
          'server-event.ts',
          'event-valve.ts',
          'peer-address.ts',
          'own-text.ts',
          'figures/',
          'tracing.ts',
        ],
      },
      // Ports stand above those who use them; their implementations stand below.
      { files: ['relay/ports.ts', 'store/ports.ts', 'store/errors.ts'] },
      { files: ['credentials/'] },
      { files: ['relay/'] },
      // Services put what the wire says into the words of subjects, and back.
      { files: ['subject/'] },
      { files: ['services/'] },
      { files: ['store/'], seenBy: ['create-server.ts', 'testing/', 'index.ts'] },
      { files: ['session-limits.ts', 'address-places.ts', 'session-place.ts'] },
      { files: ['session-figures.ts', 'entries.ts'] },
      { files: ['mesh/'] },
      { files: ['administration.ts', 'oversight.ts', 'sessions.ts', 'profiles.ts'] },
      { files: ['http/'] },
      { files: ['listener.ts'] },
      { files: ['edge/'] },
      { files: ['store-measurement.ts', 'domain-figures.ts'] },
      { files: ['create-domain.ts', 'drain.ts'] },
      { files: ['serving.ts'] },
      { files: ['open-mesh.ts'] },
      { files: ['create-server.ts', 'create-owner.ts', 'create-edge.ts'] },
      { files: ['testing/'], seenBy: [] },
      { files: ['index.ts', 'settings.ts'], seenBy: [] },
    ],
    browserEntries: [],
  },
  {
    name: '@apex/client',
    folder: 'packages/client',
    imports: ['@apex/beep', '@apex/protocol'],
    testImports: ['@apex/server'],
    layers: [
      { files: ['errors.ts'] },
      { files: ['in-time.ts'] },
      { files: ['clock.ts', 'backoff.ts', 'operations.ts', 'endpoints.ts', 'operation-end.ts'] },
      { files: ['other-mechanisms.ts'] },
      { files: ['requests.ts', 'feed.ts', 'credentials.ts'] },
      { files: ['data/'] },
      { files: ['access/'] },
      { files: ['presence/'] },
      { files: ['attachment.ts'] },
      { files: ['events.ts', 'reconnection.ts'] },
      { files: ['connection.ts'] },
      { files: ['client.ts'] },
      { files: ['connect.ts'] },
      { files: ['index.ts'] },
      { files: ['react/'], seenBy: ['react.ts'] },
      { files: ['tcp.ts', 'websocket.ts', 'react.ts'], seenBy: [] },
    ],
    browserEntries: ['index.ts', 'websocket.ts', 'react.ts'],
  },
  {
    name: '@apex/console',
    folder: 'apps/console',
    imports: ['@apex/beep', '@apex/protocol', '@apex/client'],
    testImports: [],
    layers: [
      { files: ['external.ts', 'remembered.ts', 'style/'] },
      { files: ['words/', 'wire/'] },
      { files: ['session/'] },
      { files: ['parts/'] },
      { files: ['views/'] },
      { files: ['app.tsx'] },
      { files: ['main.tsx'], seenBy: [] },
    ],
    isBundled: true,
    browserEntries: ['main.tsx'],
  },
  {
    name: '@apex/apexd',
    folder: 'apps/apexd',
    imports: ['@apex/protocol', '@apex/server', '@apex/console'],
    testImports: ['@apex/beep', '@apex/client'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/apex',
    folder: 'apps/apex',
    imports: ['@apex/protocol', '@apex/client'],
    testImports: ['@apex/apexd'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/conformance',
    folder: 'tooling/conformance',
    // Nothing of what it tests; the server app is what it runs when no other server is named.
    imports: [],
    testImports: ['@apex/apexd'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/bench',
    folder: 'tooling/bench',
    imports: ['@apex/beep', '@apex/protocol', '@apex/client', '@apex/server'],
    testImports: ['@apex/apexd'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/demo-mesh',
    folder: 'tooling/demo-mesh',
    imports: ['@apex/client', '@apex/server'],
    testImports: [],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/vitest',
    folder: 'tooling/vitest',
    imports: [],
    testImports: [],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/fuzz',
    folder: 'tooling/fuzz',
    imports: ['@apex/beep', '@apex/protocol', '@apex/client', '@apex/server', '@apex/vitest'],
    testImports: [],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/soak',
    folder: 'tooling/soak',
    imports: ['@apex/beep', '@apex/client', '@apex/fuzz'],
    testImports: ['@apex/apexd'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/reference',
    folder: 'tooling/reference',
    // It reads their sources.
    imports: [],
    testImports: ['@apex/beep', '@apex/protocol', '@apex/server', '@apex/client'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/packed',
    folder: 'tooling/packed',
    // It installs what was packed.
    imports: [],
    testImports: [
      '@apex/beep',
      '@apex/protocol',
      '@apex/server',
      '@apex/client',
      '@apex/apexd',
      '@apex/apex',
      '@apex/console',
    ],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/oldest-node',
    folder: 'tooling/oldest-node',
    // It runs what was built.
    imports: [],
    testImports: ['@apex/apexd', '@apex/apex'],
    layers: [],
    browserEntries: [],
  },
  {
    name: '@apex/checks',
    folder: 'tooling/checks',
    imports: [],
    testImports: [],
    layers: [],
    browserEntries: [],
  },
];

/** Configuration shared by all; not part of the order. */
export const configurationPackages: readonly string[] = ['@apex/tsconfig', '@apex/vitest'];

/** Packages from outside that may be part of a browser entry; those with `only`, of these files below the root alone. */
export const browserPackages: readonly BrowserPackage[] = [
  { name: 'zod' },
  { name: 'react', only: ['packages/client/src/react.ts', 'apps/console/src/main.tsx'] },
  { name: 'react-dom', only: ['apps/console/src/main.tsx'] },
];
