/**
 * MD5 (RFC 1321), for DIGEST-MD5 alone: platforms have it no longer where pages can reach it. It is broken as a
 * hash; DIGEST-MD5 is off by default.
 */
export function md5(octets: Uint8Array): Uint8Array {
  const words = padded(octets);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let step = 0; step < 64; step++) {
      const round = step >> 4;
      const word = words[block + ((wordFactor[round]! * step + wordOffset[round]!) & 15)]!;
      const sum = (a + mix(round, b, c, d) + word + sines[step]!) | 0;
      const by = shifts[4 * round + (step & 3)]!;
      [a, d, c, b] = [d, c, b, (b + ((sum << by) | (sum >>> (32 - by)))) | 0];
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
  }
  const hash = new DataView(new ArrayBuffer(16));
  for (const [at, word] of state.entries()) hash.setInt32(4 * at, word, true);
  return new Uint8Array(hash.buffer);
}

const wordFactor = [1, 5, 3, 7];
const wordOffset = [0, 1, 5, 0];
const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const sines = Int32Array.from(
  { length: 64 },
  (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0,
);

function mix(round: number, b: number, c: number, d: number): number {
  switch (round) {
    case 0:
      return (b & c) | (~b & d);
    case 1:
      return (b & d) | (c & ~d);
    case 2:
      return b ^ c ^ d;
    default:
      return c ^ (b | ~d);
  }
}

/** The octets, a bit, zeros and the length, as little-endian words. */
function padded(octets: Uint8Array): Int32Array {
  const length = (((octets.length + 8) >> 6) + 1) * 64;
  const view = new DataView(new ArrayBuffer(length));
  new Uint8Array(view.buffer).set(octets);
  view.setUint8(octets.length, 0x80);
  view.setUint32(length - 8, (octets.length << 3) >>> 0, true);
  view.setUint32(length - 4, Math.floor(octets.length / 2 ** 29), true);
  return Int32Array.from({ length: length / 4 }, (_, at) => view.getInt32(4 * at, true));
}
