import fc from 'fast-check';
import type { Frame } from '../../src/frame/frame.ts';

const number = fc.integer({ min: 0, max: 2_147_483_647 });
const seqno = fc.integer({ min: 0, max: 4_294_967_295 });

/** Any frame that the grammar allows. */
export const arbitraryFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constant('SEQ' as const), channel: number, ackno: seqno, window: number }),
  fc
    .record({
      kind: fc.constantFrom('MSG' as const, 'RPY' as const, 'ERR' as const, 'ANS' as const, 'NUL' as const),
      channel: number,
      msgno: number,
      more: fc.boolean(),
      seqno,
      ansno: number,
      payload: fc.uint8Array({ maxLength: 300 }).map((octets) => new Uint8Array(octets)),
    })
    .map((frame) => ({
      ...frame,
      ansno: frame.kind === 'ANS' ? frame.ansno : 0,
      size: frame.payload.length,
    })),
);
