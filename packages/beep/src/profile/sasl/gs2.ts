import { MessageError } from '../../errors.ts';

/**
 * What SCRAM and OAUTHBEARER share: the GS2 header in front of the first message (RFC 5801 §4,
 * RFC 5802 §7), and how names are written in it.
 */
export interface Gs2Header {
  /** The header as it stands, both commas included. */
  readonly text: string;
  /** `n`: the client has no channel binding; `y`: it has, and believes that the server has not; or `p=NAME`. */
  readonly bindingFlag: string;
  readonly authorization: string | undefined;
}

/** Longer than any name that is in use; a server must expect 255 octets (RFC 4616 §2). */
const maxNameLength = 1024;

/** Reads the header that `message` begins with. Throws MessageError with the code given. */
export function parseGs2Header(message: string, code: string): Gs2Header {
  const header = /^(n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]+))?,/.exec(message);
  if (header === null) throw new MessageError(code, 501, 'malformed gs2-header');
  const [text, bindingFlag = '', encoded] = header;
  return {
    text,
    bindingFlag,
    authorization: encoded === undefined ? undefined : decodeSaslName(encoded, code),
  };
}

/** Writes the header of a client without channel binding. */
export function formatGs2Header(authorization: string | undefined): string {
  return authorization === undefined ? 'n,,' : `n,a=${encodeSaslName(authorization)},`;
}

/** 5802 §5.1: saslname; `=` is an escape and nothing else. Throws MessageError with the code given. */
export function decodeSaslName(encoded: string, code: string): string {
  if (encoded === '' || encoded.length > maxNameLength || /=(?!2C|3D)/.test(encoded)) {
    throw new MessageError(code, 501, 'malformed name');
  }
  return encoded.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

export function encodeSaslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A message of at most `maxOctets` in UTF-8 without NUL. Throws MessageError with the code given. */
export function decodeMessage(message: Uint8Array, code: string, maxOctets = 8192): string {
  if (message.length > maxOctets) throw new MessageError(code, 501, `more than ${maxOctets} octets`);
  let text: string;
  try {
    text = utf8.decode(message);
  } catch {
    throw new MessageError(code, 501, 'not UTF-8');
  }
  if (text.includes('\0')) throw new MessageError(code, 501, 'NUL in a message');
  return text;
}

/** What every mechanism can carry as an identity: text, not empty, that UTF-8 can encode, without NUL. */
export function isIdentity(text: string): boolean {
  return text !== '' && !text.includes('\0') && text.isWellFormed();
}
