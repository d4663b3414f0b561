import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readLang, readTransID, textElement } from '../attribute.ts';
import { language, replyCode, transID, xmlText } from '../datatype.ts';

/** RFC 3340 §6.1.2: how a service answers. */
export const replySchema = z
  .strictObject({
    kind: z.literal('reply'),
    code: replyCode,
    transID,
    text: xmlText,
    lang: language.exactOptional(),
  })
  .readonly();

export type Reply = z.infer<typeof replySchema>;

export function parseReply(element: XmlElement): Reply {
  return readElement(element, 'reply', (reply) => ({
    kind: 'reply',
    code: reply.code('code'),
    transID: readTransID(reply),
    text: reply.text(),
    ...readLang(reply),
  }));
}

export function formatReply(value: Reply): string {
  return textElement(
    'reply',
    attribute('code', value.code) + attribute('transID', value.transID) + attribute('xml:lang', value.lang),
    value.text,
  );
}
