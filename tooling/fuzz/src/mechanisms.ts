import {
  anonymousServer,
  deriveScramKeys,
  digestMd5Server,
  digestSecret,
  externalServer,
  oauthBearerServer,
  plainServer,
  type ServerMechanism,
  scramServer,
} from '@apex/beep';
import { identityOf, parent } from '@apex/protocol';
import { foreseeableCrypto } from './sasl-crypto.ts';

/** Whom a server knows, and the only password and token. */
export const PEER = 'fred@example.com';
export const PASSWORD = 'yabba';
export const TOKEN = 'dabba';

const crypto = foreseeableCrypto('server-nonce');
const salt = Uint8Array.of(1, 2, 3, 4);

/** The mechanisms of a server; with the credentials above a peer can be authenticated by each of them. */
export async function mechanisms(): Promise<readonly ServerMechanism[]> {
  const scram = async (hash: 'SHA-1' | 'SHA-256'): Promise<ServerMechanism> => {
    const keys = await deriveScramKeys(hash, PASSWORD, salt, 4096, crypto);
    const find = async (name: string) => (name === PEER ? keys : undefined);
    return scramServer({ hash, find, iterations: 4096, authorize, crypto });
  };
  const secret = digestSecret(PEER, 'example.com', PASSWORD);
  return [
    await scram('SHA-256'),
    await scram('SHA-1'),
    digestMd5Server({
      realms: ['example.com'],
      find: async (name) => (name === PEER ? secret : undefined),
      authorize,
      crypto,
    }),
    plainServer({
      verifier: { verify: async (name, password) => name === PEER && password === PASSWORD },
      authorize,
      requireSecured: false,
    }),
    oauthBearerServer({
      verify: async (token) =>
        token === TOKEN
          ? { kind: 'accepted', authentication: PEER }
          : { kind: 'refused', status: 'invalid_token', scope: 'apex' },
      authorize,
      requireSecured: false,
    }),
    { ...externalServer({ identify: () => PEER, authorize }), requireSecured: false },
    anonymousServer(),
  ];
}

/** 3340 §4.5.1: the identity function; a subaddress acts for its endpoint. */
function authorize(requested: string | undefined, authentication: string): string | undefined {
  if (requested === undefined) return authentication;
  const wanted = identityOf(requested);
  return wanted !== undefined && parent(wanted) === authentication ? wanted : undefined;
}
