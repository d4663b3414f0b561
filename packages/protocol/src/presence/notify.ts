import { attribute, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { readIdentity, readTransID } from '../attribute.ts';
import { identity, seconds, transID } from '../datatype.ts';
import { MAX_TRANSID } from '../transaction.ts';

const SECONDS_OR_ZERO = { min: 0, max: MAX_TRANSID, default: 0 } as const;

/** RFC 3343 §4.6: tells a watcher about a subscription, or about its end. */
export const notifySchema = z
  .strictObject({
    kind: z.literal('notify'),
    subscriber: identity,
    transID,
    duration: seconds,
    action: z.enum(['subscribe', 'terminate']),
  })
  .readonly();

export type Notify = z.infer<typeof notifySchema>;

export function parseNotify(element: XmlElement): Notify {
  return readElement(element, 'notify', (notify) => ({
    kind: 'notify',
    subscriber: readIdentity(notify, 'subscriber'),
    transID: readTransID(notify),
    duration: notify.integer('duration', SECONDS_OR_ZERO),
    action: notify.choice('action', ['subscribe', 'terminate'], 'subscribe'),
  }));
}

export function formatNotify(value: Notify): string {
  return `<notify${attribute('subscriber', value.subscriber)} transID='${value.transID}' duration='${value.duration}' action='${value.action}' />`;
}
