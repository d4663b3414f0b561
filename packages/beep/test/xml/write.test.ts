import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { attribute, cdata, escapeXml, fitsCdata } from '../../src/xml/write.ts';

describe('escapeXml', () => {
  it('writes what markup and normalization would change as references', () => {
    expect(escapeXml(`<a b='c' d="e">&\t\r\n`)).toBe(
      '&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;&#9;&#13;&#10;',
    );
  });

  it('returns other text as it is', () => {
    const text = 'fred/appl=im@example.com ümlaut 😀';
    expect(escapeXml(text)).toBe(text);
  });

  it.each(['\0', 'a\u001f', '\ud800', 'a\udc00b', '\ufffe', '😀\uffff'])(
    'refuses what XML cannot carry: %j',
    (text) => {
      expect(() => escapeXml(text)).toThrow(UsageError);
      expect(() => cdata(text)).toThrow(expect.objectContaining({ code: 'xml.character' }));
      expect(fitsCdata(text)).toBe(false);
    },
  );
});

describe('attribute', () => {
  it('writes a blank, the name and the value in quotes, or nothing', () => {
    expect(attribute('number', 1)).toBe(" number='1'");
    expect(attribute('serverName', "o'hara")).toBe(" serverName='o&apos;hara'");
    expect(attribute('serverName', undefined)).toBe('');
  });
});

describe('cdata', () => {
  it('splits the end of a section over two', () => {
    expect(cdata('a]]>b')).toBe('<![CDATA[a]]]]><![CDATA[>b]]>');
    expect(fitsCdata('a]]>b')).toBe(false);
    expect(fitsCdata('a]]')).toBe(true);
  });
});
