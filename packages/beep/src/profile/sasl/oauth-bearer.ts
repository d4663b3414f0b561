import { MessageError, UsageError } from '../../errors.ts';
import type { SessionFacts } from '../../session/facts.ts';
import { type Authorize, actAsThemselves, authorized, failed } from './authorization.ts';
import { decodeMessage, formatGs2Header, isIdentity, parseGs2Header } from './gs2.ts';
import type { ClientMechanism, ServerExchange, ServerMechanism, ServerStep } from './mechanism.ts';

/** OAUTHBEARER (RFC 7628): an access token that an OAuth authorization server has issued. */

export interface OauthBearerServerOptions {
  /**
   * Whom the token names, or why it is not accepted. The token is empty when the client asks what it would
   * need (RFC 7628 §4.3).
   */
  readonly verify: (token: string, facts: SessionFacts) => TokenVerdict | Promise<TokenVerdict>;
  /** Default: everybody acts as themselves only. */
  readonly authorize?: Authorize;
  /** Default true (B12): who reads the token can use it. */
  readonly requireSecured?: boolean;
}

/** Whether a token is good, and whose it is. */
export type TokenVerdict =
  | { readonly kind: 'accepted'; readonly authentication: string }
  | {
      readonly kind: 'refused';
      /** RFC 6750 §3.1, such as `invalid_token`. */
      readonly status: string;
      /** What a token must allow. */
      readonly scope?: string;
      /** Where the client learns how to get a token. */
      readonly configurationUrl?: string;
    };

/** The access token, and as whom to act (RFC 7628). */
export interface OauthBearerClientOptions {
  /** RFC 6750 §2.1: a b64token. */
  readonly token: string;
  /** The identity to act as, when it is not the one that the token names. */
  readonly authorization?: string;
  /** Where the client connected to, for servers that want to know. */
  readonly host?: string;
  readonly port?: number;
  /** Default true: the token is never sent over a session that is not secured. */
  readonly requireSecured?: boolean;
}

const maxMessageOctets = 65_536;
const separator = '\u0001';
const b64token = /^[A-Za-z0-9._~+/-]+=*$/;
/** RFC 6750 §2.1. What stands behind the blanks cannot be a blank, so that it is tried in one way only. */
const bearerToken = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** OAUTHBEARER at the server. */
export function oauthBearerServer(options: OauthBearerServerOptions): ServerMechanism {
  return {
    name: 'OAUTHBEARER',
    requireSecured: options.requireSecured ?? true,
    start: (facts) => new OauthExchange(options, facts),
  };
}

/** OAUTHBEARER at the client. Throws UsageError `sasl.oauth` for what it cannot carry. */
export function oauthBearerClient(options: OauthBearerClientOptions): ClientMechanism {
  const { token, authorization, host, port, requireSecured = true } = options;
  if (!b64token.test(token))
    throw new UsageError('sasl.oauth', 'a token is made of the characters of RFC 6750 §2.1');
  if (authorization !== undefined && !isIdentity(authorization)) {
    throw new UsageError('sasl.oauth', 'an identity must be text, not empty, without NUL');
  }
  if (host !== undefined && !/^[\x21-\x7e]+$/.test(host))
    throw new UsageError('sasl.oauth', 'not a host name');
  const pairs = [
    ...(host === undefined ? [] : [`host=${host}`]),
    ...(port === undefined ? [] : [`port=${port}`]),
    `auth=Bearer ${token}`,
  ];
  const message = [formatGs2Header(authorization), ...pairs, '', ''].join(separator);
  let isRefused = false;
  return {
    name: 'OAUTHBEARER',
    requireSecured,
    initial: () => new TextEncoder().encode(message),
    respond() {
      if (isRefused) throw new MessageError('sasl.challenge', 501, 'OAUTHBEARER has one challenge');
      // 7628 §3.2.3: the server has told why, and fails once it has this.
      isRefused = true;
      return new TextEncoder().encode(separator);
    },
    finish() {
      if (isRefused)
        throw new MessageError('sasl.server', 501, 'the server refused the token and reports success');
    },
  };
}

class OauthExchange implements ServerExchange {
  readonly #options: OauthBearerServerOptions;
  readonly #facts: SessionFacts;
  /** Why the token was refused, once it was. */
  #refused: string | undefined;

  constructor(options: OauthBearerServerOptions, facts: SessionFacts) {
    this.#options = options;
    this.#facts = facts;
  }

  respond(response: Uint8Array | undefined): ServerStep | Promise<ServerStep> {
    if (this.#refused !== undefined) return failed(`the token was refused: ${this.#refused}`);
    if (response === undefined) return { kind: 'challenge', data: new Uint8Array(0) };
    return this.#decide(parseMessage(response));
  }

  async #decide({ requested, token }: ReturnType<typeof parseMessage>): Promise<ServerStep> {
    const verdict = await this.#options.verify(token, this.#facts);
    if (verdict.kind === 'accepted') {
      if (token === '') return failed();
      return authorized(this.#options.authorize ?? actAsThemselves, requested, verdict.authentication);
    }
    // 7628 §3.2.2
    const { status, scope, configurationUrl } = verdict;
    this.#refused = status;
    const answer = JSON.stringify({ status, scope, 'openid-configuration': configurationUrl });
    return { kind: 'challenge', data: new TextEncoder().encode(answer) };
  }
}

/** 7628 §3.1: client-resp = gs2-header kvsep *kvpair kvsep */
function parseMessage(message: Uint8Array) {
  const text = decodeMessage(message, 'sasl.oauth', maxMessageOctets);
  const header = parseGs2Header(text, 'sasl.oauth');
  if (header.bindingFlag.startsWith('p')) throw malformed('channel binding, which OAUTHBEARER has not');
  const parts = text.slice(header.text.length).split(separator);
  if (parts.shift() !== '' || parts.pop() !== '' || parts.pop() !== '') throw malformed('separators');
  let credentials: string | undefined;
  for (const pair of parts) {
    const [, key, value] = /^([A-Za-z]+)=([\t\n\r\x20-\x7e]*)$/.exec(pair) ?? [];
    if (key === undefined) throw malformed('a pair of key and value');
    if (key !== 'auth') continue;
    if (credentials !== undefined) throw malformed('two auth pairs');
    credentials = value;
  }
  // 7628 §4.3: who sends no token is told what it needs.
  const [, token] = credentials === '' ? ['', ''] : (bearerToken.exec(credentials ?? '') ?? []);
  if (token === undefined) throw malformed('no bearer token');
  return { requested: header.authorization, token };
}

function malformed(problem: string): MessageError {
  return new MessageError('sasl.oauth', 501, `OAUTHBEARER message: ${problem}`);
}
