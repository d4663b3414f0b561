import { attribute, parseXml, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import {
  parentElement,
  readIdentity,
  readTimestamp,
  readUri,
  readUriOrEmpty,
  textElement,
} from '../attribute.ts';
import { identity, timestamp, uri, uriOrEmpty, xmlText } from '../datatype.ts';

/** RFC 3343 §3: the kinds of content that an entity can receive, in the language that `baseline` names. */
export const capabilitySchema = z.strictObject({ baseline: uri, value: xmlText }).readonly();

export type Capability = z.infer<typeof capabilitySchema>;

/** RFC 3343 §3: one entity at which the publisher can be reached. */
export const tupleSchema = z
  .strictObject({
    destination: uri,
    availableUntil: timestamp,
    tupleInfo: uriOrEmpty,
    capabilities: z.array(capabilitySchema).readonly(),
  })
  .readonly();

export type Tuple = z.infer<typeof tupleSchema>;

/** RFC 3343 §3: the presence entry of an endpoint. */
export const presenceSchema = z
  .strictObject({
    kind: z.literal('presence'),
    publisher: identity,
    lastUpdate: timestamp,
    publisherInfo: uriOrEmpty,
    tuples: z.array(tupleSchema).min(1).readonly(),
  })
  .readonly();

export type Presence = z.infer<typeof presenceSchema>;

export function parsePresence(element: XmlElement): Presence {
  return readElement(element, 'presence', (presence) => ({
    kind: 'presence',
    publisher: readIdentity(presence, 'publisher'),
    lastUpdate: readTimestamp(presence, 'lastUpdate'),
    publisherInfo: readUriOrEmpty(presence, 'publisherInfo'),
    tuples: presence.some('tuple', parseTuple),
  }));
}

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
