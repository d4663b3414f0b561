import { attribute, parseXml, readElement, type XmlElement } from '@apex/beep';
import {
  parentElement,
  readIdentity,
  readTimestamp,
  readUri,
  readUriOrEmpty,
  textElement,
} from '../attribute.ts';
import type { Capability, Presence, Tuple } from './schemas.ts';

/** Reads a presence entry. @throws MessageError `element.…` (501) */
export function parsePresence(element: XmlElement): Presence {
  return readElement(element, 'presence', (presence) => ({
    kind: 'presence',
    publisher: readIdentity(presence, 'publisher'),
    lastUpdate: readTimestamp(presence, 'lastUpdate'),
    publisherInfo: readUriOrEmpty(presence, 'publisherInfo'),
    tuples: presence.some('tuple', parseTuple),
  }));
}

/** Writes a presence entry. The value is not checked. */
export function formatPresence(value: Presence): string {
  return presenceText(value, formatTuples(value.tuples));
}

/** A presence element around tuples that are already text. */
export function presenceText(entry: Omit<Presence, 'kind' | 'tuples'>, tuplesXml: string): string {
  return parentElement(
    'presence',
    attribute('publisher', entry.publisher) +
      attribute('lastUpdate', entry.lastUpdate) +
      attribute('publisherInfo', entry.publisherInfo || undefined),
    tuplesXml,
  );
}

/** The `tuple` elements, one after the other. */
export function formatTuples(tuples: readonly Tuple[]): string {
  let text = '';
  for (const tuple of tuples) {
    let capabilities = '';
    for (const { baseline, value } of tuple.capabilities) {
      capabilities += textElement('capability', attribute('baseline', baseline), value);
    }
    text += parentElement(
      'tuple',
      attribute('destination', tuple.destination) +
        attribute('availableUntil', tuple.availableUntil) +
        attribute('tupleInfo', tuple.tupleInfo || undefined),
      capabilities,
    );
  }
  return text;
}

/**
 * Reads what `formatTuples` wrote.
 * @throws MessageError `xml.…` (500), `element.…` (501)
 */
export function parseTuples(xml: string): readonly Tuple[] {
  const element = parseXml(`<tuples>${xml}</tuples>`);
  return readElement(element, 'tuples', (tuples) => tuples.some('tuple', parseTuple));
}

function parseTuple(element: XmlElement): Tuple {
  return readElement(element, 'tuple', (tuple) => ({
    destination: readUri(tuple, 'destination'),
    availableUntil: readTimestamp(tuple, 'availableUntil'),
    tupleInfo: readUriOrEmpty(tuple, 'tupleInfo'),
    capabilities: tuple.many('capability', parseCapability),
  }));
}

function parseCapability(element: XmlElement): Capability {
  return readElement(element, 'capability', (capability) => ({
    baseline: readUri(capability, 'baseline'),
    value: capability.text(),
  }));
}
