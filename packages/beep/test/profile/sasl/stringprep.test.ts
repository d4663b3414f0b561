import { describe, expect, it } from 'vitest';
import { contains, controlCharacters, hasOneDirection } from '../../../src/profile/sasl/stringprep.ts';

describe('stringprep tables', () => {
  it('[3454 §3] contain the ends of their ranges and nothing beside them', () => {
    const inTable = [0x0, 0x1f, 0x7f, 0x80, 0x9f, 0x200c, 0x200d, 0x1d17a];
    const outside = [0x20, 0x7e, 0xa0, 0x200b, 0x200e, 0x1d17b, 0x10ffff];
    expect(inTable.filter((codePoint) => contains(controlCharacters, codePoint))).toEqual(inTable);
    expect(outside.filter((codePoint) => contains(controlCharacters, codePoint))).toEqual([]);
  });

  it.each([
    ['Latin', 'abc', true],
    ['digits', '123', true],
    ['Hebrew', 'שלום', true],
    ['Hebrew with digits inside', 'ש1ם', true],
    ['Arabic and Hebrew', 'اש', true],
    ['Hebrew and Latin', 'שaם', false],
    ['Hebrew and Greek', 'שαם', false],
    ['Hebrew and Han', 'ש名ם', false],
    ['Hebrew and a script beyond the first plane', 'ש\u{10400}ם', false],
    ['Hebrew that ends in a digit', 'ש1', false],
    ['nothing', '', true],
  ])('[3454 §6] %s: %s', (_name, text, expected) => {
    expect(hasOneDirection(text)).toBe(expected);
  });
});
