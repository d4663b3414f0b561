import { attribute, readElement, type XmlElement } from '@apex/beep';
import { parentElement, readDomain, readTransID } from '../attribute.ts';
import { requireReadable } from '../readable.ts';
import { formatOptions, parseOption } from './option.ts';
import type { Bind } from './schemas.ts';
import { scopeWithin } from './scope.ts';

/** Reads a bind. @throws MessageError `element.…` (501) */
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
  return requireReadable(value, write, parseBind);
}

function write(value: Bind): string {
  return parentElement(
    'bind',
    attribute('relay', value.relay) + attribute('transID', value.transID),
    formatOptions(value.options),
  );
}
