import { MessageError } from '../../errors.ts';
import { decodeBase64, encodeBase64 } from '../../message/base64.ts';

/**
 * The four messages of SCRAM (RFC 5802 §5, §7): parsed strictly, since both sides sign the very text of them.
 * Errors never show the text.
 */

/** Octets of one message. The longest part that a server must expect is a name (RFC 4616 §2: 255). */
const maxMessageOctets = 8192;
const maxNameOctets = 1024;

export interface ClientFirst {
  /** What goes before the bare message, such as `n,,`: it comes again in the client-final message. */
  readonly gs2Header: string;
  /** `n`: the client has no channel binding; `y`: it has, and believes that the server has not; or `p=NAME`. */
  readonly bindingFlag: string;
  readonly authorization: string | undefined;
  /** As sent, escapes decoded. */
  readonly name: string;
  readonly nonce: string;
  /** client-first-message-bare */
  readonly bare: string;
}

/** `[reserved-mext ","] username "," nonce ["," extensions]` behind the gs2-header. */
export function parseClientFirst(message: Uint8Array): ClientFirst {
  const text = decodeText(message);
  const header = /^(n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]+))?,/.exec(text);
  if (header === null) throw malformed('gs2-header');
  const gs2Header = header[0];
  const bare = text.slice(gs2Header.length);
  const [user = '', nonce = '', ...extensions] = attributes(bare);
  checkExtensions(extensions);
  return {
    gs2Header,
    bindingFlag: header[1]!,
    authorization: header[2] === undefined ? undefined : decodeName(header[2]),
    name: decodeName(readValue(user, 'n')),
    nonce: parseNonce(nonce),
    bare,
  };
}

export function formatClientFirst(authorization: string | undefined, name: string, nonce: string) {
  const gs2Header = authorization === undefined ? 'n,,' : `n,a=${encodeName(authorization)},`;
  return { gs2Header, bare: `n=${encodeName(name)},r=${nonce}` };
}

export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly text: string;
}

/** `[reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]` */
export function parseServerFirst(message: Uint8Array): ServerFirst {
  const text = decodeText(message);
  const [nonce = '', salt = '', iterations = '', ...extensions] = attributes(text);
  checkExtensions(extensions);
  const count = readValue(iterations, 'i');
  if (!/^[1-9][0-9]{0,9}$/.test(count)) throw malformed('iteration count');
  const octets = decodeBase64(readValue(salt, 's'));
  if (octets.length === 0) throw malformed('salt');
  return { nonce: parseNonce(nonce), salt: octets, iterations: Number(count), text };
}

export function formatServerFirst(nonce: string, salt: Uint8Array, iterations: number): string {
  return `r=${nonce},s=${encodeBase64(salt)},i=${iterations}`;
}

export interface ClientFinal {
  /** The gs2-header, and channel binding data if there are any. */
  readonly binding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  readonly withoutProof: string;
}

/** `channel-binding "," nonce ["," extensions] "," proof` */
export function parseClientFinal(message: Uint8Array): ClientFinal {
  const text = decodeText(message);
  const [binding = '', nonce = '', ...rest] = attributes(text);
  const proof = rest.pop() ?? '';
  checkExtensions(rest);
  return {
    binding: decodeBase64(readValue(binding, 'c')),
    nonce: parseNonce(nonce),
    proof: decodeBase64(readValue(proof, 'p')),
    withoutProof: text.slice(0, -`,${proof}`.length),
  };
}

export function formatClientFinalWithoutProof(gs2Header: string, nonce: string): string {
  return `c=${encodeBase64(new TextEncoder().encode(gs2Header))},r=${nonce}`;
}

/** `(server-error / verifier) ["," extensions]`: the signature of the server. */
export function parseServerFinal(message: Uint8Array): Uint8Array {
  const [verifier = '', ...extensions] = attributes(decodeText(message));
  checkExtensions(extensions);
  return decodeBase64(readValue(verifier, 'v'));
}

function attributes(text: string): readonly string[] {
  const parts = text.split(',');
  // 5802 §5.1: an extension that must be understood, and none is.
  if (parts[0]?.startsWith('m=')) throw malformed('mandatory extension');
  return parts;
}

function readValue(attribute: string, name: string): string {
  if (!attribute.startsWith(`${name}=`)) throw malformed(`no attribute ${name} in its place`);
  return attribute.slice(2);
}

/** 5802 §5.1: extensions that need not be understood are skipped, once they are known to be ones. */
function checkExtensions(extensions: readonly string[]): void {
  if (!extensions.every((extension) => /^[A-Za-z]=./su.test(extension))) throw malformed('extension');
}

/** 5802 §7: printable characters without comma. */
function parseNonce(attribute: string): string {
  const nonce = readValue(attribute, 'r');
  if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) throw malformed('nonce');
  return nonce;
}

/** 5802 §5.1: saslname; `=` is an escape and nothing else. */
function decodeName(encoded: string): string {
  if (encoded === '' || encoded.length > maxNameOctets || /=(?!2C|3D)/.test(encoded)) throw malformed('name');
  return encoded.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function encodeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(message: Uint8Array): string {
  if (message.length > maxMessageOctets) throw malformed(`more than ${maxMessageOctets} octets`);
  let text: string;
  try {
    text = utf8.decode(message);
  } catch {
    throw malformed('not UTF-8');
  }
  if (text.includes('\0')) throw malformed('NUL');
  return text;
}

function malformed(problem: string): MessageError {
  return new MessageError('sasl.scram', 501, `SCRAM message: ${problem}`);
}
