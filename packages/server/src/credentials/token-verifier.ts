import { readFile } from 'node:fs/promises';
import { type TokenVerdict, UsageError } from '@apex/beep';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';

/** Whose access tokens a server takes (RFC 7628), when these are JSON Web Tokens. */
export interface TokenVerifierOptions {
  /** The keys of the issuer, a JWK set: the path of a file, or an `https:` URL that is read when it is needed. */
  readonly jwks: string;
  /** The claim `iss` of tokens. */
  readonly issuer: string;
  /** What tokens are for, of their claim `aud`. */
  readonly audience: string;
  /** The claim that holds the endpoint; default `sub`. */
  readonly claim?: string | undefined;
  /** How far clocks may be apart, in seconds; default 30. */
  readonly clockToleranceSeconds?: number | undefined;
}

/** Signatures with a public key: whoever can verify one of these cannot make one. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];

/** What a token can be wrong with. Everything else is trouble of the server, which is no verdict. */
const REFUSALS = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

/**
 * Verifies access tokens: signature, issuer, audience, time. A token without an expiry is refused. What it
 * returns rejects when the keys cannot be had. Rejects with UsageError `server.jwks` for keys that
 * cannot be read.
 */
export async function tokenVerifier(
  options: TokenVerifierOptions,
): Promise<(token: string) => Promise<TokenVerdict>> {
  const { issuer, audience, claim = 'sub', clockToleranceSeconds = 30 } = options;
  const keys = await keysOf(options.jwks);
  const checks = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp', claim],
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, checks);
      const authentication = payload[claim];
      if (typeof authentication !== 'string') return refused;
      return { kind: 'accepted', authentication };
    } catch (error) {
      if (REFUSALS.some((each) => error instanceof each)) return refused;
      throw error;
    }
  };
}

const refused: TokenVerdict = { kind: 'refused', status: 'invalid_token' };

async function keysOf(jwks: string): Promise<JWTVerifyGetKey> {
  if (URL.canParse(jwks) && /^https?:/i.test(jwks)) {
    const url = new URL(jwks);
    const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
    if (url.protocol !== 'https:' && !isLocal) {
      throw new UsageError(
        'server.jwks',
        `${jwks}: keys that travel unprotected can be exchanged; use https`,
      );
    }
    return createRemoteJWKSet(url);
  }
  try {
    return createLocalJWKSet(JSON.parse(await readFile(jwks, 'utf8')));
  } catch (error) {
    const text = `${jwks} holds no JWK set that can be read: ${(error as Error).message}`;
    throw new UsageError('server.jwks', text, { cause: error });
  }
}
