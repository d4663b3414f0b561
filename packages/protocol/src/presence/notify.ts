import { attribute, readElement, type XmlElement } from '@apex/beep';
import { readIdentity, readTransID } from '../attribute.ts';
import { MAX_TRANSID } from '../transaction.ts';
import type { Notify } from './schemas.ts';

const SECONDS_OR_ZERO = { min: 0, max: MAX_TRANSID, default: 0 } as const;

/** Reads a notify. @throws MessageError `element.…` (501) */
export function parseNotify(element: XmlElement): Notify {
  return readElement(element, 'notify', (notify) => ({
    kind: 'notify',
    subscriber: readIdentity(notify, 'subscriber'),
    transID: readTransID(notify),
    duration: notify.integer('duration', SECONDS_OR_ZERO),
    action: notify.choice('action', ['subscribe', 'terminate'], 'subscribe'),
  }));
}

/** Writes a notify. The value is not checked. */
export function formatNotify(value: Notify): string {
  return `<notify${attribute('subscriber', value.subscriber)} transID='${value.transID}' duration='${value.duration}' action='${value.action}' />`;
}
