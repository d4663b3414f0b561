import { MessageError, UsageError } from '../../errors.ts';
import { type Authorize, actAsThemselves, authorized, failed } from './authorization.ts';
import { equalOctets, type SaslCrypto, webCrypto } from './crypto.ts';
import {
  digestProof,
  digestSecret,
  malformed,
  nonceCount,
  parseDirectives,
  quoted,
  required,
  single,
} from './digest-messages.ts';
import { isIdentity } from './gs2.ts';
import type { ClientMechanism, ServerExchange, ServerMechanism, ServerStep } from './mechanism.ts';
import { saslprep } from './saslprep.ts';

/**
 * DIGEST-MD5 (RFC 2831), which RFC 3340 §11 asks for and RFC 6331 moved to historic: for peers that have
 * nothing better (B12).
 */

export interface DigestMd5ServerOptions {
  /** What the names belong to, such as the administrative domain; clients choose one of them. */
  readonly realms: readonly string[];
  /** Looks up what `digestSecret` gave for the name, this realm and the password. */
  readonly find: (authentication: string, realm: string) => Promise<Uint8Array | undefined>;
  /** Hosts that clients may mean to talk to; default the realms. Letter case means nothing. */
  readonly hosts?: readonly string[];
  /** Default: everybody acts as themselves only. */
  readonly authorize?: Authorize;
  /** Default: that of the platform. */
  readonly crypto?: SaslCrypto;
}

/** Who the client is, and with whom it speaks (RFC 2831). */
export interface DigestMd5ClientOptions {
  /** The identity to act as, when it is not the one that follows from `authentication`. */
  readonly authorization?: string;
  readonly authentication: string;
  readonly password: string;
  /** The host that this side means to talk to. */
  readonly host: string;
  /** The realm of the name; default: the host when the server names it or no other, else its first one. */
  readonly realm?: string;
  /** Default: that of the platform. */
  readonly crypto?: SaslCrypto;
}

/** DIGEST-MD5 at the server. Throws UsageError `sasl.crypto` where there is no cryptography. */
export function digestMd5Server(options: DigestMd5ServerOptions): ServerMechanism {
  const crypto = options.crypto ?? webCrypto();
  return {
    name: 'DIGEST-MD5',
    requireSecured: false,
    start: () => new DigestServerExchange(options, crypto.nonce()),
  };
}

/**
 * DIGEST-MD5 at the client. Throws UsageError `sasl.digest` for identities that it cannot carry,
 * `password.empty` and `password.characters` (see SASLprep).
 */
export function digestMd5Client(options: DigestMd5ClientOptions): ClientMechanism {
  const { authorization, authentication, password, host } = options;
  if (![authorization ?? authentication, authentication, host].every(isIdentity)) {
    throw new UsageError('sasl.digest', 'identity and host must be text, not empty, without NUL');
  }
  const prepared = saslprep(password, 'query');
  let expected: string | undefined;
  let isProved = false;
  const prove = (data: Uint8Array): void => {
    if (expected === undefined || !isSame(required(parseDirectives(data), 'rspauth'), expected)) {
      throw new MessageError('sasl.server', 501, 'the server did not prove that it knows the password');
    }
    isProved = true;
  };
  return {
    name: 'DIGEST-MD5',
    requireSecured: false,
    initial: () => undefined,
    respond(challenge) {
      if (expected !== undefined) {
        // RFC 2831 §2.1.3 for protocols without data in the outcome; some peers do so here too.
        if (isProved) throw new MessageError('sasl.challenge', 501, 'DIGEST-MD5 has two challenges');
        prove(challenge);
        return new Uint8Array(0);
      }
      const directives = parseDirectives(challenge);
      const nonce = required(directives, 'nonce');
      if (single(directives, 'algorithm') !== 'md5-sess') throw malformed('an unknown algorithm');
      if (single(directives, 'charset') !== 'utf-8') throw malformed('an unknown charset');
      const qop = (single(directives, 'qop') ?? 'auth').split(/[\s,]+/);
      if (!qop.includes('auth')) throw malformed('a security layer');
      const realms = directives.get('realm') ?? [host];
      const realm = options.realm ?? (realms.includes(host) ? host : realms[0]!);
      const clientNonce = (options.crypto ?? webCrypto()).nonce();
      const uri = `beep/${host}`;
      const secret = digestSecret(authentication, realm, prepared);
      const exchange = { secret, nonce, clientNonce, uri, authorization };
      expected = digestProof('server', exchange);
      const response = [
        'charset=utf-8',
        `username=${quoted(authentication)}`,
        `realm=${quoted(realm)}`,
        `nonce=${quoted(nonce)}`,
        `nc=${nonceCount}`,
        `cnonce=${quoted(clientNonce)}`,
        `digest-uri=${quoted(uri)}`,
        `response=${digestProof('client', exchange)}`,
        'qop=auth',
        ...(authorization === undefined ? [] : [`authzid=${quoted(authorization)}`]),
      ];
      return new TextEncoder().encode(response.join(','));
    },
    // B12
    finish(data) {
      if (!isProved || data.length > 0) prove(data);
    },
  };
}

