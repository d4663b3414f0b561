import { MessageError } from '../errors.ts';

/** RFC 4648 §4. */
export function encodeBase64(octets: Uint8Array): string {
  let text = '';
  const whole = octets.length - (octets.length % 3);
  for (let at = 0; at < whole; at += 3) {
    const group = (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!;
    text += digit(group >> 18) + digit(group >> 12) + digit(group >> 6) + digit(group);
  }
  if (octets.length - whole === 1) {
    const group = octets[whole]! << 16;
    text += `${digit(group >> 18)}${digit(group >> 12)}==`;
  } else if (octets.length - whole === 2) {
    const group = (octets[whole]! << 16) | (octets[whole + 1]! << 8);
    text += `${digit(group >> 18)}${digit(group >> 12)}${digit(group >> 6)}=`;
  }
  return text;
}

/**
 * Strict: the alphabet of RFC 4648 §4, padding required, unused bits zero, nothing else. Throws
 * MessageError `base64` (501).
 */
export function decodeBase64(text: string): Uint8Array {
  const { length } = text;
  if (length % 4 !== 0) throw notBase64();
  if (length === 0) return new Uint8Array(0);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const octets = new Uint8Array((length / 4) * 3 - padding);
  const digits = length - padding;
  let bits = 0;
  let held = 0;
  let written = 0;
  for (let at = 0; at < digits; at += 1) {
    const value = values[text.charCodeAt(at)] ?? -1;
    if (value < 0) throw notBase64();
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    octets[written] = bits >> held;
    written += 1;
  }
  if ((bits & ((1 << held) - 1)) !== 0) throw notBase64();
  return octets;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value += 1) values[alphabet.charCodeAt(value)] = value;

function digit(value: number): string {
  return alphabet.charAt(value & 0x3f);
}

/** Never says the text, which may be a password. */
function notBase64(): MessageError {
  return new MessageError('base64', 501, 'not base64');
}
