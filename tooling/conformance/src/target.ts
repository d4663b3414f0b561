/** The server under test, as the environment names it. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** The administrative domain, in lower case. */
  readonly domain: string;
}

/**
 * Reads APEX_TARGET (`host:port`) and APEX_TARGET_DOMAIN. The test set-up fills them when it starts
 * a server of its own; whoever tests another server sets them and provisions it as the README says.
 */
export function target(): Target {
  const address = process.env['APEX_TARGET'];
  const colon = address?.lastIndexOf(':') ?? -1;
  if (address === undefined || colon < 1) {
    throw new Error(
      'APEX_TARGET is not host:port: set it to the server under test, or run the tests through vitest',
    );
  }
  return {
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    domain: (process.env['APEX_TARGET_DOMAIN'] ?? 'example.com').toLowerCase(),
  };
}

/**
 * Whether the server under test is the one that the set-up started. Only then do the tests run that
 * need another configuration, a restart or an administrator: each starts one more server for itself.
 */
export const isOwnServer = process.env['APEX_TARGET_OWN'] === '1';
