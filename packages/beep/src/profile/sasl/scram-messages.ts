import { MessageError } from '../../errors.ts';
import { decodeBase64, encodeBase64 } from '../../message/base64.ts';
import { encodeUtf8 } from '../../octets.ts';
import {
  decodeMessage,
  decodeSaslName,
  encodeSaslName,
  formatGs2Header,
  type Gs2Header,
  parseGs2Header,
} from './gs2.ts';

/**
 * The four messages of SCRAM (RFC 5802 §5, §7): parsed strictly, since both sides sign the very text of them.
 * Errors never show the text.
 */

export interface ClientFirst {
  /** It comes again in the client-final message. */
  readonly header: Gs2Header;
  /** As sent, escapes decoded. */
  readonly name: string;
  readonly nonce: string;
  /** client-first-message-bare */
  readonly bare: string;
}

/** `[reserved-mext ","] username "," nonce ["," extensions]` behind the gs2-header. */
export function parseClientFirst(message: Uint8Array): ClientFirst {
  const text = decodeMessage(message, 'sasl.scram');
  const header = parseGs2Header(text, 'sasl.scram');
  const bare = text.slice(header.text.length);
  const [user = '', nonce = '', ...extensions] = attributes(bare);
  checkExtensions(extensions);
  const name = decodeSaslName(readValue(user, 'n'), 'sasl.scram');
  return { header, name, nonce: parseNonce(nonce), bare };
}

export function formatClientFirst(authorization: string | undefined, name: string, nonce: string) {
  return { gs2Header: formatGs2Header(authorization), bare: `n=${encodeSaslName(name)},r=${nonce}` };
}

export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly text: string;
}

/** `[reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]` */
export function parseServerFirst(message: Uint8Array): ServerFirst {
  const text = decodeMessage(message, 'sasl.scram');
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
  const text = decodeMessage(message, 'sasl.scram');
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
  return `c=${encodeBase64(encodeUtf8(gs2Header))},r=${nonce}`;
}

/** `(server-error / verifier) ["," extensions]`: the signature of the server. */
export function parseServerFinal(message: Uint8Array): Uint8Array {
  const [verifier = '', ...extensions] = attributes(decodeMessage(message, 'sasl.scram'));
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

function malformed(problem: string): MessageError {
  return new MessageError('sasl.scram', 501, `SCRAM message: ${problem}`);
}
