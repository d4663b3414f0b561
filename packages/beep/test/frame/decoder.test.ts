import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../src/errors.ts';
import { FrameDecoder, type FrameSink } from '../../src/frame/decoder.ts';
import { encodeFrame } from '../../src/frame/encoder.ts';
import type { DataHeader, Frame } from '../../src/frame/frame.ts';
import { concatenate, feedByteByByte } from '../../src/testing/index.ts';
import { arbitraryFrame } from './arbitrary.ts';

const octets = (characters: string): Uint8Array => new TextEncoder().encode(characters);

class Collector implements FrameSink {
  readonly frames: Frame[] = [];
  readonly headers: string[] = [];
  goOn = true;

  header({ kind, size }: DataHeader): void {
    this.headers.push(`${kind} ${size}`);
  }

  frame({ kind, channel, msgno, more, seqno, size, ansno }: DataHeader, payload: Uint8Array): boolean {
    this.frames.push({ kind, channel, msgno, more, seqno, size, ansno, payload: new Uint8Array(payload) });
    return this.goOn;
  }

  seq(frame: Frame & { kind: 'SEQ' }): boolean {
    this.frames.push(frame);
    return this.goOn;
  }
}

function decode(characters: string | Uint8Array, byteByByte = false) {
  const collector = new Collector();
  const decoder = new FrameDecoder(collector);
  const input = typeof characters === 'string' ? octets(characters) : characters;
  const result = byteByByte ? feedByteByByte(decoder, input) : decoder.receive(input);
  return { collector, decoder, result };
}

/** The code of the error, whole and byte by byte. */
function refusal(characters: string): string[] {
  return [false, true].map((byteByByte) => {
    const { result, collector } = decode(characters, byteByByte);
    expect(collector.frames).toEqual([]);
    return result instanceof FrameError ? result.code : result;
  });
}

