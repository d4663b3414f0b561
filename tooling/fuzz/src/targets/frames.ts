import { encodeFrame, FrameDecoder, FrameError } from '@apex/beep';
import { must, mustEqual } from '../finding.ts';
import { mutateFrames } from '../octets/mutate-frames.ts';
import { cut, latin1 } from '../octets/octets.ts';
import { Random } from '../random.ts';
import type { Target } from '../target.ts';

/** RFC 3080 §2.2.1, RFC 3081 §3.1.3. */
export const frames: Target = {
  name: 'frames',
  reads: 'the frame decoder: whole, octet by octet, in pieces, and stopped behind each frame',
  covers: ['beep/src/frame/'],
  words: [
    ...['MSG', 'RPY', 'ERR', 'ANS', 'NUL', 'SEQ'].map((keyword) => `${keyword} 0 1 . 0 0\r\nEND\r\n`),
    ...['MSG ', 'ANS ', 'SEQ ', ' . ', ' * ', '\r\n', 'END\r\n', 'SEQ 0 0 4096\r\n', 'MSG 0 1 * 0 120\r\n'],
  ],
  maxOctets: 16_384,
  work: { base: 20_000, perOctet: 2000 },
  briefly: 2000,
  mutate: (input, other, random) => mutateFrames(input, other, frames.words, random),
  run(input) {
    const whole = decode([input]);
    const octets = Array.from(input, (octet) => Uint8Array.of(octet));
    mustEqual(decode(octets), whole, 'octet by octet');
    const random = new Random(input.length);
    for (const longest of [3, 40, 1000]) {
      const pieces = cut(input, longest, (bound) => random.below(bound));
      mustEqual(decode(pieces), whole, `in pieces of up to ${longest}`);
    }
    mustEqual(decodeOneByOne(input), whole, 'stopped behind each frame');
    const again = decode(whole.encoded);
    mustEqual(again.frames, whole.frames, 'written again');
  },
};

interface Decoded {
  readonly frames: readonly string[];
  readonly encoded: readonly Uint8Array[];
  /** `need-more`, or the code of the error. */
  readonly end: string;
}

/** Each piece is overwritten once it was read. */
function decode(pieces: readonly Uint8Array[]): Decoded {
  const notes = new Notes();
  const decoder = new FrameDecoder(notes);
  for (const piece of pieces) {
    const given = piece.slice();
    const result = decoder.receive(given);
    given.fill(0x2a);
    if (result instanceof FrameError) return notes.decoded(ending(result));
    must(result === 'need-more', `the decoder stopped with ${result}`);
  }
  return notes.decoded('need-more');
}

function decodeOneByOne(input: Uint8Array): Decoded {
  const notes = new Notes();
  notes.goesOn = false;
  let at = 0;
  for (;;) {
    const decoder = new FrameDecoder(notes);
    const result = decoder.receive(input.subarray(at));
    if (result === 'need-more') return notes.decoded(result);
    if (result instanceof FrameError) return notes.decoded(ending(result));
    must(decoder.stoppedAt > 0, 'stopped before it had read anything');
    at += decoder.stoppedAt;
  }
}

function ending(error: FrameError): string {
  must(error.header.length <= 80, 'a header of more than 80 characters in a diagnostic');
  must(/^[\x20-\x7e]*$/.test(error.header), 'a header with other than visible characters in a diagnostic');
  return error.code;
}

class Notes {
  goesOn = true;
  readonly #frames: string[] = [];
  readonly #encoded: Uint8Array[] = [];
  #headers = 0;

  readonly header = (): void => {
    this.#headers += 1;
  };

  readonly frame: ConstructorParameters<typeof FrameDecoder>[0]['frame'] = (header, payload) => {
    const { kind, channel, msgno, more, seqno, size, ansno } = header;
    must(size === payload.length, 'a payload of another size than its header says');
    must(this.#headers === 1, 'a frame without its header');
    this.#headers = 0;
    this.#frames.push(`${kind} ${channel} ${msgno} ${more} ${seqno} ${ansno} ${latin1(payload)}`);
    this.#encoded.push(encodeFrame({ kind, channel, msgno, more, seqno, size, ansno, payload }));
    return this.goesOn;
  };

  readonly seq: ConstructorParameters<typeof FrameDecoder>[0]['seq'] = (frame) => {
    this.#frames.push(`SEQ ${frame.channel} ${frame.ackno} ${frame.window}`);
    this.#encoded.push(encodeFrame(frame));
    return this.goesOn;
  };

  decoded(end: string): Decoded {
    return { frames: this.#frames, encoded: this.#encoded, end };
  }
}
