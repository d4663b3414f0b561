import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCid, isUri, parseContentReference } from '../src/index.ts';

describe('URI references', () => {
  it('[3340 §4.1] tells a fragment, a cid and another absolute URI apart', () => {
    expect(parseContentReference('#Content')).toStrictEqual({ kind: 'fragment', name: 'Content' });
    expect(parseContentReference('#%C3%A9t%C3%A9')).toStrictEqual({
      kind: 'fragment',
      name: '\u00e9t\u00e9',
    });
    expect(parseContentReference('cid:2@example.com')).toStrictEqual({
      kind: 'cid',
      contentId: '2@example.com',
    });
    expect(parseContentReference('CID:2@example.com#x')).toStrictEqual({
      kind: 'cid',
      contentId: '2@example.com',
    });
    expect(parseContentReference('http://example.com/#x')).toStrictEqual({
      kind: 'external',
      uri: 'http://example.com/#x',
    });
  });

  it('[2392 §2] reverses the encoding of a cid URL', () => {
    expect(parseContentReference('cid:foo4%25foo1@bar.net')).toStrictEqual({
      kind: 'cid',
      contentId: 'foo4%foo1@bar.net',
    });
    expect(formatCid('foo4%foo1@bar.net')).toBe('cid:foo4%25foo1@bar.net');
  });

  // Invariant: a cid URL refers to the Content-ID that it was made of.
  it('[2392 §2] writes cid URLs that read back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{1,20}$/), (contentId) => {
        expect(parseContentReference(formatCid(contentId))).toStrictEqual({ kind: 'cid', contentId });
      }),
    );
  });

  it.each([
    '',
    '#',
    '...',
    'a/b',
    '/a',
    '//a/b',
    '?q',
    'cid:',
    'cid:#x',
    'cid:%zz',
    '#%ff',
    'http://a b',
    'http:',
    '1a:b',
    'x:\u00e9',
    'x:"',
    'x:#a#b',
  ])('[3340 §4.1] refuses %j', (text) => {
    expect(parseContentReference(text)).toBeUndefined();
    expect(isUri(text)).toBe(false);
  });
});
