import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/message/base64.ts';

describe('base64', () => {
  // Invariant: what is encoded is what Node encodes, and decodes to the same octets.
  it('is that of RFC 4648 §4', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
        const text = encodeBase64(octets);
        expect(text).toBe(Buffer.from(octets).toString('base64'));
        expect(decodeBase64(text)).toEqual(octets);
      }),
    );
  });

  // Invariant: a text is accepted only if it is what its octets are encoded as.
  it('has one text for each octet string', () => {
    const text = fc
      .array(fc.constantFrom(...'AZaz09+/Q='), { maxLength: 12 })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, (base64) => {
        let octets: Uint8Array;
        try {
          octets = decodeBase64(base64);
        } catch {
          return;
        }
        expect(encodeBase64(octets)).toBe(base64);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'A===',
    '====',
    '=AAA',
    'AA=A',
    'AAAA=',
    'AB==',
    'AAB=',
    'AAA\n',
    ' AAAA',
    'AA-_',
    'ÀAAA',
    'AAAA====',
  ])('refuses %j with 501', (text) => {
    expect(() => decodeBase64(text)).toThrow(expect.objectContaining({ code: 'base64', replyCode: 501 }));
  });
});
