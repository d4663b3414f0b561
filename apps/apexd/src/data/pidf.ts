import { createHash } from 'node:crypto';
import { compareInstants, formatApexUrl, instantFromMs, parseTimestamp, type Tuple } from '@apex/protocol';
import type { PresenceEntryView } from '@apex/server';
import { elementText, type NewElement } from './xml.ts';

/**
 * A presence entry as a PIDF document (RFC 3863, application/pidf+xml), for programs that know presence but not APEX.
 * docs/guides/data.md has the mapping. What PIDF has no place for, the capabilities and until when a tuple is
 * available, is not in it.
 */
export function pidfText(entry: PresenceEntryView, nowMs: number): string {
  const ids = new Map<string, number>();
  const tuples = entry.tuples.map((tuple) =>
    tupleElement(tuple, tupleId(tuple, ids), entry.lastUpdate, nowMs),
  );
  const root: NewElement = {
    name: 'presence',
    attributes: {
      xmlns: 'urn:ietf:params:xml:ns:pidf',
      entity: formatApexUrl(entry.publisher).replace(/^apex:/, 'pres:'),
    },
    // 3863 §4.1.1: notes behind the tuples
    content: [...tuples, ...notes(entry.publisherInfo)],
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementText(root)}`;
}

/** 3863 §4.1.2: status, contact, note and timestamp, in this order. */
function tupleElement(tuple: Tuple, id: string, lastUpdate: string, nowMs: number): NewElement {
  const isOpen = compareInstants(parseTimestamp(tuple.availableUntil), instantFromMs(nowMs)) > 0;
  return {
    name: 'tuple',
    attributes: { id },
    content: [
      { name: 'status', attributes: {}, content: [textElement('basic', isOpen ? 'open' : 'closed')] },
      textElement('contact', tuple.destination),
      ...notes(tuple.tupleInfo),
      textElement('timestamp', lastUpdate),
    ],
  };
}

/** 3863 §4.1.2: the same tuple has the same id in later documents, and no two of one document have the same. */
function tupleId({ destination }: Tuple, ids: Map<string, number>): string {
  const id = `t${createHash('sha256').update(destination).digest('hex').slice(0, 12)}`;
  const count = (ids.get(id) ?? 0) + 1;
  ids.set(id, count);
  return count === 1 ? id : `${id}-${count}`;
}

function notes(info: string): readonly NewElement[] {
  return info === '' ? [] : [textElement('note', info)];
}

function textElement(name: string, content: string): NewElement {
  return { name, attributes: {}, content };
}
