import { describe, expect, it } from 'vitest';
import { entryIn, FrameReader, infoOf } from '../src/wire.ts';

const frame = (header: string, payload: string): string => `${header} ${payload.length}\r\n${payload}END\r\n`;

function payloadsOf(...octets: readonly string[]): string[] {
  const told: string[] = [];
  const reader = new FrameReader((payload) => told.push(payload));
  for (const each of octets) reader.receive(Buffer.from(each, 'latin1'));
  return told;
}

describe('the reader of frames', () => {
  const stream =
    frame('RPY 0 0 . 0', '<greeting />') +
    frame('MSG 1 1 * 0', 'one END\r\n') +
    'SEQ 1 100 4096\r\n' +
    frame('MSG 3 1 . 0', 'three') +
    frame('MSG 1 1 . 9', ' and more') +
    frame('ANS 1 1 . 9', '') +
    frame('MSG 1 2 . 18', '');

  it('joins the frames of a message, whatever stands between them', () => {
    expect(payloadsOf(stream)).toEqual(['three', 'one END\r\n and more', '']);
  });

  it('takes octets as they come', () => {
    expect(payloadsOf(...stream)).toEqual(payloadsOf(stream));
  });

  it('refuses what is no frame', () => {
    expect(() => payloadsOf('HELLO\r\n')).toThrow('no header of a frame');
    expect(() => payloadsOf('MSG 1 1 . 0 4\r\nwrongEND\r\n')).toThrow('no trailer');
  });

  it('reads nothing of a session that another one has replaced', () => {
    const told: string[] = [];
    const reader = new FrameReader((payload) => told.push(payload));
    reader.receive(Buffer.from(stream.slice(0, 60)));
    reader.cut();
    reader.receive(Buffer.from(stream.slice(60)));
    expect(told).toEqual([]);
  });
});

describe('an entry in a message', () => {
  it('is found, with the number of its update', () => {
    const time = '2026-11-26T04:00:00.001Z';
    const element = `<publish publisher='x@example.com' transID='1'><presence publisher='fred@example.com' lastUpdate='${time}'`;
    expect(entryIn(`${element} publisherInfo='${infoOf(17)}'><tuple /></presence></publish>`)).toEqual({
      publisher: 'fred@example.com',
      lastUpdateMs: Date.parse(time),
      update: 17,
    });
    expect(entryIn(`${element}><tuple /></presence></publish>`)).toMatchObject({ update: 0 });
    expect(entryIn("<reply code='250' />")).toBeUndefined();
  });
});
