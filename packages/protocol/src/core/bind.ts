import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { parentElement, readDomain, readTransID } from '../attribute.ts';
import { domain, requireValid, transID } from '../datatype.ts';
import { formatOptions, optionSchema, parseOption } from './option.ts';
import { scopeWithin } from './scope.ts';

/** RFC 3340 §4.4.2: to serve an administrative domain as a relay. */
export const bindSchema = z
  .strictObject({
    kind: z.literal('bind'),
    relay: domain,
    transID,
    options: z.array(optionSchema).readonly(),
  })
  .readonly();

export type Bind = z.infer<typeof bindSchema>;

export function parseBind(element: XmlElement): Bind {
  const scope = scopeWithin(element);
  return readElement(element, 'bind', (bind) => ({
    kind: 'bind',
    relay: readDomain(bind, 'relay'),
    transID: readTransID(bind),
    options: bind.many('option', (child) => parseOption(child, scope)),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatBind(value: Bind): string {
  requireValid(bindSchema, value);
  return parentElement(
    'bind',
    attribute('relay', value.relay) + attribute('transID', value.transID),
    formatOptions(value.options),
  );
}
