import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { defaultXmlLimits, parseXml, type XmlLimits } from '../../src/xml/parse.ts';

const codeOf = (document: Uint8Array | string, limits?: Partial<XmlLimits>): string => {
  try {
    parseXml(document, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    expect((error as MessageError).replyCode).toBe(500);
    return (error as MessageError).code;
  }
  return 'accepted';
};

describe('malformed documents', () => {
  const malformed: readonly (readonly [name: string, document: string, code: string])[] = [
    ['nothing', '', 'xml.root'],
    ['blanks only', ' \r\n', 'xml.root'],
    ['text only', 'hello', 'xml.root'],
    ['a comment only', '<!-- a -->', 'xml.root'],
    ['two roots', '<a/><b/>', 'xml.root'],
    ['text in front of the root', 'x<a/>', 'xml.root'],
    ['text behind the root', '<a/>x', 'xml.root'],
    ['a reference behind the root', '<a/>&#32;', 'xml.root'],
    ['a CDATA section behind the root', '<a/><![CDATA[ ]]>', 'xml.root'],
    ['a CDATA section in front of the root', '<![CDATA[ ]]><a/>', 'xml.name'],
    ['an XML declaration', "<?xml version='1.0'?><a/>", 'xml.declaration'],
    ['an XML declaration behind a blank', " <?xml version='1.0'?><a/>", 'xml.declaration'],
    ['an XML declaration in the content', "<a><?xml version='1.0'?></a>", 'xml.declaration'],
    ['the reserved target in capitals', '<?XmL a?><a/>', 'xml.declaration'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>', 'xml.doctype'],
    ['a DOCTYPE behind a comment', '<!-- --><!DOCTYPE a []><a/>', 'xml.doctype'],
    ['a DOCTYPE in the content', '<a><!DOCTYPE a></a>', 'xml.markup'],
    ['an entity declaration', '<a><!ENTITY b "c"></a>', 'xml.markup'],
    ['an entity of another name', '<a>&nbsp;</a>', 'xml.reference'],
    ['a predefined entity in capitals', '<a>&LT;</a>', 'xml.reference'],
    ['an ampersand alone', '<a>b & c</a>', 'xml.reference'],
    ['a reference without its end', '<a>&lt</a>', 'xml.reference'],
    ['an empty reference', '<a>&;</a>', 'xml.reference'],
    ['an empty numeric reference', '<a>&#;</a>', 'xml.reference'],
    ['an empty hexadecimal reference', '<a>&#x;</a>', 'xml.reference'],
    ['a capital X in a reference', '<a>&#X41;</a>', 'xml.reference'],
    ['hexadecimal digits in a decimal reference', '<a>&#4A;</a>', 'xml.reference'],
    ['a sign in a reference', '<a>&#-65;</a>', 'xml.reference'],
    ['a reference to NUL', '<a>&#0;</a>', 'xml.reference'],
    ['a reference to a control character', '<a>&#x1F;</a>', 'xml.reference'],
    ['a reference to a surrogate half', '<a>&#xD800;</a>', 'xml.reference'],
    ['a reference to U+FFFE', '<a>&#xFFFE;</a>', 'xml.reference'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>', 'xml.reference'],
    ['a reference beyond 2^64', '<a>&#18446744073709551681;</a>', 'xml.reference'],
    ['an unknown entity in an attribute', "<a b='&c;'/>", 'xml.reference'],
    ['an ampersand that ends an attribute', "<a b='&'>;</a>", 'xml.reference'],
    ['NUL', '<a>\0</a>', 'xml.character'],
    ['a control character in a comment', '<a><!--\u0001--></a>', 'xml.character'],
    ['a form feed between attributes', "<a\fb='c'/>", 'xml.character'],
    ['U+FFFF', '<a>\uffff</a>', 'xml.character'],
    ['a high surrogate alone', '<a>\ud800</a>', 'xml.character'],
    ['a low surrogate alone', '<a>\udc00</a>', 'xml.character'],
    ['two low surrogates', '<a>\udc00\udc00</a>', 'xml.character'],
    ['two high surrogates', '<a>\ud800\ud800</a>', 'xml.character'],
    ['a high surrogate at the end', '<a/>\ud800', 'xml.character'],
    ['a byte order mark in a string', '\ufeff<a/>', 'xml.root'],
    ['no name', '<>', 'xml.name'],
    ['a blank in front of the name', '< a/>', 'xml.name'],
    ['a digit in front of the name', '<1a/>', 'xml.name'],
    ['a hyphen in front of the name', '<-a/>', 'xml.name'],
    ['a combining mark in front of the name', '<\u0300a/>', 'xml.name'],
    ['a middle dot in front of the name', '<·a/>', 'xml.name'],
    ['a multiplication sign in a name', '<a×/>', 'xml.attribute'],
    ['an end tag of another name', '<a></b>', 'xml.tag'],
    ['an end tag of a longer name', '<a></ab>', 'xml.tag'],
    ['an end tag of a shorter name', '<ab></a>', 'xml.tag'],
    ['an end tag of another case', '<a></A>', 'xml.tag'],
    ['an end tag with an attribute', "<a></a b='c'>", 'xml.tag'],
    ['an end tag with a blank in front of the name', '<a></ a>', 'xml.tag'],
    ['tags that cross', '<a><b></a></b>', 'xml.tag'],
    ['an end tag alone', '</a>', 'xml.name'],
    ['a second end tag', '<a></a></a>', 'xml.root'],
    ['a slash that does not end the tag', '<a/ >', 'xml.tag'],
    ['an element that does not end', '<a><b/>', 'xml.end'],
    ['a tag that does not end', '<a', 'xml.end'],
    ['a tag that ends in blanks', '<a ', 'xml.end'],
    ['an end tag that does not end', '<a></a', 'xml.tag'],
    ['an attribute without a value', '<a b/>', 'xml.attribute'],
    ['an attribute without quotes', '<a b=c/>', 'xml.attribute'],
    ['an attribute in unlike quotes', '<a b=\'c"/>', 'xml.end'],
    ['attributes without white space between them', "<a b='c'd='e'/>", 'xml.attribute'],
    ['< in an attribute', "<a b='<'/>", 'xml.attribute'],
    ['an attribute twice', "<a b='c' b='d'/>", 'xml.attribute.duplicate'],
    [
      'an attribute twice among many',
      `<a ${Array.from({ length: 20 }, (_, n) => `b${n}=''`).join(' ')} b3=''/>`,
      'xml.attribute.duplicate',
    ],
    [
      'an attribute twice at the end of many',
      `<a ${Array.from({ length: 20 }, (_, n) => `b${n}=''`).join(' ')} b19=''/>`,
      'xml.attribute.duplicate',
    ],
    [']]> in character data', '<a>b]]>c</a>', 'xml.text'],
    [']]> behind a CDATA section', '<a><![CDATA[b]]>]]></a>', 'xml.text'],
    ['a CDATA section that does not end', '<a><![CDATA[b]]</a>', 'xml.end'],
    ['a CDATA section in lower case', '<a><![cdata[b]]></a>', 'xml.markup'],
    ['-- in a comment', '<a><!-- b -- c --></a>', 'xml.comment'],
    ['a comment that ends with three hyphens', '<a><!-- b ---></a>', 'xml.comment'],
    ['a comment of one and a half', '<a><!--></a>', 'xml.end'],
    ['a comment that does not end', '<a><!-- b </a>', 'xml.end'],
    ['a processing instruction without a target', '<a><? b?></a>', 'xml.instruction'],
    ['a processing instruction with a target that is no name', '<a><?b!?></a>', 'xml.instruction'],
    ['a processing instruction that does not end', '<a><?b ></a>', 'xml.end'],
    ['a conditional section', '<a><![INCLUDE[]]></a>', 'xml.markup'],
  ];

  it.each(malformed)(
    '[3080 §6.4] [3080 §6.4 rule 1] [3080 §6.4 rule 2] are refused: %s',
    (_name, document, code) => {
      expect(codeOf(document)).toBe(code);
      const octets = new TextEncoder().encode(document);
      if (new TextDecoder().decode(octets) === document) expect(codeOf(octets)).toBe(code);
    },
  );

  it('[3080 §6.4] are refused when the octets are not UTF-8', () => {
    const octets = (...inner: number[]) => Uint8Array.of(0x3c, 0x61, 0x3e, ...inner, 0x3c, 0x2f, 0x61, 0x3e);
    expect(codeOf(octets(0x62))).toBe('accepted');
    for (const wrong of [
      [0xff],
      [0xc3],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xe9],
      [0xf4, 0x90, 0x80, 0x80],
    ]) {
      expect(codeOf(octets(...wrong))).toBe('xml.encoding');
    }
  });

  it('never show their content in the error', () => {
    for (const document of ['<a>secret</b>', "<a b='secret", '<secret', '<a>&secret;</a>']) {
      expect(() => parseXml(document)).toThrow(/^(?!.*secret)/);
    }
  });
});

describe('well-formed documents', () => {
  it('[3080 §6.4] keep CDATA sections, comments and processing instructions apart from text', () => {
    const root = parseXml(
      '<?p a?><!-- b --> <a>c<![CDATA[<&]]]>d<!-- e -->f<?g h?>&amp;&#x69;</a><!--i-->\r\n<?xml-k?>',
    );
    expect(root.text).toBe('c<&]df&i');
    expect(root.blank).toBe(false);
  });

  it('have their line ends normalized, references excepted (XML 1.0 §2.11)', () => {
    expect(parseXml('<a>1\r\n2\r3\n4\r\r\n5&#13;<![CDATA[\r\n]]></a>').text).toBe('1\n2\n3\n4\n\n5\r\n');
  });

  it('have their attributes normalized, references excepted (XML 1.0 §3.3.3)', () => {
    const [attribute] = parseXml("<a b=' 1\r\n2\r3\n4\t5&#13;&#10;&#9;&#32;&lt; '/>").attributes;
    expect(attribute).toEqual({ name: 'b', value: ' 1 2 3 4 5\r\n\t < ' });
  });

  it('may use either quote, blanks around = and before the end of a tag', () => {
    const root = parseXml(`<a b = "it's"\r\n\tc\n=\n'"' ><d /></a\n>`);
    expect(root.attributes).toEqual([
      { name: 'b', value: "it's" },
      { name: 'c', value: '"' },
    ]);
    expect(root.children.map(({ name }) => name)).toEqual(['d']);
  });

  it('may begin with one byte order mark in octets, which is no part of the source (XML 1.0 §4.3.3)', () => {
    const octets = new TextEncoder().encode('\ufeff<a/>');
    expect(parseXml(octets).source).toBe('<a/>');
    expect(codeOf(Uint8Array.of(0xef, 0xbb, 0xbf, ...octets))).toBe('xml.root');
  });

  it('may use prefixes that are not declared: namespaces are not part of XML 1.0', () => {
    expect(parseXml('<p:a:b q:c="1"/>').name).toBe('p:a:b');
  });

  it('may use every name of XML 1.0 §2.3', () => {
    for (const name of ['a·b', 'a\u0300', 'a‿b', 'a.b-c_d1', '_', 'É', '\u{10000}\u{effff}', 'Ͱ', '\u200c']) {
      expect(parseXml(`<${name} ${name}=''/>`)).toMatchObject({ name, attributes: [{ name }] });
    }
  });

  it('tell white space from text', () => {
    expect(parseXml('<a> \r\n<b/>\t<!-- c --></a>').blank).toBe(true);
    expect(parseXml('<a/>').blank).toBe(true);
    for (const text of ['b', '&#32;', '<![CDATA[ ]]>', '\u00a0'])
      expect(parseXml(`<a>${text}</a>`).blank).toBe(false);
  });

  it('keep the offsets of their elements', () => {
    const source = '<!-- x --><a>1<b c="d">2</b><e /></a>';
    const root = parseXml(source);
    const [b, e] = root.children;
    expect([root.start, root.innerStart, root.innerEnd, root.end]).toEqual([10, 13, 33, 37]);
    expect(source.slice(b!.start, b!.end)).toBe('<b c="d">2</b>');
    expect(source.slice(b!.innerStart, b!.innerEnd)).toBe('2');
    expect([e!.start, e!.innerStart, e!.innerEnd, e!.end]).toEqual([28, 33, 33, 33]);
  });
});

describe('limits', () => {
  const nested = (depth: number) => `${'<a>'.repeat(depth - 1)}<a/>${'</a>'.repeat(depth - 1)}`;

  it('hold the depth', () => {
    expect(codeOf(nested(defaultXmlLimits.depth))).toBe('accepted');
    expect(codeOf(nested(defaultXmlLimits.depth + 1))).toBe('xml.limit.depth');
    expect(codeOf(nested(3), { depth: 2 })).toBe('xml.limit.depth');
    expect(codeOf('<a>'.repeat(300_000))).toBe('xml.limit.depth');
  });

  it('hold the attributes of one element, counted before they are compared', () => {
    const attributes = (count: number) =>
      `<a${Array.from({ length: count }, (_, n) => ` b${n}=''`).join('')}/>`;
    expect(codeOf(attributes(defaultXmlLimits.attributes))).toBe('accepted');
    expect(codeOf(attributes(defaultXmlLimits.attributes + 1))).toBe('xml.limit.attributes');
    expect(codeOf(attributes(50_000))).toBe('xml.limit.attributes');
  });

  it('hold the number of elements', () => {
    expect(codeOf('<a><b/><b/></a>', { elements: 3 })).toBe('accepted');
    expect(codeOf('<a><b/><b/><b/></a>', { elements: 3 })).toBe('xml.limit.elements');
    expect(codeOf(`<a>${'<b/>'.repeat(defaultXmlLimits.elements)}</a>`)).toBe('xml.limit.elements');
  });

  it('hold the octets, before anything is decoded', () => {
    expect(codeOf('<a/>', { octets: 4 })).toBe('accepted');
    expect(codeOf('<a/> ', { octets: 4 })).toBe('xml.limit.octets');
    expect(codeOf(new Uint8Array(defaultXmlLimits.octets + 1))).toBe('xml.limit.octets');
  });

  it('may be raised: a document is read without recursion', () => {
    let element = parseXml(nested(50_000), { depth: 50_000 });
    let depth = 1;
    for (; element.children[0] !== undefined; element = element.children[0]) depth += 1;
    expect(depth).toBe(50_000);
  });
});

describe('time', () => {
  const shapes: readonly (readonly [name: string, shape: (size: number) => string])[] = [
    ['references', (n) => `<a>${'&amp;'.repeat(n)}</a>`],
    ['references in an attribute', (n) => `<a b='${'&amp;'.repeat(n)}'/>`],
    ['elements without a reference', (n) => `<a>${'<b>c</b>'.repeat(n)}</a>`],
    ['elements in front of one reference', (n) => `<a>${'<b>c</b>'.repeat(n)}&amp;</a>`],
    ['elements in front of ]]>', (n) => `<a>${'<b>c</b>'.repeat(n)}]]></a>`],
    ['brackets', (n) => `<a>${']]'.repeat(n)}</a>`],
    ['CDATA sections', (n) => `<a>${'<![CDATA[b]]>c'.repeat(n)}</a>`],
    ['comments', (n) => `<a>${'<!-- b -->c'.repeat(n)}</a>`],
    ['processing instructions', (n) => `<a>${'<?b c?>d'.repeat(n)}</a>`],
    ['open comments', (n) => `<a>${'<!-'.repeat(n)}</a>`],
    ['ampersands in attributes', (n) => `<a>${"<b c='&lt;'/>".repeat(n)}</a>`],
    ['carriage returns', (n) => `<a b='${'\r'.repeat(n)}'>${'\r'.repeat(n)}</a>`],
    ['zeros in a reference', (n) => `<a>&#${'0'.repeat(n)}65;</a>`],
    ['one long name', (n) => `<${'a'.repeat(n)}/>`],
    ['white space in a tag', (n) => `<a${' '.repeat(n)}/>`],
  ];

  /** Milliseconds to read a document so many times, the text of every element asked for as well. */
  const duration = (document: string, times: number): number => {
    const start = performance.now();
    for (let run = 0; run < times; run += 1) {
      try {
        const root = parseXml(document, { octets: 2 ** 30, elements: 2 ** 30, depth: 2 ** 20 });
        let length = root.text.length;
        for (const child of root.children) length += child.text.length;
        expect(length).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(MessageError);
      }
    }
    return performance.now() - start;
  };

  // As much input in 32 pieces and in one: the same time when linear, 32 times as much when quadratic. What else the
  // machine does may spoil a comparison, but not each of them.
  it.each(shapes)('grows with the input, not with its square: %s', (_name, shape) => {
    const [small, large] = [shape(2_000), shape(64_000)];
    let ratio = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20 && ratio > 8; round += 1) {
      const pieces = duration(small, 32);
      ratio = Math.min(ratio, duration(large, 1) / pieces);
    }
    expect(ratio).toBeLessThan(8);
  });
});
