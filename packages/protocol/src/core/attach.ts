import { attribute, readElement, type XmlElement } from '@apex/beep';
import { parentElement, readIdentity, readTransID } from '../attribute.ts';
import { requireReadable } from '../readable.ts';
import { formatOptions, parseOption } from './option.ts';
import type { Attach } from './schemas.ts';
import { scopeWithin } from './scope.ts';

/** Reads an attach. @throws MessageError `element.…` (501) */
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
  return requireReadable(value, write, parseAttach);
}

function write(value: Attach): string {
  return parentElement(
    'attach',
    attribute('endpoint', value.endpoint) + attribute('transID', value.transID),
    formatOptions(value.options),
  );
}
