import { createHash, createHmac } from 'node:crypto';
import type { HashName, SaslCrypto } from '@apex/beep';

/**
 * Cryptography for SASL mechanisms that gives the same each time and answers within microtasks, so that an
 * input can hold the right answer to a challenge. A password costs one hash, whatever the iterations.
 */
export function foreseeableCrypto(nonce: string): SaslCrypto {
  return {
    random: (octets) => new Uint8Array(octets).fill(7),
    nonce: () => nonce,
    hash: async (name, octets) => new Uint8Array(createHash(nodeName(name)).update(octets).digest()),
    hmac: async (name, key, octets) => hmac(name, key, octets),
    pbkdf2: async (name, password, salt) => hmac(name, password, salt),
  };
}

function hmac(name: HashName, key: Uint8Array, octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac(nodeName(name), key).update(octets).digest());
}

function nodeName(name: HashName): string {
  return name.replace('-', '').toLowerCase();
}
