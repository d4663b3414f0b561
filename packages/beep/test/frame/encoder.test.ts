import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameWriter } from '../../src/frame/encoder.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), size: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write' as const), size: fc.nat(40_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('take' as const), givenBack: fc.boolean(), late: fc.boolean() }),
  },
);

describe('the memory of frames', () => {
  // Invariant: what was taken and not given back never changes, and what is taken is what was written.
  it('is used again only when it was given back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const writer = new FrameWriter();
        const kept: { readonly taken: Uint8Array; readonly written: Uint8Array }[] = [];
        let expected: Uint8Array[] = [];
        let fill = 0;
        for (const [seqno, one] of steps.entries()) {
          if (one.do === 'write') {
            fill = (fill + 1) % 256;
            const payload = new Uint8Array(one.size).fill(fill);
            writer.data('MSG', 1, 1, false, seqno, 0, payload, 0, payload.length);
            const msg = {
              kind: 'MSG',
              channel: 1,
              msgno: 1,
              more: false,
              seqno,
              size: one.size,
              ansno: 0,
              payload,
            } as const;
            expected.push(encodeFrame(msg));
          } else if (writer.length > 0) {
            const taken = writer.take();
            const written = Uint8Array.from(Buffer.concat(expected));
            expected = [];
            expect(Buffer.compare(taken, written)).toBe(0);
            if (one.givenBack) {
              // Once more has been written it comes too late, and must not harm.
              if (one.late) {
                writer.seq(1, seqno, 4096);
                expected.push(encodeFrame({ kind: 'SEQ', channel: 1, ackno: seqno, window: 4096 }));
              }
              writer.giveBack(taken);
            } else kept.push({ taken, written });
          }
        }
        for (const { taken, written } of kept) expect(Buffer.compare(taken, written)).toBe(0);
      }),
    );
  });

  it('is the same memory for one who always gives it back', () => {
    const writer = new FrameWriter();
    const payload = new Uint8Array(900);
    const write = (): Uint8Array => {
      writer.data('MSG', 1, 1, false, 0, 0, payload, 0, payload.length);
      return writer.take();
    };
    const first = write();
    writer.giveBack(first);
    for (let count = 0; count < 100; count += 1) {
      const taken = write();
      expect([taken.buffer, taken.byteOffset]).toEqual([first.buffer, first.byteOffset]);
      writer.giveBack(taken);
    }
  });
});
