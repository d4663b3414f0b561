import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import {
  formatManagement,
  type ManagementElement,
  maxInitializationOctets,
  parseManagement,
} from '../../src/management/elements.ts';
import { xmlText } from '../xml/documents.ts';

const refusal = (document: string): string => {
  try {
    parseManagement(document);
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    return `${(error as MessageError).code} ${(error as MessageError).replyCode}`;
  }
  return 'accepted';
};

describe('parseManagement', () => {
  it('[3080 §2.3.1.1] reads a greeting', () => {
    expect(
      parseManagement("<greeting>\r\n   <profile uri='http://iana.org/beep/TLS' />\r\n</greeting>"),
    ).toEqual({
      kind: 'greeting',
      profiles: ['http://iana.org/beep/TLS'],
      features: [],
      localize: ['i-default'],
    });
    expect(parseManagement("<greeting features='x-a x-b' localize='de en-US'/>")).toEqual({
      kind: 'greeting',
      profiles: [],
      features: ['x-a', 'x-b'],
      localize: ['de', 'en-US'],
    });
  });

  it('[3080 §2.3.1.1 rule 3] refuses content in the profile of a greeting', () => {
    expect(refusal("<greeting><profile uri='a'>b</profile></greeting>")).toBe('element.content 501');
  });

  it('[3080 §2.3.1.2] reads a start', () => {
    expect(
      parseManagement(
        "<start number='1' serverName='example.com'>\r\n" +
          "   <profile uri='http://iana.org/beep/SASL/OTP' />\r\n" +
          "   <profile uri='http://iana.org/beep/SASL/ANONYMOUS' />\r\n</start>\r\n",
      ),
    ).toEqual({
      kind: 'start',
      number: 1,
      serverName: 'example.com',
      profiles: [
        { kind: 'profile', uri: 'http://iana.org/beep/SASL/OTP' },
        { kind: 'profile', uri: 'http://iana.org/beep/SASL/ANONYMOUS' },
      ],
    });
  });

  it('[3080 §2.3.1.2] unwraps an initialization, blanks around CDATA included', () => {
    const start = parseManagement(
      "<start number='1'>\r\n   <profile uri='http://iana.org/beep/TLS'>\r\n" +
        '       <![CDATA[<ready />]]>\r\n   </profile>\r\n</start>\r\n',
    );
    expect(start).toMatchObject({ profiles: [{ initialization: '\n       <ready />\n   ' }] });
  });

  it('[B9] decodes a base64 initialization', () => {
    const profile = (content: string) => `<profile uri='a' encoding='base64'>${content}</profile>`;
    expect(parseManagement(profile('\r\n PHJlYWR5IC8+ \r\n'))).toMatchObject({ initialization: '<ready />' });
    expect(parseManagement(profile('<![CDATA[PHJlYWR5IC8+]]>'))).toMatchObject({
      initialization: '<ready />',
    });
    expect(refusal(profile('PHJlYWR5IC8'))).toBe('base64 501');
    expect(refusal(profile('PHJl YWR5IC8+'))).toBe('base64 501');
    expect(refusal(profile('/w=='))).toBe('element.content 501');
    expect(refusal("<profile uri='a' encoding='gzip'>b</profile>")).toBe('element.attribute.value 501');
  });

  it('[B9] [3080 §2.3.1.2] refuses more than 4096 octets of initialization, counted as written', () => {
    const profile = (content: string) => `<profile uri='a'>${content}</profile>`;
    expect(refusal(profile('a'.repeat(maxInitializationOctets)))).toBe('accepted');
    expect(refusal(profile('a'.repeat(maxInitializationOctets + 1)))).toBe('element.content 501');
    expect(refusal(profile('é'.repeat(maxInitializationOctets / 2 + 1)))).toBe('element.content 501');
    expect(refusal(profile('&#97;'.repeat(maxInitializationOctets / 4)))).toBe('element.content 501');
  });

  it('takes a profile with nothing but blanks as one without initialization', () => {
    expect(parseManagement("<profile uri='a'>\r\n</profile>")).toEqual({ kind: 'profile', uri: 'a' });
    expect(parseManagement("<profile uri='a'><![CDATA[ ]]></profile>")).toMatchObject({
      initialization: ' ',
    });
  });

  it('[3080 §2.3.1.3] reads a close, without number a release', () => {
    expect(parseManagement("<close number='3' code='200' />")).toEqual({
      kind: 'close',
      number: 3,
      code: 200,
      text: '',
    });
    expect(parseManagement("<close code='200' xml:lang='en'>done</close>")).toEqual({
      kind: 'close',
      number: 0,
      code: 200,
      lang: 'en',
      text: 'done',
    });
  });

  it('[3080 §2.3.1.4] reads ok in any spelling', () => {
    for (const ok of ['<ok />', '<ok/>', '<ok></ok>', '<ok />\r\n'])
      expect(parseManagement(ok)).toEqual({ kind: 'ok' });
    expect(refusal("<ok code='200'/>")).toBe('element.attribute.unknown 501');
  });

  it('[3080 §2.3.1.5] reads an error', () => {
    expect(
      parseManagement(
        "<error code='501'>number attribute\r\nin &lt;start&gt; element must be odd-valued</error>",
      ),
    ).toEqual({ kind: 'error', code: 501, text: 'number attribute\nin <start> element must be odd-valued' });
    expect(parseManagement("<error code='421' />")).toEqual({ kind: 'error', code: 421, text: '' });
  });

  it.each([
    ['XML that is not well formed', '<start>', 'xml.end 500'],
    ['an XML declaration', "<?xml version='1.0'?><ok />", 'xml.declaration 500'],
    ['a DOCTYPE', '<!DOCTYPE ok><ok />', 'xml.doctype 500'],
    ['an entity', '<error code="500">&x;</error>', 'xml.reference 500'],
    ['an unknown element', '<open />', 'element.name 501'],
    ['a start without number', "<start><profile uri='a'/></start>", 'element.attribute.missing 501'],
    [
      'a start of channel zero',
      "<start number='0'><profile uri='a'/></start>",
      'element.attribute.value 501',
    ],
    [
      'a start beyond 2^31-1',
      "<start number='2147483648'><profile uri='a'/></start>",
      'element.attribute.value 501',
    ],
    ['a start without profile', "<start number='1'/>", 'element.child.missing 501'],
    [
      'a start with something else',
      "<start number='1'><profile uri='a'/><ok/></start>",
      'element.child.unexpected 501',
    ],
    ['a start with text', "<start number='1'>a<profile uri='a'/></start>", 'element.content 501'],
    [
      'an unknown attribute',
      "<start number='1' x='y'><profile uri='a'/></start>",
      'element.attribute.unknown 501',
    ],
    ['a profile without uri', '<greeting><profile/></greeting>', 'element.attribute.missing 501'],
    ['a profile with an empty uri', "<greeting><profile uri=''/></greeting>", 'element.attribute.value 501'],
    [
      'a profile with elements inside',
      "<profile uri='a'><ready /></profile>",
      'element.child.unexpected 501',
    ],
    ['a close without code', "<close number='1'/>", 'element.attribute.missing 501'],
    ['a close of a negative number', "<close number='-1' code='200'/>", 'element.attribute.value 501'],
    ['a code of two digits', "<close number='1' code='20'/>", 'element.attribute.value 501'],
    ['a code that begins with 6', "<error code='600'/>", 'element.attribute.value 501'],
    ['deep nesting', '<start>'.repeat(1000), 'xml.limit.depth 500'],
  ])('[B7] refuses %s', (_name, document, expected) => {
    expect(refusal(document)).toBe(expected);
  });
});

