import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { type ElementReader, readElement } from '../../src/xml/element-reader.ts';
import { parseXml } from '../../src/xml/parse.ts';

const read = <T>(document: string, parse: (reader: ElementReader) => T): T =>
  readElement(parseXml(document), 'a', parse);

const codeOf = (document: string, parse: (reader: ElementReader) => unknown): string => {
  try {
    read(document, parse);
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    expect((error as MessageError).replyCode).toBe(501);
    return (error as MessageError).code;
  }
  return 'valid';
};

const nothing = () => undefined;

describe('readElement', () => {
  it('refuses an element of another name', () => {
    expect(codeOf('<b/>', nothing)).toBe('element.name');
  });

  it('refuses what was not taken', () => {
    expect(codeOf("<a b='c'/>", nothing)).toBe('element.attribute.unknown');
    expect(codeOf('<a><b/></a>', nothing)).toBe('element.child.unexpected');
    expect(codeOf('<a>b</a>', nothing)).toBe('element.content');
    expect(codeOf('<a><b/>c</a>', (a) => a.many('b', nothing))).toBe('element.content');
  });

  it('lets any element carry namespace declarations, xml:lang and xml:space, and hold blanks', () => {
    expect(
      codeOf("<a xmlns='u:a' xmlns:b='u:b' xml:lang='en' xml:space='default'> <!-- c -->\r\n</a>", nothing),
    ).toBe('valid');
    expect(codeOf("<a xml:id='b'/>", nothing)).toBe('element.attribute.unknown');
    expect(codeOf("<a xmlnsb='c'/>", nothing)).toBe('element.attribute.unknown');
  });

  it('takes attributes', () => {
    const document = "<a one='1' list=' x  y ' choice='yes' code='550' xml:lang='de'/>";
    expect(
      read(document, (a) => ({
        one: a.required('one'),
        two: a.optional('two'),
        number: a.integer('one', { min: 0, max: 1 }),
        other: a.integer('other', { min: 0, max: 9, default: 7 }),
        list: a.tokens('list'),
        none: a.tokens('none'),
        choice: a.choice('choice', ['yes', 'no']),
        implied: a.choice('implied', ['yes', 'no'], 'no'),
        code: a.code('code'),
        defaultCode: a.code('reply', 250),
        ...a.lang(),
      })),
    ).toEqual({
      one: '1',
      two: undefined,
      number: 1,
      other: 7,
      list: ['x', 'y'],
      none: [],
      choice: 'yes',
      implied: 'no',
      code: 550,
      defaultCode: 250,
      lang: 'de',
    });
  });

  it('refuses attributes that are missing or have no sense', () => {
    expect(codeOf('<a/>', (a) => a.required('b'))).toBe('element.attribute.missing');
    expect(codeOf('<a/>', (a) => a.integer('b', { min: 0, max: 1 }))).toBe('element.attribute.missing');
    expect(codeOf('<a/>', (a) => a.code('b'))).toBe('element.attribute.missing');
    expect(codeOf('<a/>', (a) => a.choice('b', ['c']))).toBe('element.attribute.missing');
    for (const number of ['', '-1', '+1', ' 1', '1.0', '1e1', '0x1', '١', '2147483648', '00000000001']) {
      expect(codeOf(`<a b='${number}'/>`, (a) => a.integer('b', { min: 0, max: 2147483647 }))).toBe(
        'element.attribute.value',
      );
    }
    for (const code of ['', '20', '0200', '099', '600', '2x0', ' 200']) {
      expect(codeOf(`<a b='${code}'/>`, (a) => a.code('b'))).toBe('element.attribute.value');
    }
    expect(codeOf("<a b='C'/>", (a) => a.choice('b', ['c'], 'c'))).toBe('element.attribute.value');
  });

  it('takes children in the order of the content model', () => {
    const model = (a: ElementReader) => ({
      one: a.one('b', ({ text }) => text),
      maybe: a.maybe('c', ({ text }) => text),
      many: a.many('d', ({ text }) => text),
      some: a.some('e', ({ text }) => text),
    });
    expect(read('<a> <b>1</b> <c>2</c><d>3</d><d>4</d><e>5</e></a>', model)).toEqual({
      one: '1',
      maybe: '2',
      many: ['3', '4'],
      some: ['5'],
    });
    expect(read('<a><b/><e/><e/></a>', model)).toEqual({
      one: '',
      maybe: undefined,
      many: [],
      some: ['', ''],
    });
    expect(codeOf('<a><e/></a>', model)).toBe('element.child.missing');
    expect(codeOf('<a><b/></a>', model)).toBe('element.child.missing');
    expect(codeOf('<a><e/><b/></a>', model)).toBe('element.child.missing');
    expect(codeOf('<a><b/><e/><d/></a>', model)).toBe('element.child.unexpected');
  });

  it('takes children of any name one by one', () => {
    const names = (a: ElementReader) => {
      const found: string[] = [];
      for (let child = a.next(); child !== undefined; child = a.next()) found.push(child.name);
      return found;
    };
    expect(read('<a><b/> <c/></a>', names)).toEqual(['b', 'c']);
    expect(codeOf('<a><b/>c</a>', names)).toBe('element.content');
  });

  it('takes character data, or everything as it was written', () => {
    expect(read('<a>b &amp; <![CDATA[c]]></a>', (a) => a.text())).toBe('b & c');
    expect(codeOf('<a>b<c/></a>', (a) => a.text())).toBe('element.child.unexpected');
    expect(read('<a>b<c  d="e"/>&amp;</a>', (a) => a.inner())).toBe('b<c  d="e"/>&amp;');
  });

  it('cuts names of the peer in diagnostics and leaves values out', () => {
    const long = 'x'.repeat(1000);
    expect(() => read(`<a ${long}='secret'/>`, nothing)).toThrow(/^a: attribute x{40}… is not known$/);
    expect(() => read("<a b='secret'/>", (a) => a.code('b'))).toThrow('a: attribute b is not a reply code');
  });
});
