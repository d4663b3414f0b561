import { attribute, escapeXml, MessageError, parseXml, type XmlElement } from '@apex/beep';
import { saxesTree, type Tree, treeOf } from '@apex/vitest/saxes-tree';
import { accepted, must, mustEqual } from '../finding.ts';
import type { Target } from '../target.ts';

/** RFC 3080 §6.4. */
export const xml: Target = {
  name: 'xml',
  reads:
    'the reader of application/beep+xml; its result written and read again, and another reader beside it',
  covers: ['beep/src/xml/parse.ts', 'beep/src/xml/parsed-element.ts', 'beep/src/xml/characters.ts'],
  words: [
    ...['<a>', '</a>', '<a/>', '<a b="c">', "<a b='c' d='e'/>", ' b="', "='", '<![CDATA[', ']]>', '<!--', '-->', '--'],
    ...['<?p i?>', '?>', '<?xml version="1.0"?>', '<!DOCTYPE a>', '&lt;', '&gt;', '&amp;', '&apos;', '&quot;', '&#10;'],
    ...['&#x0;', '&#xD800;', '&#x10FFFF;', '&#38;', '&#x26;lt;', '&nbsp;', '\ufeff', '\u00b7', '\ufffe', '\u{10000}', '\r\n'],
    ...['xml:lang', 'xmlns:p', 'p:a', '\u0085', '\u2028', '\t', 'é', '__proto__', 'constructor'],
  ], // biome-ignore format: a list
  maxOctets: 4096,
  work: { base: 30_000, perOctet: 3000 },
  briefly: 3000,
  run(input) {
    const element = accepted(() => parseXml(input));
    const text = decoded(input);
    if (text !== undefined) {
      const other = otherTree(text);
      if (element === undefined) must(other === undefined || isRefusedByUsAlone(text), 'refused by us alone');
      else mustEqual(other, treeOf(element), 'another reader');
    }
    if (element === undefined) return;
    const tree = treeOf(element);
    mustEqual(treeOf(parseXml(written(element))), tree, 'written and read again');
    for (const part of [element, ...element.children]) {
      mustEqual(
        treeOf(parseXml(part.source.slice(part.start, part.end))),
        treeOf(part),
        'a part of the source',
      );
    }
  },
};

function written({ name, attributes, text, children }: XmlElement): string {
  const own = attributes.map((each) => attribute(each.name, each.value)).join('');
  return `<${name}${own}>${escapeXml(text)}${children.map(written).join('')}</${name}>`;
}

/** Undefined when it is not UTF-8. */
function decoded(input: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input);
  } catch {
    return undefined;
  }
}

/**
 * What the other reader may take alone: XML that is not application/beep+xml or passes a limit of ours, and an
 * instruction without white space behind its target, which is no XML.
 */
function isRefusedByUsAlone(text: string): boolean {
  try {
    parseXml(text);
    return false;
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    return /^xml\.(?:declaration|doctype|instruction|limit\..*)$/.test(error.code);
  }
}

/** What the other reader reads; undefined when it finds the document malformed. */
function otherTree(text: string): Tree | undefined {
  try {
    return saxesTree(text);
  } catch {
    return undefined;
  }
}
