import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readLang, textElement } from '../attribute.ts';
import { language, replyCode, transIDOrZero, xmlText } from '../datatype.ts';
import { MAX_TRANSID } from '../transaction.ts';

const UNIZID = { min: 0, max: MAX_TRANSID, default: 0 } as const;

/**
 * RFC 3340 §4.4.3: releases an attachment or binding, all of them with transID 0. Inside data, of the
 * presence service: ends an operation (RFC 3343 §4.5).
 */
export const terminateSchema = z
  .strictObject({
    kind: z.literal('terminate'),
    transID: transIDOrZero,
    code: replyCode,
    text: xmlText,
    lang: language.exactOptional(),
  })
  .readonly();

export type Terminate = z.infer<typeof terminateSchema>;

export function parseTerminate(element: XmlElement): Terminate {
  return readElement(element, 'terminate', (terminate) => ({
    kind: 'terminate',
    transID: terminate.integer('transID', UNIZID),
    code: terminate.code('code', 250),
    text: terminate.text(),
    ...readLang(terminate),
  }));
}

export function formatTerminate(value: Terminate): string {
  return textElement(
    'terminate',
    attribute('transID', value.transID) +
      (value.code === 250 ? '' : attribute('code', value.code)) +
      attribute('xml:lang', value.lang),
    value.text,
  );
}
