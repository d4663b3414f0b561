import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../src/errors.ts';
import { FrameDecoder } from '../../src/frame/decoder.ts';
import { encodeFrame } from '../../src/frame/encoder.ts';
import type { Frame } from '../../src/frame/frame.ts';
import { concatenate, feedByteByByte, transcript } from '../../src/testing/index.ts';

const folder = new URL('../fixtures/', import.meta.url);
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, folder)));
const names = (path: string, end: string): string[] =>
  readdirSync(new URL(path, folder)).filter((name) => name.endsWith(end));

/** Reads octets whole, or one by one. */
function framesOf(octets: Uint8Array, byteByByte: boolean): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder({
    header: () => {},
    frame: ({ kind, channel, msgno, more, seqno, size, ansno }, payload) => {
      frames.push({ kind, channel, msgno, more, seqno, size, ansno, payload: new Uint8Array(payload) });
      return true;
    },
    seq: (frame) => {
      frames.push(frame);
      return true;
    },
  });
  const result = byteByByte ? feedByteByByte(decoder, octets) : decoder.receive(octets);
  if (result instanceof FrameError) throw result;
  return frames;
}

function expectReadable(octets: Uint8Array): void {
  const { frames, rest } = transcript(octets);
  expect(rest).toHaveLength(0);
  expect(framesOf(octets, false)).toEqual(frames);
  expect(framesOf(octets, true)).toEqual(frames);
  expect(framesOf(concatenate([octets, new TextEncoder().encode('MSG 4711')]), false)).toEqual(frames);
  expect(concatenate(frames.map(encodeFrame))).toEqual(octets);
}

describe('examples of RFC 3080', () => {
  it.each(names('rfc3080/', '.frame'))('[3080 §2.2] [3080 §2.2.1] reads and writes the frame %s', (name) => {
    const octets = read(`rfc3080/${name}`);
    expectReadable(octets);
    expect(transcript(octets).frames).toHaveLength(1);
  });
});

/** Octets behind the last BEEP frame belong to another protocol. */
const notAllBeep = ['tls', 'websocket'];

describe('recordings of Vortex', () => {
  const recordings = names('vortex/', '.bin').filter(
    (name) => !notAllBeep.some((other) => name.startsWith(other)),
  );

  it.each(recordings)(
    '[3080 §2.2.1] [3081 §3.1.3] reads %s whole, byte by byte and with octets behind it',
    (name) => {
      expectReadable(read(`vortex/${name}`));
    },
  );

  it.each(['c2s', 's2c'])('reads tls.%s up to the octets of TLS', (side) => {
    const octets = read(`vortex/tls.${side}.bin`);
    // A TLS record of a handshake: 22, version 3.x
    const start = octets.findIndex((octet, at) => octet === 22 && octets[at + 1] === 3 && at > 0);
    expectReadable(octets.subarray(0, start));
    expect(() => framesOf(octets, false)).toThrow(FrameError);
  });

  it.each(['c2s', 's2c'])('reads what the WebSocket messages of websocket.%s carry', (side) => {
    expectReadable(webSocketPayload(read(`vortex/websocket.${side}.bin`)));
  });
});

/** RFC 6455 §5.2: the payload of all data messages behind the HTTP head, unmasked. */
function webSocketPayload(octets: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const view = new DataView(octets.buffer);
  let at = new TextDecoder('latin1').decode(octets).indexOf('\r\n\r\n') + 4;
  while (at < octets.length) {
    const opcode = view.getUint8(at) & 0x0f;
    const isMasked = (view.getUint8(at + 1) & 0x80) !== 0;
    let length = view.getUint8(at + 1) & 0x7f;
    at += 2;
    if (length === 126) {
      length = view.getUint16(at);
      at += 2;
    }
    const mask = isMasked ? octets.subarray(at, at + 4) : undefined;
    at += isMasked ? 4 : 0;
    const payload = octets.slice(at, at + length).map((octet, index) => octet ^ (mask?.[index % 4] ?? 0));
    if (opcode <= 2) pieces.push(payload);
    at += length;
  }
  return concatenate(pieces);
}
