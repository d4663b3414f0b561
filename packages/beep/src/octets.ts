/**
 * Memory for octets that live for a moment: payloads, and frames on their way out. An array of its own costs most of
 * a microsecond, and as much again when it is collected; so small ones are cut one behind the other from blocks, each
 * of which goes with the last array in it. No place of a block is used twice.
 */

export const blockOctets = 32_768;

/** Up to here an array costs little; V8 keeps it in its own heap. */
const tinyOctets = 64;
/** From here on an array is worth memory of its own. */
const largeOctets = 8192;

let block = new Uint8Array();
let used = 0;

export function copyOf(octets: Uint8Array): Uint8Array {
  const { length } = octets;
  if (length <= tinyOctets || length > largeOctets) return new Uint8Array(octets);
  const copy = cut(length);
  copy.set(octets);
  return copy;
}

const utf8 = new TextEncoder();

/** Text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  const most = 3 * text.length;
  if (most > largeOctets) return utf8.encode(text);
  const octets = cut(most);
  const { written } = utf8.encodeInto(text, octets);
  used += written - most;
  return octets.subarray(0, written);
}

function cut(length: number): Uint8Array<ArrayBuffer> {
  if (used + length > block.length) {
    block = new Uint8Array(blockOctets);
    used = 0;
  }
  used += length;
  return block.subarray(used - length, used);
}

/** Octets, or what writes them where they are needed: of many messages that are alike each need not be kept. */
export type Payload = Uint8Array | PayloadWriter;

/** A payload that is made when a frame takes it. Called once per frame, with parts in their order. */
export interface PayloadWriter {
  /** In octets. */
  readonly length: number;
  /** Writes `size` octets of it, from its `offset` on, to `octets` from `at` on. */
  write(octets: Uint8Array, at: number, offset: number, size: number): void;
}
