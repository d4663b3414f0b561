import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { beepXml, beepXmlBody, hasField, mimeLimits, parseMime } from '../../src/message/mime.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const characters = (body: Uint8Array): string => new TextDecoder().decode(body);

const refusal = (read: (payload: Uint8Array) => unknown, payload: Uint8Array | string): string => {
  try {
    read(typeof payload === 'string' ? octets(payload) : payload);
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    return `${(error as MessageError).code} ${(error as MessageError).replyCode}`;
  }
  return 'accepted';
};

describe('parseMime', () => {
  it('[3080 §2.2 rule 1] [3080 §2.2 rule 2] takes a message that begins with an empty line as binary octets', () => {
    expect(parseMime(octets('\r\nabc'))).toEqual({
      headers: [],
      contentType: 'application/octet-stream',
      parameters: new Map(),
      transferEncoding: 'binary',
      body: octets('abc'),
    });
  });

  it('[3080 §2.2 rule 1] defaults the type when only other fields are there', () => {
    const entity = parseMime(octets('Content-ID: <1@example.com>\r\n\r\nabc'));
    expect(entity.contentType).toBe('application/octet-stream');
    expect(entity.headers).toEqual([{ name: 'content-id', value: '<1@example.com>' }]);
  });

  it('takes a message of no octets as empty', () => {
    expect(parseMime(new Uint8Array(0))).toMatchObject({ headers: [], body: new Uint8Array(0) });
  });

  it('[B8] reads the usual header as it reads any other spelling of it', () => {
    const usual = parseMime(beepXml('<ok />'));
    for (const header of [
      'content-type: application/beep+xml',
      'CONTENT-TYPE:APPLICATION/BEEP+XML',
      'Content-Type : application/beep+xml  ',
      'Content-Type:\r\n application/beep+xml',
      'Content-Type: (a (nested \\) comment)) application / beep+xml (b)',
      'Content-Type: application/beep+xml;',
    ]) {
      const entity = parseMime(octets(`${header}\r\n\r\n<ok />`));
      expect({ ...entity, headers: [] }).toEqual({ ...usual, headers: [] });
      expect(hasField(entity, 'content-type')).toBe(true);
    }
  });

  it('reads parameters: tokens, quoted strings, comments, folding', () => {
    const { contentType, parameters } = parseMime(
      octets(
        'Content-Type: Multipart/Related; Boundary="a b;\\"c\\\\";\r\n\tstart = "<1@example.com>" (first) ; TYPE="application/beep+xml"\r\n\r\n',
      ),
    );
    expect(contentType).toBe('multipart/related');
    expect([...parameters]).toEqual([
      ['boundary', 'a b;"c\\'],
      ['start', '<1@example.com>'],
      ['type', 'application/beep+xml'],
    ]);
  });

  it('unfolds fields without changing the white space in them', () => {
    expect(parseMime(octets('Subject: a\r\n  b \r\n\tc\r\n\r\n')).headers).toEqual([
      { name: 'subject', value: 'a  b \tc' },
    ]);
  });

  it('gives the body as a view, CRLF and all', () => {
    const payload = octets('A: b\r\n\r\n\r\n\r\nc');
    const { body } = parseMime(payload);
    expect(characters(body)).toBe('\r\n\r\nc');
    expect(body.buffer).toBe(payload.buffer);
  });

  it.each([
    ['no empty line', 'Content-Type: text/plain\r\n'],
    ['no header at all', '<ok />'],
    ['LF alone', 'Content-Type: text/plain\n\n<ok />'],
    ['LF alone inside', 'a: b\nc: d\r\n\r\n'],
    ['CR alone', 'A: b\rc\r\n\r\n'],
    ['a line without a colon', 'hello\r\n\r\n'],
    ['a field without a name', ': a\r\n\r\n'],
    ['a blank in a name', 'a b: c\r\n\r\n'],
    ['a continuation first', ' a: b\r\n\r\n'],
    ['an octet above ASCII', 'a: é\r\n\r\n'],
    ['a control character', 'a: \0\r\n\r\n'],
    ['too many fields', `${'a: b\r\n'.repeat(mimeLimits.fields + 1)}\r\n`],
    ['too many octets', `a: ${'b'.repeat(mimeLimits.headerOctets)}\r\n\r\n`],
  ])('refuses as not well formed: %s', (_name, payload) => {
    expect(refusal(parseMime, payload)).toBe('mime.header 500');
  });

  it.each([
    ['a type without a subtype', 'Content-Type: text', 'mime.content-type'],
    ['an empty type', 'Content-Type: ', 'mime.content-type'],
    ['an empty subtype', 'Content-Type: text/', 'mime.content-type'],
    ['two types', 'Content-Type: a/b\r\nContent-Type: a/b', 'mime.header'],
    ['more behind the type', 'Content-Type: a/b c', 'mime.parameter'],
    ['a parameter without a name', 'Content-Type: a/b; =c', 'mime.parameter'],
    ['a parameter without a value', 'Content-Type: a/b; c=', 'mime.parameter'],
    ['a parameter without =', 'Content-Type: a/b; c', 'mime.parameter'],
    ['a parameter twice', 'Content-Type: a/b; c=d; C=e', 'mime.parameter'],
    ['an open quoted string', 'Content-Type: a/b; c="d', 'mime.parameter'],
    ['an open comment', 'Content-Type: a/b (((', 'mime.parameter'],
    ['an encoding that is no token', 'Content-Transfer-Encoding: a b', 'mime.transfer-encoding'],
  ])('refuses as not valid: %s', (_name, header, code) => {
    expect(refusal(parseMime, `${header}\r\n\r\n`)).toBe(`${code} 501`);
  });

  // Invariant: any octets are either parsed or refused with a MessageError, and the body is their end.
  it('never fails otherwise', () => {
    const pieces = fc.constantFrom(
      '\r\n',
      '\r',
      '\n',
      ' ',
      'Content-Type',
      ':',
      'a/b',
      ';',
      '=',
      '"',
      '(',
      ')',
      '\\',
      'c',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const payload = octets(parts.join(''));
        try {
          const { body } = parseMime(payload);
          expect(payload.subarray(payload.length - body.length)).toEqual(body);
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('beepXml', () => {
  it('writes exactly the header that every known peer reads', () => {
    expect(characters(beepXml('<é/>'))).toBe('Content-Type: application/beep+xml\r\n\r\n<é/>');
  });
});

describe('beepXmlBody', () => {
  const body = (payload: string) => characters(beepXmlBody(octets(payload)));

  it('[B8] compares the type without case and accepts charset utf-8 and identity encodings', () => {
    expect(characters(beepXmlBody(beepXml('<a/>')))).toBe('<a/>');
    expect(body('Content-Type: Application/BEEP+XML; Charset="UTF-8"\r\n\r\n<a/>')).toBe('<a/>');
    expect(body('Content-Type: application/beep+xml\r\nContent-Transfer-Encoding: 8BIT\r\n\r\n<a/>')).toBe(
      '<a/>',
    );
  });

  it('[B8] accepts a message without Content-Type', () => {
    expect(body('\r\n<a/>')).toBe('<a/>');
    expect(body('X-Trace: 1\r\n\r\n<a/>')).toBe('<a/>');
  });

  it('[B8] refuses another type, another charset and another encoding with 501', () => {
    expect(refusal(beepXmlBody, 'Content-Type: text/xml\r\n\r\n<a/>')).toBe('mime.content-type 501');
    expect(refusal(beepXmlBody, 'Content-Type: application/octet-stream\r\n\r\n<a/>')).toBe(
      'mime.content-type 501',
    );
    expect(refusal(beepXmlBody, 'Content-Type: application/beep+xml; charset=iso-8859-1\r\n\r\n<a/>')).toBe(
      'mime.charset 501',
    );
    expect(
      refusal(
        beepXmlBody,
        'Content-Type: application/beep+xml\r\nContent-Transfer-Encoding: base64\r\n\r\nPGEvPg==',
      ),
    ).toBe('mime.transfer-encoding 501');
  });
});
