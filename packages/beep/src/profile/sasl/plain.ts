import { MessageError, UsageError } from '../../errors.ts';
import { type Authorize, actAsThemselves, authorized, failed } from './authorization.ts';
import { type ClientMechanism, oneMessage, type ServerMechanism } from './mechanism.ts';

/** The port to what knows the passwords. */
export interface PasswordVerifier {
  /**
   * Whether this is the password of this authentication identity. An unknown identity costs as
   * much work as a wrong password (B13). Both strings come as the client sent them, not empty;
   * preparing them (RFC 4616 §2) is up to the verifier. `remoteAddress` is the `host:port` of the
   * client, so that attempts from one host can take turns.
   */
  verify(authentication: string, password: string, remoteAddress: string): Promise<boolean>;
}

/** How a server checks passwords, and as whom their owners may act (RFC 4616). */
export interface PlainServerOptions {
  readonly verifier: PasswordVerifier;
  /** Default: everybody acts as themselves only. */
  readonly authorize?: Authorize;
  /** Default true (B12). */
  readonly requireSecured?: boolean;
}

/** What a client of PLAIN says (RFC 4616 §2). */
export interface PlainCredentials {
  /** The identity to act as, when it is not the one that follows from `authentication`. */
  readonly authorization?: string;
  /** The identity whose password it is. */
  readonly authentication: string;
  readonly password: string;
  /** Default true: the password is never sent over a session that is not secured. */
  readonly requireSecured?: boolean;
}

/** Octets of each part of the message. Servers must accept 255 (RFC 4616 §2). */
const maxPartOctets = 1024;

/** PLAIN (RFC 4616) at the server. */
export function plainServer(options: PlainServerOptions): ServerMechanism {
  const { verifier, authorize = actAsThemselves, requireSecured = true } = options;
  return {
    name: 'PLAIN',
    requireSecured,
    start: ({ remoteAddress }) =>
      oneMessage(async (message) => {
        const { requested, authentication, password } = parseMessage(message);
        // B13
        if (!(await verifier.verify(authentication, password, remoteAddress))) {
          return failed(undefined, authentication);
        }
        return authorized(authorize, requested, authentication);
      }),
  };
}

/** PLAIN (RFC 4616) at the client. Throws UsageError `sasl.plain` for credentials that it cannot carry. */
export function plainClient(credentials: PlainCredentials): ClientMechanism {
  const { authorization = '', authentication, password, requireSecured = true } = credentials;
  if (authentication === '' || password === '' || ![authorization, authentication, password].every(isSafe)) {
    throw new UsageError('sasl.plain', 'identity and password must be text, not empty, without NUL');
  }
  return {
    name: 'PLAIN',
    requireSecured,
    initial: () => new TextEncoder().encode(`${authorization}\0${authentication}\0${password}`),
    respond: () => {
      throw new MessageError('sasl.challenge', 501, 'PLAIN has no challenges');
    },
    finish: () => undefined,
  };
}

/** 4616 §2: *SAFE, what UTF-8 can encode, except NUL. */
function isSafe(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

const nul = 0;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd */
function parseMessage(message: Uint8Array) {
  const first = message.indexOf(nul);
  const second = first < 0 ? -1 : message.indexOf(nul, first + 1);
  if (second < 0 || message.includes(nul, second + 1)) throw malformed('not three parts between two NULs');
  const requested = decodePart(message.subarray(0, first));
  const authentication = decodePart(message.subarray(first + 1, second));
  const password = decodePart(message.subarray(second + 1));
  if (authentication === '' || password === '') throw malformed('an empty identity or password');
  return { requested: requested === '' ? undefined : requested, authentication, password };
}

function decodePart(octets: Uint8Array): string {
  if (octets.length > maxPartOctets) throw malformed(`a part of more than ${maxPartOctets} octets`);
  try {
    return utf8.decode(octets);
  } catch {
    throw malformed('a part that is not UTF-8');
  }
}

function malformed(problem: string): MessageError {
  return new MessageError('sasl.plain', 501, `PLAIN message: ${problem}`);
}
