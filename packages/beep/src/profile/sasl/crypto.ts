import { UsageError } from '../../errors.ts';
import { encodeBase64 } from '../../message/base64.ts';

const nonceOctets = 18;

/** Hashes that SCRAM is used with (RFC 5802, RFC 7677). */
export type HashName = 'SHA-1' | 'SHA-256';

/** The port to cryptography: what mechanisms with challenges compute. */
export interface SaslCrypto {
  random(octets: number): Uint8Array;
  /** Text that nobody can guess and that does not come again, of the base64 alphabet. */
  nonce(): string;
  hash(name: HashName, octets: Uint8Array): Promise<Uint8Array>;
  hmac(name: HashName, key: Uint8Array, octets: Uint8Array): Promise<Uint8Array>;
  /** As many octets as the hash has. */
  pbkdf2(name: HashName, password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>;
}

/**
 * Cryptography of the platform: Node and browsers have the same. Throws UsageError `sasl.crypto` in a page
 * that was not loaded over a secure connection, where browsers withhold it.
 */
export function webCrypto(): SaslCrypto {
  const { crypto } = globalThis;
  // The type says that it is always there.
  const subtle: SubtleCrypto | undefined = crypto?.subtle;
  if (subtle === undefined) {
    throw new UsageError(
      'sasl.crypto',
      'no cryptography: browsers have it in secure contexts only, so load the page over https',
    );
  }
  const octetsOf = (buffer: ArrayBuffer) => new Uint8Array(buffer);
  return {
    random: (octets) => crypto.getRandomValues(new Uint8Array(octets)),
    nonce: () => encodeBase64(crypto.getRandomValues(new Uint8Array(nonceOctets))),
    hash: async (name, octets) => octetsOf(await subtle.digest(name, plain(octets))),
    async hmac(name, key, octets) {
      const algorithm = { name: 'HMAC', hash: name };
      const imported = await subtle.importKey('raw', plain(key), algorithm, false, ['sign']);
      return octetsOf(await subtle.sign('HMAC', imported, plain(octets)));
    },
    async pbkdf2(name, password, salt, iterations) {
      const key = await subtle.importKey('raw', plain(password), 'PBKDF2', false, ['deriveBits']);
      const algorithm = { name: 'PBKDF2', hash: name, salt: plain(salt), iterations };
      return octetsOf(await subtle.deriveBits(algorithm, key, name === 'SHA-1' ? 160 : 256));
    },
  };
}

/** WebCrypto takes no octets that are shared with another thread. */
function plain(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return octets.buffer instanceof ArrayBuffer ? (octets as Uint8Array<ArrayBuffer>) : Uint8Array.from(octets);
}

/** Whether two strings of octets are the same, in a time that does not tell where they differ. */
export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ b[at]!;
  return difference === 0;
}
