import { MessageError, UsageError } from '../../errors.ts';
import { encodeBase64 } from '../../message/base64.ts';
import { type Authorize, actAsThemselves, authorized, failed } from './authorization.ts';
import { equalOctets, type HashName, type SaslCrypto, webCrypto } from './crypto.ts';
import { isIdentity } from './gs2.ts';
import type { ClientMechanism, ServerExchange, ServerMechanism, ServerStep } from './mechanism.ts';
import { saslprep } from './saslprep.ts';
import {
  type ClientFirst,
  formatClientFinalWithoutProof,
  formatClientFirst,
  formatServerFirst,
  parseClientFinal,
  parseClientFirst,
  parseServerFinal,
  parseServerFirst,
} from './scram-messages.ts';

/**
 * SCRAM (RFC 5802), with SHA-1 and with SHA-256 (RFC 7677), without channel binding. The password never
 * travels, the server keeps nothing that could be used elsewhere, and each side proves to the other that it
 * knows its secret.
 */

/** What a server keeps of a password (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** What a server of SCRAM knows, and as whom its clients may act (RFC 5802). */
export interface ScramServerOptions {
  readonly hash: HashName;
  /**
   * Looks up the keys for this hash. The name comes as the client sent it; preparing it (RFC 5802 §5.1) is
   * up to who looks up.
   */
  readonly find: (authentication: string) => Promise<ScramKeys | undefined>;
  /** What unknown names get (B13): the iterations of most of the others. */
  readonly iterations: number;
  /**
   * 32 octets that nobody knows: the salts of unknown names come from it. Default: random ones. Give all
   * processes that serve the same names the same.
   */
  readonly decoySecret?: Uint8Array;
  /** Default: everybody acts as themselves only. */
  readonly authorize?: Authorize;
  /** Default: that of the platform. */
  readonly crypto?: SaslCrypto;
}

/** Who the client is (RFC 5802). */
export interface ScramClientOptions {
  readonly hash: HashName;
  /** The identity to act as, when it is not the one that follows from `authentication`. */
  readonly authorization?: string;
  /** The identity whose password it is. Sent as it is: endpoints compare octet for octet. */
  readonly authentication: string;
  readonly password: string;
  /** Greatest number of iterations, so that a server cannot keep this side busy; default 1,000,000. */
  readonly maxIterations?: number;
  /** Default: that of the platform. */
  readonly crypto?: SaslCrypto;
}

/** 5802 §5.1, 7677 §4 */
export const minScramIterations = 4096;
const saltOctets = 16;

/** SCRAM at the server. Throws UsageError `sasl.crypto` where there is no cryptography. */
export function scramServer(options: ScramServerOptions): ServerMechanism {
  const crypto = options.crypto ?? webCrypto();
  const secret = options.decoySecret ?? crypto.random(32);
  return {
    name: `SCRAM-${options.hash}`,
    requireSecured: false,
    start: () => new ScramExchange(options, crypto, secret),
  };
}

/**
 * SCRAM at the client. Throws UsageError `sasl.scram` for identities that it cannot carry, `password.empty` and
 * `password.characters` (see SASLprep); the exchange begins with `sasl.crypto` where there is no cryptography.
 */
export function scramClient(options: ScramClientOptions): ClientMechanism {
  const { hash, authorization, authentication, password, maxIterations = 1_000_000 } = options;
  if (![authorization ?? authentication, authentication].every(isIdentity)) {
    throw new UsageError('sasl.scram', 'an identity must be text, not empty, without NUL');
  }
  const prepared = octetsOf(saslprep(password, 'query'));
  let begun: { crypto: SaslCrypto; nonce: string; gs2Header: string; bare: string } | undefined;
  let expected: Uint8Array | undefined;
  return {
    name: `SCRAM-${hash}`,
    requireSecured: false,
    initial() {
      const crypto = options.crypto ?? webCrypto();
      const nonce = crypto.nonce();
      begun = { crypto, nonce, ...formatClientFirst(authorization, authentication, nonce) };
      return octetsOf(begun.gs2Header + begun.bare);
    },
    async respond(challenge) {
      if (begun === undefined || expected !== undefined) {
        throw new MessageError('sasl.challenge', 501, 'SCRAM has one challenge');
      }
      const { crypto, nonce, gs2Header, bare } = begun;
      const first = parseServerFirst(challenge);
      // 5802 §5.1: what the client sent, and behind it what the server adds.
      if (!first.nonce.startsWith(nonce) || first.nonce.length === nonce.length) {
        throw new MessageError('sasl.scram', 501, 'the nonce of the server does not continue ours');
      }
      if (first.iterations < minScramIterations || first.iterations > maxIterations) {
        const accepted = `accepted are ${minScramIterations} to ${maxIterations}`;
        const text = `the server asks for ${first.iterations} iterations: ${accepted}`;
        throw new MessageError('sasl.iterations', 501, text);
      }
      const withoutProof = formatClientFinalWithoutProof(gs2Header, first.nonce);
      const signed = octetsOf(`${bare},${first.text},${withoutProof}`);
      const salted = await crypto.pbkdf2(hash, prepared, first.salt, first.iterations);
      const clientKey = await crypto.hmac(hash, salted, octetsOf('Client Key'));
      const clientSignature = await crypto.hmac(hash, await crypto.hash(hash, clientKey), signed);
      const serverKey = await crypto.hmac(hash, salted, octetsOf('Server Key'));
      expected = await crypto.hmac(hash, serverKey, signed);
      return octetsOf(`${withoutProof},p=${encodeBase64(exclusiveOr(clientKey, clientSignature))}`);
    },
    // B12
    finish(data) {
      if (expected === undefined || !equalOctets(parseServerFinal(data), expected)) {
        throw new MessageError('sasl.server', 501, 'the server did not prove that it knows the password');
      }
    },
  };
}

