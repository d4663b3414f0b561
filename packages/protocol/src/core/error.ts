import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readLang, textElement } from '../attribute.ts';
import { language, replyCode, requireValid, xmlText } from '../datatype.ts';

/** The negative reply of every exchange (RFC 3080 §2.3.1.5, RFC 3340 §9.1). */
export const errorSchema = z
  .strictObject({
    kind: z.literal('error'),
    code: replyCode,
    text: xmlText,
    lang: language.exactOptional(),
  })
  .readonly();

export type ErrorReply = z.infer<typeof errorSchema>;

export function parseError(element: XmlElement): ErrorReply {
  return readElement(element, 'error', (error) => ({
    kind: 'error',
    code: error.code('code'),
    text: error.text(),
    ...readLang(error),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatError(value: ErrorReply): string {
  requireValid(errorSchema, value);
  return textElement('error', attribute('code', value.code) + attribute('xml:lang', value.lang), value.text);
}
