import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyOf, encodeUtf8 } from '../src/octets.ts';

// Invariant: none of many arrays changes while others are made, whatever their sizes.
it('octets that share a block stay as they were made', () => {
  const sizes = fc.oneof(fc.nat(100), fc.nat(3000), fc.nat(20_000));
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, fc.boolean()), { maxLength: 60 }), (made) => {
      const kept = made.map(([size, isText], index) => {
        const character = 'aé€😀'.slice(index % 3, (index % 3) + 1);
        if (isText)
          return {
            octets: encodeUtf8(character.repeat(size)),
            expected: Buffer.from(character.repeat(size)),
          };
        const source = Buffer.alloc(size, index % 256);
        const octets = copyOf(source);
        const expected = Buffer.from(source);
        source.fill(0xff);
        return { octets, expected };
      });
      for (const { octets, expected } of kept) expect(Buffer.compare(octets, expected)).toBe(0);
    }),
  );
});
