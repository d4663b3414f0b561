import { deriveScramKeys, equalOctets, minScramIterations, saslprep, UsageError } from '@apex/beep';
import type { ScramCredentials } from '../store/ports.ts';

/** Iterations of new credentials unless configured otherwise; RFC 7677 §4 asks for at least 4096. */
export const defaultScramIterations = 10_000;

/** What credentials are made with. */
export interface DeriveOptions {
  /** Default SCRAM-SHA-256. */
  readonly mechanism?: ScramCredentials['mechanism'];
  /** Default 10,000, at least 4096. */
  readonly iterations?: number;
  /** Default: 16 random octets. */
  readonly salt?: Uint8Array;
}

/**
 * Derives what is stored of a password (RFC 5802 §3, with SHA-256 as in RFC 7677). The password
 * cannot be computed back. Rejects with UsageError `password.empty`, `password.characters` (see
 * SASLprep) or `password.iterations`.
 */
export async function deriveCredentials(
  password: string,
  options: DeriveOptions = {},
): Promise<ScramCredentials> {
  const {
    mechanism = 'SCRAM-SHA-256',
    iterations = defaultScramIterations,
    salt = crypto.getRandomValues(new Uint8Array(16)),
  } = options;
  if (!Number.isInteger(iterations) || iterations < minScramIterations) {
    throw new UsageError(
      'password.iterations',
      `${iterations} iterations are too few: RFC 7677 asks for at least ${minScramIterations}`,
    );
  }
  const prepared = saslprep(password, 'stored');
  return { mechanism, ...(await deriveScramKeys(hashOf(mechanism), prepared, salt, iterations)) };
}

/**
 * Whether the credentials were derived from this password. A password that SASLprep refuses is a
 * wrong one, after the same work. Comparison takes constant time.
 */
export async function verifyPassword(credentials: ScramCredentials, password: string): Promise<boolean> {
  const { mechanism, salt, iterations, storedKey } = credentials;
  const prepared = preparedOrNothing(password);
  const derived = await deriveScramKeys(hashOf(mechanism), prepared ?? '', salt, iterations);
  return equalOctets(derived.storedKey, storedKey) && prepared !== undefined;
}

function hashOf(mechanism: ScramCredentials['mechanism']): 'SHA-1' | 'SHA-256' {
  return mechanism === 'SCRAM-SHA-1' ? 'SHA-1' : 'SHA-256';
}

function preparedOrNothing(password: string): string | undefined {
  try {
    return saslprep(password, 'query');
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