class DigestServerExchange implements ServerExchange {
  readonly #options: DigestMd5ServerOptions;
  readonly #nonce: string;
  #isBegun = false;

  constructor(options: DigestMd5ServerOptions, nonce: string) {
    this.#options = options;
    this.#nonce = nonce;
  }

  respond(response: Uint8Array | undefined): ServerStep | Promise<ServerStep> {
    if (this.#isBegun) return this.#decide(response ?? new Uint8Array(0));
    // A response before the challenge would go on with an old nonce: this server forgets them. A start with an
    // empty blob says the same as one without.
    if (response !== undefined && response.length > 0) throw malformed('a response before the challenge');
    this.#isBegun = true;
    const realms = this.#options.realms.map((realm) => `realm=${quoted(realm)},`).join('');
    const challenge = `${realms}nonce=${quoted(this.#nonce)},qop="auth",charset=utf-8,algorithm=md5-sess`;
    return { kind: 'challenge', data: new TextEncoder().encode(challenge) };
  }

  async #decide(response: Uint8Array): Promise<ServerStep> {
    const directives = parseDirectives(response);
    const name = required(directives, 'username');
    const clientNonce = required(directives, 'cnonce');
    const uri = required(directives, 'digest-uri');
    const proof = required(directives, 'response');
    const authorization = single(directives, 'authzid') || undefined;
    if (single(directives, 'charset') !== 'utf-8' && !isAscii(name + (authorization ?? ''))) {
      throw malformed('an unknown charset');
    }
    const { realms, find, authorize = actAsThemselves } = this.#options;
    const realm = single(directives, 'realm') ?? '';
    const isRight =
      required(directives, 'nonce') === this.#nonce &&
      required(directives, 'nc') === nonceCount &&
      (single(directives, 'qop') ?? 'auth') === 'auth' &&
      realms.includes(realm) &&
      this.#isOurs(uri);
    if (!isRight) return failed(undefined, name);
    // B13
    const found = await find(name, realm);
    const secret = found ?? new Uint8Array(16);
    const exchange = { secret, nonce: this.#nonce, clientNonce, uri, authorization };
    if (!isSame(proof, digestProof('client', exchange)) || found === undefined) {
      return failed(undefined, name);
    }
    const data = new TextEncoder().encode(`rspauth=${digestProof('server', exchange)}`);
    return authorized(authorize, authorization, name, data);
  }

  /** Who was asked by a client to talk to another host may not use its answer here. */
  #isOurs(uri: string): boolean {
    const host = /^[^/]+\/([^/]+)(?:\/[^/]+)?$/.exec(uri)?.[1]?.toLowerCase();
    const { hosts = this.#options.realms } = this.#options;
    return hosts.some((each) => each.toLowerCase() === host);
  }
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function isSame(a: string, b: string): boolean {
  return equalOctets(new TextEncoder().encode(a), new TextEncoder().encode(b));
}
