import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { parentElement, readIdentity, readTransID } from '../attribute.ts';
import { identity, requireValid, transID } from '../datatype.ts';
import { formatOptions, optionSchema, parseOption } from './option.ts';
import { scopeWithin } from './scope.ts';

/** RFC 3340 §4.4.1: to attach to the relaying mesh as an endpoint. */
export const attachSchema = z
  .strictObject({
    kind: z.literal('attach'),
    endpoint: identity,
    transID,
    options: z.array(optionSchema).readonly(),
  })
  .readonly();

export type Attach = z.infer<typeof attachSchema>;

export function parseAttach(element: XmlElement): Attach {
  const scope = scopeWithin(element);
  return readElement(element, 'attach', (attach) => ({
    kind: 'attach',
    endpoint: readIdentity(attach, 'endpoint'),
    transID: readTransID(attach),
    options: attach.many('option', (child) => parseOption(child, scope)),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatAttach(value: Attach): string {
  requireValid(attachSchema, value);
  return parentElement(
    'attach',
    attribute('endpoint', value.endpoint) + attribute('transID', value.transID),
    formatOptions(value.options),
  );
}