describe('formatManagement', () => {
  it('writes what known peers read', () => {
    const written = (element: ManagementElement) => formatManagement(element);
    expect(written({ kind: 'ok' })).toBe('<ok />');
    expect(written({ kind: 'close', number: 0, code: 200, text: '' })).toBe(
      "<close number='0' code='200' />",
    );
    expect(written({ kind: 'error', code: 550, text: 'still working' })).toBe(
      "<error code='550'>still working</error>",
    );
    expect(written({ kind: 'greeting', profiles: [], features: [], localize: ['i-default'] })).toBe(
      '<greeting />',
    );
    expect(
      written({
        kind: 'start',
        number: 1,
        serverName: 'example.com',
        profiles: [{ kind: 'profile', uri: 'http://iana.org/beep/TLS', initialization: '<ready />' }],
      }),
    ).toBe(
      "<start number='1' serverName='example.com'><profile uri='http://iana.org/beep/TLS'><![CDATA[<ready />]]></profile></start>",
    );
  });

  it('[B9] writes base64 where one CDATA section cannot hold the initialization', () => {
    expect(formatManagement({ kind: 'profile', uri: 'a', initialization: ']]>' })).toBe(
      "<profile uri='a' encoding='base64'>XV0+</profile>",
    );
  });

  it('[B9] [3080 §2.3.1.2] writes at most 4096 octets of initialization', () => {
    const written = (initialization: string) =>
      formatManagement({ kind: 'profile', uri: 'a', initialization });
    const room = maxInitializationOctets - '<![CDATA[]]>'.length;
    expect(refusal(written('a'.repeat(room)))).toBe('accepted');
    expect(() => written('a'.repeat(room + 1))).toThrow(
      expect.objectContaining({ code: 'management.initialization' }),
    );
    expect(() => written(`\0${'a'.repeat(3072)}`)).toThrow(
      expect.objectContaining({ code: 'management.initialization' }),
    );
  });

  // Invariant: every element is read back as it was written.
  it('is the inverse of parseManagement', () => {
    const uri = xmlText.filter((text) => text !== '');
    const token = fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/);
    const diagnostic = fc.record(
      { code: fc.integer({ min: 100, max: 599 }), lang: token, text: xmlText },
      { requiredKeys: ['code', 'text'] },
    );
    const number = fc.integer({ min: 1, max: 2147483647 });
    const profile = fc.record(
      {
        kind: fc.constant('profile' as const),
        uri,
        initialization: fc.oneof(xmlText, fc.string({ unit: 'binary' })).filter((text) => text !== ''),
      },
      { requiredKeys: ['kind', 'uri'] },
    );
    const element: fc.Arbitrary<ManagementElement> = fc.oneof(
      fc.constant({ kind: 'ok' as const }),
      profile,
      diagnostic.map((value) => ({ kind: 'error' as const, ...value })),
      fc
        .tuple(diagnostic, fc.nat(2147483647))
        .map(([value, n]) => ({ kind: 'close' as const, number: n, ...value })),
      fc.record(
        {
          kind: fc.constant('start' as const),
          number,
          serverName: xmlText,
          profiles: fc.array(profile, { minLength: 1, maxLength: 3 }),
        },
        { requiredKeys: ['kind', 'number', 'profiles'] },
      ),
      fc.record({
        kind: fc.constant('greeting' as const),
        profiles: fc.array(uri, { maxLength: 3 }),
        features: fc.array(token, { maxLength: 3 }),
        localize: fc.array(token, { minLength: 1, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(element, (value) => {
        expect(parseManagement(formatManagement(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
