import { saxesTree, treeOf } from '@apex/vitest/saxes-tree';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import type { XmlElement } from '../../src/xml/element.ts';
import { parseXml } from '../../src/xml/parse.ts';
import { attribute, cdata, escapeXml, fitsCdata } from '../../src/xml/write.ts';
import { mutated, wellFormed, xmlText } from './documents.ts';

describe('parseXml against saxes', () => {
  // Invariant: every generated document of the subset is accepted, and read as saxes reads it.
  it('[3080 §6.4] accepts every well-formed document of the subset and reads the same tree', () => {
    fc.assert(
      fc.property(wellFormed, (document) => {
        expect(treeOf(parseXml(document))).toEqual(saxesTree(document));
      }),
      { numRuns: 500 },
    );
  });

  // Invariant: whatever we accept, saxes accepts with the same tree; whatever we refuse is a MessageError 500.
  it('[3080 §6.4] accepts nothing that saxes refuses, however a document is damaged', () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated, (document) => {
        let root: XmlElement;
        try {
          root = parseXml(document);
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError);
          expect((error as MessageError).replyCode).toBe(500);
          return;
        }
        accepted += 1;
        expect(treeOf(root)).toEqual(saxesTree(document));
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  // Invariant: octets that are not UTF-8 are refused as such; others give what the string gives.
  it('[3080 §6.4] reads octets as it reads the string they encode', () => {
    fc.assert(
      fc.property(wellFormed, (document) => {
        expect(treeOf(parseXml(new TextEncoder().encode(document)))).toEqual(treeOf(parseXml(document)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('offsets', () => {
  // Invariant: the part of the source that an element covers parses to that element alone.
  it('cut each element out of the source as it was written', () => {
    const check = (element: XmlElement): void => {
      const own = element.source.slice(element.start, element.end);
      expect(treeOf(parseXml(own))).toEqual(treeOf(element));
      expect(element.innerStart).toBeLessThanOrEqual(element.innerEnd);
      const inner = element.source.slice(element.innerStart, element.innerEnd);
      expect(treeOf(parseXml(`<x>${inner}</x>`))).toMatchObject({
        text: element.text,
        children: element.children.map(treeOf),
      });
      for (const child of element.children) check(child);
    };
    fc.assert(
      fc.property(wellFormed, (document) => check(parseXml(document))),
      { numRuns: 200 },
    );
  });
});

describe('what is written', () => {
  // Invariant: every text that XML can carry survives character data and both kinds of attribute.
  it('is read back unchanged', () => {
    fc.assert(
      fc.property(xmlText, (text) => {
        const escaped = escapeXml(text);
        const root = parseXml(`<a x="${escaped}" y='${escaped}'${attribute('z', text)}>${escaped}</a>`);
        expect(root.text).toBe(text);
        expect(root.attributes.map(({ value }) => value)).toEqual([text, text, text]);
      }),
    );
  });

  // Invariant: CDATA gives the text back, CR aside, and exactly when fitsCdata says so in one section.
  it('is read back unchanged from CDATA', () => {
    fc.assert(
      fc.property(xmlText, (text) => {
        const written = cdata(text);
        const read = parseXml(`<a>${written}</a>`).text;
        expect(read).toBe(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
        expect(fitsCdata(text)).toBe(read === text && written === `<![CDATA[${text}]]>`);
      }),
    );
  });
});