/** 5802 §3: what a server keeps of a prepared password. */
export async function deriveScramKeys(
  hash: HashName,
  prepared: string,
  salt: Uint8Array,
  iterations: number,
  crypto: SaslCrypto = webCrypto(),
): Promise<ScramKeys> {
  const salted = await crypto.pbkdf2(hash, octetsOf(prepared), salt, iterations);
  const clientKey = await crypto.hmac(hash, salted, octetsOf('Client Key'));
  const storedKey = await crypto.hash(hash, clientKey);
  return { salt, iterations, storedKey, serverKey: await crypto.hmac(hash, salted, octetsOf('Server Key')) };
}

/** What the server knows between the two messages of the client. */
interface Begun {
  readonly first: ClientFirst;
  readonly serverFirst: string;
  readonly nonce: string;
  readonly keys: ScramKeys;
  readonly isKnown: boolean;
}

class ScramExchange implements ServerExchange {
  readonly #options: ScramServerOptions;
  readonly #crypto: SaslCrypto;
  readonly #secret: Uint8Array;
  #begun: Begun | undefined;

  constructor(options: ScramServerOptions, crypto: SaslCrypto, secret: Uint8Array) {
    this.#options = options;
    this.#crypto = crypto;
    this.#secret = secret;
  }

  respond(response: Uint8Array | undefined): ServerStep | Promise<ServerStep> {
    if (response === undefined) return { kind: 'challenge', data: new Uint8Array(0) };
    return this.#begun === undefined ? this.#first(response) : this.#final(response, this.#begun);
  }

  async #first(response: Uint8Array): Promise<ServerStep> {
    const first = parseClientFirst(response);
    // 5802 §6: `y` is right, this server has no channel binding; who insists on one is refused.
    if (first.header.bindingFlag.startsWith('p')) return failed('channel binding is not supported');
    const found = await this.#options.find(first.name);
    const decoy = await this.#decoy(first.name);
    const keys = found ?? decoy;
    const nonce = first.nonce + this.#crypto.nonce();
    const serverFirst = formatServerFirst(nonce, keys.salt, keys.iterations);
    this.#begun = { first, serverFirst, nonce, keys, isKnown: found !== undefined };
    return { kind: 'challenge', data: octetsOf(serverFirst) };
  }

  async #final(
    response: Uint8Array,
    { first, serverFirst, nonce, keys, isKnown }: Begun,
  ): Promise<ServerStep> {
    const final = parseClientFinal(response);
    const { hash, authorize = actAsThemselves } = this.#options;
    // 5802 §6: that of the first message, without channel binding data.
    if (!equalOctets(final.binding, octetsOf(first.header.text)) || final.nonce !== nonce) {
      return failed(undefined, first.name);
    }
    const signed = octetsOf(`${first.bare},${serverFirst},${final.withoutProof}`);
    const clientSignature = await this.#crypto.hmac(hash, keys.storedKey, signed);
    if (final.proof.length !== clientSignature.length) return failed(undefined, first.name);
    const storedKey = await this.#crypto.hash(hash, exclusiveOr(final.proof, clientSignature));
    // B13
    if (!equalOctets(storedKey, keys.storedKey) || !isKnown) return failed(undefined, first.name);
    const signature = await this.#crypto.hmac(hash, keys.serverKey, signed);
    return authorized(
      authorize,
      first.header.authorization,
      first.name,
      octetsOf(`v=${encodeBase64(signature)}`),
    );
  }

  /** B13: who asks twice for an unknown name gets the same salt, as for a known one. */
  async #decoy(name: string): Promise<ScramKeys> {
    const octets = await this.#crypto.hmac('SHA-256', this.#secret, octetsOf(name));
    const key = await this.#crypto.hash(this.#options.hash, octets);
    const { iterations } = this.#options;
    return { salt: octets.slice(0, saltOctets), iterations, storedKey: key, serverKey: key };
  }
}

function exclusiveOr(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((octet, at) => octet ^ b[at]!);
}

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
