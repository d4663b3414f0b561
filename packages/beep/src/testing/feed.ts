import type { DecodeResult } from '../frame/decoder.ts';

/** Gives octets one by one, each in an array that is overwritten afterwards. Returns the last result. */
export function feedByteByByte(
  receiver: { receive(octets: Uint8Array): DecodeResult },
  octets: Uint8Array,
): DecodeResult {
  let result: DecodeResult = 'need-more';
  for (const octet of octets) {
    const one = Uint8Array.of(octet);
    result = receiver.receive(one);
    one[0] = 0;
    if (result !== 'need-more') break;
  }
  return result;
}