describe('FrameDecoder', () => {
  // Invariant: whatever the pieces, the frames that come out are those that went in.
  it('[3080 §2.2.1] [3081 §3.1.3] reads what the encoder writes, under any chunking', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryFrame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 }),
        fc.boolean(),
        (frames, sizes, isTrailed) => {
          const input = concatenate([...frames.map(encodeFrame), octets(isTrailed ? 'MSG 1' : '')]);
          const collector = new Collector();
          const decoder = new FrameDecoder(collector);
          for (let at = 0, turn = 0; at < input.length; turn += 1) {
            const size = sizes[turn % sizes.length] as number;
            const piece = input.slice(at, at + size);
            expect(decoder.receive(piece)).toBe('need-more');
            piece.fill(0);
            at += size;
          }
          expect(collector.frames).toEqual(frames);
        },
      ),
    );
  });

  it('[3080 §2.2.1.1 rule 1] [B4] refuses a header that begins with another keyword, in lower case too', () => {
    for (const line of [
      'FOO 1 2 . 3 4\r\n',
      'msg 0 1 . 0 0\r\n',
      'MSG0 1 . 0 0\r\n',
      ' MSG',
      '\r\n',
      'MX',
      'SER',
      'END',
    ]) {
      expect(refusal(line)[0]).toMatch(/frame\.(keyword|parameter)/);
      expect(new Set(refusal(line)).size).toBe(1);
    }
    expect(refusal('X')).toEqual(['frame.keyword', 'frame.keyword']);
    expect(refusal('EN')).toEqual(['frame.keyword', 'frame.keyword']);
  });

  it.each([
    'MSG  1 2 . 3 4\r\n',
    'MSG 1 2 . 3  4\r\n',
    'MSG 1 2 . 3 4 \r\n',
    'MSG 1 2 . 3 4\n',
    'MSG 1 2 . 3 4\r\r',
    'MSG 1 2 . 3\r\n',
    'MSG 1 2 . 3 4 5\r\n',
    'ANS 1 2 . 3 4\r\n',
    'MSG -1 2 . 3 4\r\n',
    'MSG +1 2 . 3 4\r\n',
    'MSG 0x1 2 . 3 4\r\n',
    'MSG 1e3 2 . 3 4\r\n',
    'MSG 1 2 , 3 4\r\n',
    'MSG 1 2 .. 3 4\r\n',
    'MSG 2147483648 2 . 3 4\r\n',
    'MSG 1 2147483648 . 3 4\r\n',
    'MSG 1 2 . 4294967296 4\r\n',
    'MSG 1 2 . 3 2147483648\r\n',
    'SEQ 1 4294967296 4096\r\n',
    'SEQ 1 0 2147483648\r\n',
    'SEQ 1 0\r\n',
    'SEQ 1 0 4096 1\r\n',
    'SEQ 1 . 4096\r\n',
    'MSG\t1 2 . 3 4\r\n',
  ])('[3080 §2.2.1.1 rule 2] [3080 §2.2.1.1] [3081 §3.1.3] refuses the parameters of %j', (line) => {
    expect(refusal(line)).toEqual(['frame.parameter', 'frame.parameter']);
  });

  it('[B5] takes an ansno up to 2147483647 and no more', () => {
    expect(decode('ANS 1 2 . 3 0 2147483647\r\nEND\r\n').collector.frames).toMatchObject([
      { ansno: 2147483647 },
    ]);
    expect(refusal('ANS 1 2 . 3 0 2147483648\r\n')[0]).toBe('frame.parameter');
  });

  it('[B4] takes the longest header lines, zeros in front, and refuses longer ones before their end', () => {
    const longest = `ANS ${'2147483647 '.repeat(2)}* 4294967295 0000000000 2147483647\r\n`;
    expect(longest).toHaveLength(62);
    expect(decode(`${longest}END\r\n`).collector.frames).toHaveLength(1);
    expect(`MSG ${'2147483647 '.repeat(2)}* 4294967295 2147483647\r\n`).toHaveLength(51);
    expect('SEQ 2147483647 4294967295 2147483647\r\n').toHaveLength(38);
    expect(decode('MSG 0000000001 02 . 003 0000000000\r\nEND\r\n').collector.frames).toMatchObject([
      { channel: 1, msgno: 2, seqno: 3, size: 0 },
    ]);
    expect(refusal('MSG 00000000001')[0]).toBe('frame.parameter');
    expect(refusal(`SEQ 1 1 1${'1'.repeat(10)}`)[0]).toBe('frame.parameter');
  });

  it('[3080 §2.2.1.3] refuses other octets than END CRLF behind the payload, at the first that is wrong', () => {
    for (const trailer of ['END\n', 'end\r\n', 'END \r\n', 'ENX', 'xEND\r\n', '\r\nEND\r\n', 'END\r\r']) {
      expect(refusal(`MSG 0 1 . 0 2\r\nhi${trailer}`)).toEqual(['frame.trailer', 'frame.trailer']);
    }
  });

  it('does not take END in a payload for its end', () => {
    const payload = 'END\r\nMSG 0 1 . 0 0\r\nEND\r\n';
    const { collector } = decode(`MSG 0 1 . 0 ${payload.length}\r\n${payload}END\r\n`, true);
    expect(collector.frames).toHaveLength(1);
  });

  it('tells a header before it keeps any of the payload, and what the sink refuses ends it', () => {
    const refused = new FrameError('test', 'no');
    const decoder = new FrameDecoder({
      header: () => {
        throw refused;
      },
      frame: () => true,
      seq: () => true,
    });
    expect(decoder.receive(octets('MSG 0 1 . 0 2147483647\r'))).toBe('need-more');
    expect(decoder.receive(octets('\n'))).toBe(refused);
  });

  it('stops behind the frame at which the sink wants to stop', () => {
    const collector = new Collector();
    collector.goOn = false;
    const decoder = new FrameDecoder(collector);
    expect(decoder.receive(octets('SEQ 0 0 1\r\nNO FRAME'))).toBe('paused');
    expect(collector.frames).toHaveLength(1);
  });

  it('keeps memory for what has arrived, not for what a header promises', () => {
    const before = process.memoryUsage().arrayBuffers;
    const { decoder, result } = decode('MSG 0 1 . 0 2147483647\r\nhello');
    expect(result).toBe('need-more');
    expect(decoder.receive(octets('x'.repeat(1000)))).toBe('need-more');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('names the header of a wrong frame, with at most 80 visible characters', () => {
    const error = decode(`MSG 1 2 . \u0001${'é'.repeat(100)}`).result as FrameError;
    expect(error.header).toMatch(/^MSG 1 2 \. \\x01\\xc3\\xa9/);
    expect(error.header.length).toBe(80);
    expect((decode('MSG 1 2 . 3 0\r\nENX').result as FrameError).header).toBe('MSG 1 2 . 3 0');
  });
});
