import { MessageError } from '@apex/beep';

/** Largest transaction-identifier (RFC 3340 §9.1, UNIQID and UNIZID), and largest SECONDS value. */
export const MAX_TRANSID = 2_147_483_647;

/** A source of uniformly distributed integers in 0..4294967295. */
export type RandomUint32 = () => number;

/** Cryptographically strong random integers, drawn in blocks. Works in Node and in browsers. */
export function secureRandom(): RandomUint32 {
  const block = new Uint32Array(256);
  let next = block.length;
  return () => {
    if (next === block.length) {
      crypto.getRandomValues(block);
      next = 0;
    }
    return block[next++] as number;
  };
}

/**
 * A transaction-identifier that appears unpredictable (RFC 3340 §6.1.1), 1..2147483647.
 * `inUse` refuses those that stand for an unfinished operation.
 */
export function newTransID(random: RandomUint32, inUse: (transID: number) => boolean = () => false): number {
  for (;;) {
    // 3340 §6.1.1: 31 random bits; zero is not a UNIQID.
    const transID = random() >>> 1;
    if (transID !== 0 && !inUse(transID)) return transID;
  }
}

/**
 * UNIQID: 1..2147483647. As in BEEP headers, at most ten digits, among them leading zeros.
 * @throws MessageError `transaction.syntax` (501)
 */
export function parseTransID(text: string): number {
  const value = parseNumber(text);
  if (value === undefined || value === 0) throw invalid('transaction.syntax', text, 1);
  return value;
}

/**
 * UNIZID: 0..2147483647.
 * @throws MessageError `transaction.syntax` (501)
 */
export function parseTransIDOrZero(text: string): number {
  const value = parseNumber(text);
  if (value === undefined) throw invalid('transaction.syntax', text, 0);
  return value;
}

/** A decimal number in 0..2147483647 of one to ten digits; undefined when `text` is none. */
export function parseNumber(text: string): number | undefined {
  const length = text.length;
  if (length === 0 || length > 10) return undefined;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= MAX_TRANSID ? value : undefined;
}

function invalid(code: string, text: string, least: number): MessageError {
  return new MessageError(code, 501, `transID must be ${least}..${MAX_TRANSID}, not "${text.slice(0, 20)}"`);
}
