import { MessageError, parseXml } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import {
  contentElement,
  encodeDataMessage,
  parseDataMessage,
  parseOperation,
  parsePayload,
  resolveContent,
} from '../src/index.ts';
import { codecOf } from './elements.ts';
import { vectors } from './vectors.ts';

const all = vectors();
const accepted = all.filter((vector) => vector.expected.refused === undefined);

describe('every element example of RFC 3340 to RFC 3343', () => {
  for (const { name, section, text, expected } of accepted.filter((vector) => vector.kind === 'xml')) {
    const { parse, format, schema } = codecOf(expected.element);

    it(`[${section}] ${name} is read as it is meant, written, and read again`, () => {
      const value = parse(parseXml(text));
      expect(value).toStrictEqual(expected.value);
      expect(schema.safeParse(value).error).toBeUndefined();
      expect(parse(parseXml(format(value as never)))).toStrictEqual(value);
    });

    if (expected.operation !== undefined) {
      it(`[${section}] ${name} holds the operation that is meant`, () => {
        const payload = `Content-Type: application/beep+xml\r\n\r\n${text}`;
        const message = parseDataMessage(new TextEncoder().encode(payload));
        const element = contentElement(message);
        expect(element === undefined ? undefined : parseOperation(element)).toStrictEqual(expected.operation);
        expect(parseOperation(message.data.dataContent?.xml ?? '')).toStrictEqual(expected.operation);
      });
    }
  }
});

describe('every payload example of RFC 3340 to RFC 3343', () => {
  for (const { name, section, octets, expected } of accepted.filter((vector) => vector.kind === 'payload')) {
    it(`[${section}] ${name} is read as it is meant`, () => {
      const payload = parsePayload(octets);
      expect(codecOf(expected.element).parse(payload.element)).toStrictEqual(expected.value);
      const parts = payload.related?.parts.map((part) => ({
        contentId: part.contentId,
        contentType: part.contentType,
        body: new TextDecoder().decode(part.body),
        ...(part.contentType === 'application/beep+xml'
          ? { operation: parseOperation(parseXml(part.body)) }
          : {}),
      }));
      expect(parts).toStrictEqual(expected.parts);
    });

    if (expected.parts !== undefined) {
      it(`[${section}] [C9] ${name} keeps its content octet for octet when it is written for others`, () => {
        const message = parseDataMessage(octets);
        expect(resolveContent(message).kind).toBe('part');
        const recipients = [{ identity: 'other@example.com', options: [] }];
        const written = encodeDataMessage({ ...message, data: { ...message.data, recipients } });
        const again = parseDataMessage(written);
        expect(again.data).toStrictEqual({ ...message.data, recipients });
        expect(again.related?.parts.map((part) => [...part.body])).toStrictEqual(
          message.related?.parts.map((part) => [...part.body]),
        );
      });
    }
  }
});

describe('examples that the RFCs have wrong', () => {
  for (const { name, section, text, expected } of all.filter((vector) => vector.expected.refused)) {
    it(`[${section}] ${name} is refused`, () => {
      let error: unknown;
      try {
        codecOf(expected.element).parse(parseXml(text));
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(MessageError);
      expect((error as MessageError).code).toMatch(
        new RegExp(`^${expected.refused?.replaceAll('.', '\\.')}`),
      );
    });
  }
});
