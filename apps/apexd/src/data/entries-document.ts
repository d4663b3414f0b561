import type { AccessEntryView, PresenceEntryView } from '@apex/server';
import { elementText, type NewElement } from './xml.ts';

/**
 * The document of an export: an `entries` element, and in it `presence` elements as RFC 3343 §6 has them and `access`
 * elements as RFC 3341 §6 has them, each with its lastUpdate. It is written entry by entry.
 */

/** Grows when those who read the document have to know. */
export const DOCUMENT_VERSION = '1';

export function documentStart(domains: readonly string[]): string {
  const root = elementText({
    name: 'entries',
    attributes: { version: DOCUMENT_VERSION, domains: domains.join(' ') },
    content: [],
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.replace(/\/>\n$/, '>\n')}`;
}

export const DOCUMENT_END = '</entries>\n';

export function presenceText(entry: PresenceEntryView): string {
  const { publisher, lastUpdate, publisherInfo, tuples } = entry;
  return elementText(
    {
      name: 'presence',
      attributes: { publisher, lastUpdate, ...unlessEmpty('publisherInfo', publisherInfo) },
      content: tuples.map(
        ({ destination, availableUntil, tupleInfo, capabilities }): NewElement => ({
          name: 'tuple',
          attributes: { destination, availableUntil, ...unlessEmpty('tupleInfo', tupleInfo) },
          content: capabilities.map(({ baseline, value }) => ({
            name: 'capability',
            attributes: { baseline },
            content: value,
          })),
        }),
      ),
    },
    1,
  );
}

export function accessText({ owner, actor, actions, lastUpdate }: AccessEntryView): string {
  const attributes = { owner, actor, actions: actions.join(' '), lastUpdate };
  return elementText({ name: 'access', attributes, content: [] }, 1);
}

function unlessEmpty(name: string, value: string): Readonly<Record<string, string>> {
  return value === '' ? {} : { [name]: value };
}
