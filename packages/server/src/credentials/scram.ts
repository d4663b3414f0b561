import { timingSafeEqual } from 'node:crypto';
import { saslprep, UsageError } from '@apex/beep';
import type { ScramCredentials } from '../store/ports.ts';

/** Iterations of new credentials unless configured otherwise; RFC 7677 §4 asks for at least 4096. */
export const defaultScramIterations = 10_000;

export interface DeriveOptions {
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
  const { iterations = defaultScramIterations, salt = crypto.getRandomValues(new Uint8Array(16)) } = options;
  if (!Number.isInteger(iterations) || iterations < 4096) {
    throw new UsageError(
      'password.iterations',
      `${iterations} iterations are too few: RFC 7677 asks for at least 4096`,
    );
  }
  const saltedPassword = await salted(saslprep(password, 'stored'), salt, iterations);
  const [storedKey, serverKey] = await Promise.all([
    storedKeyOf(saltedPassword),
    hmac(saltedPassword, 'Server Key'),
  ]);
  return { mechanism: 'SCRAM-SHA-256', salt, iterations, storedKey, serverKey };
}

/**
 * Whether the credentials were derived from this password. A password that SASLprep refuses is a
 * wrong one, after the same work. Comparison takes constant time.
 */
export async function verifyPassword(credentials: ScramCredentials, password: string): Promise<boolean> {
  const prepared = preparedOrNothing(password);
  const saltedPassword = await salted(prepared ?? '', credentials.salt, credentials.iterations);
  const storedKey = await storedKeyOf(saltedPassword);
  const same =
    storedKey.length === credentials.storedKey.length && timingSafeEqual(storedKey, credentials.storedKey);
  return same && prepared !== undefined;
}

function preparedOrNothing(password: string): string | undefined {
  try {
    return saslprep(password, 'query');
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** 5802 §3: SaltedPassword := Hi(Normalize(password), salt, i); Hi is PBKDF2 (5802 §2.2). */
async function salted(
  prepared: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', octetsOf(prepared), 'PBKDF2', false, ['deriveBits']);
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: Uint8Array.from(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

/** 5802 §3: ClientKey := HMAC(SaltedPassword, "Client Key"); StoredKey := H(ClientKey). */
async function storedKeyOf(saltedPassword: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const clientKey = await hmac(saltedPassword, 'Client Key');
  return new Uint8Array(await crypto.subtle.digest('SHA-256', clientKey));
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, octetsOf(text)));
}

function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
