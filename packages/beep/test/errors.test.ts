import { expect, it } from 'vitest';
import { MessageError, ReplyError } from '../src/errors.ts';
import { escapeXml } from '../src/xml/write.ts';

it.each([
  ['half of a character', 'attribute a\u{10000}'.slice(0, -1)],
  ['the other half', '\u{10000}'.slice(1)],
  ['control characters', 'a\0b\u001f'],
  ['what is no character', '\ufffe\uffff'],
])('what goes on the wire as a diagnostic can be written as XML: %s', (_what, text) => {
  const { message } = new MessageError('element.name', 501, text);
  const refusal = new ReplyError(550, text);
  expect(escapeXml(message)).toBe(message);
  expect(escapeXml(refusal.text)).toBe(message);
  expect(refusal.message).toBe(`550 ${message}`);
  expect(message).toContain('\ufffd');
});

it('a diagnostic that XML can carry is left as it is', () => {
  const text = 'tab\t, line\r\n, \ud7ff\ue000\ufffd\u{10000}\u{10ffff}';
  expect(new MessageError('element.name', 501, text).message).toBe(text);
  expect(new ReplyError(550, text).text).toBe(text);
});
