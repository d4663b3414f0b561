import { MessageError, parseXml, UsageError } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentElement,
  type Data,
  encodeDataMessage,
  encodeRelated,
  MAX_PARTS,
  parseDataMessage,
  parseOperation,
  parsePayload,
  resolveContent,
  serviceData,
} from '../../src/index.ts';
import { datas } from '../arbitraries.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (octets: Uint8Array | undefined): string => new TextDecoder().decode(octets);

const data: Data = {
  kind: 'data',
  content: 'cid:2@example.com',
  originator: { identity: 'fred@example.com', options: [] },
  recipients: [{ identity: 'barney@example.com', options: [] }],
  options: [],
};
const ROOT = `<data content='cid:2@example.com'><originator identity='fred@example.com' /><recipient identity='barney@example.com' /></data>`;

/** A multipart/related payload with room for what tests vary. */
function payload(given: {
  header?: string;
  boundary?: string;
  preamble?: string;
  parts?: readonly string[];
  end?: string;
}): Uint8Array {
  const boundary = given.boundary ?? 'b';
  const header = given.header ?? `multipart/related; boundary="${boundary}"; type="application/beep+xml"`;
  const parts = given.parts ?? [
    `Content-Type: application/beep+xml\r\nContent-ID: <1@example.com>\r\n\r\n${ROOT}`,
    'Content-Type: image/gif\r\nContent-ID: <2@example.com>\r\n\r\nGIF',
  ];
  const delimiter = `--${boundary}\r\n`;
  return encode(
    `Content-Type: ${header}\r\n\r\n${given.preamble ?? ''}${parts.map((part) => `${delimiter}${part}\r\n`).join('')}${given.end ?? `--${boundary}--\r\n`}`,
  );
}

function partOf(octets: Uint8Array): string | undefined {
  const content = resolveContent(parseDataMessage(octets));
  return content.kind === 'part' ? decode(content.part.body) : undefined;
}

const withContent = (content: string, inner = ''): Uint8Array =>
  encode(
    `Content-Type: application/beep+xml\r\n\r\n<data content='${content}'><originator identity='a@b' /><recipient identity='c@d' />${inner}</data>`,
  );

describe('content', () => {
  it('[C10] [3340 §4.1] resolves a fragment to the data-content with this Name', () => {
    const message = parseDataMessage(withContent('#X', "<data-content Name='X'> <a/> </data-content>"));
    expect(resolveContent(message)).toStrictEqual({ kind: 'xml', xml: ' <a/> ' });
    expect(contentElement(message)?.name).toBe('a');
  });

  it('[C10] passes another absolute URI on', () => {
    const message = parseDataMessage(withContent('http://example.com/'));
    expect(resolveContent(message)).toStrictEqual({ kind: 'external', uri: 'http://example.com/' });
    expect(contentElement(message)).toBeUndefined();
  });

  it.each([
    ['a fragment without data-content', withContent('#X')],
    ['a fragment with another name', withContent('#X', "<data-content Name='x'>a</data-content>")],
    ['a relative URI', withContent('x')],
    ['nothing', withContent('')],
    ['a cid without parts', withContent('cid:2@example.com')],
    [
      'a cid of another part',
      payload({
        parts: [`Content-Type: application/beep+xml\r\n\r\n${ROOT}`, 'Content-ID: <3@example.com>\r\n\r\nx'],
      }),
    ],
    [
      'a cid of two parts',
      payload({
        parts: [
          `Content-Type: application/beep+xml\r\n\r\n${ROOT}`,
          'Content-ID: <2@example.com>\r\n\r\nx',
          'Content-ID: <2@example.com>\r\n\r\ny',
        ],
      }),
    ],
    [
      'a cid of the root',
      payload({
        parts: [`Content-Type: application/beep+xml\r\nContent-ID: <2@example.com>\r\n\r\n${ROOT}`],
      }),
    ],
  ])('[C10] refuses %s with 501', (_what, octets) => {
    expect(() => parseDataMessage(octets)).toThrowError(expect.objectContaining({ replyCode: 501 }));
  });

  it('[P13] tells content that is not one element from an operation', () => {
    for (const inner of ['', 'text', '<a/><b/>', 'x<a/>', '<![CDATA[ ]]><a/>']) {
      const message = parseDataMessage(withContent('#X', `<data-content Name='X'>${inner}</data-content>`));
      expect(message.operation).toBeUndefined();
      expect(() => contentElement(message)).toThrowError(MessageError);
    }
  });

  it('[P13] does not take a data-content for the content that stands elsewhere', () => {
    const message = parseDataMessage(withContent('http://a/', "<data-content Name='X'><a/></data-content>"));
    expect(message.operation).toBeUndefined();
    expect(contentElement(message)).toBeUndefined();
  });

  // Invariant: a message is the same after it was encoded and parsed.
  it('[C9] keeps content and what it inherits when it is encoded', () => {
    fc.assert(
      fc.property(
        datas.filter((value) => !value.content.startsWith('cid:')),
        (value) => {
          expect(parseDataMessage(encodeDataMessage({ data: value })).data).toStrictEqual(value);
        },
      ),
    );
  });

  it('[C9] writes inherited declarations on the start tag of the content, which stays as it was', () => {
    const xml = `<data xmlns:p='urn:p' xml:lang='en' content='#X'><originator identity='a@b' xmlns='urn:o'><option internal='x' transID='1'><p:q/></option></originator><recipient identity='c@d' /><data-content xmlns:p='urn:q' Name='X'>\r\n<p:a  b = "1"/></data-content></data>`;
    const { data: value } = parseDataMessage(encode(`Content-Type: application/beep+xml\r\n\r\n${xml}`));
    expect(value.dataContent).toStrictEqual({
      name: 'X',
      xml: '\r\n<p:a  b = "1"/>',
      scope: { 'xmlns:p': 'urn:q', 'xml:lang': 'en' },
    });
    expect(value.originator.options[0]?.scope).toStrictEqual({
      'xmlns:p': 'urn:p',
      'xml:lang': 'en',
      xmlns: 'urn:o',
    });
    const written = decode(encodeDataMessage({ data: value }));
    expect(written).toContain(
      `<data-content Name='X' xmlns:p='urn:q' xml:lang='en'>\r\n<p:a  b = "1"/></data-content>`,
    );
    expect(written).toContain(
      `<option internal='x' transID='1' xmlns:p='urn:p' xml:lang='en' xmlns='urn:o'><p:q/></option>`,
    );
  });
});

describe('multipart/related', () => {
  it('[2387 §3.2] takes the part that start names as the root, else the first', () => {
    const parts = [
      'Content-Type: image/gif\r\nContent-ID: <2@example.com>\r\n\r\nGIF',
      `Content-Type: application/beep+xml\r\nContent-ID: <1@example.com>\r\n\r\n${ROOT}`,
    ];
    const header = 'multipart/related; boundary=b; start="<1@example.com>"; type="application/beep+xml"';
    expect(partOf(payload({ header, parts }))).toBe('GIF');
    expect(() => parsePayload(payload({ parts }))).toThrowError(MessageError);
    expect(partOf(payload({}))).toBe('GIF');
  });

  it('[3340 §4.1] [2387 §3.4] reads folded headers, quoted parameters and comments', () => {
    const header =
      'Multipart/Related;\r\n\tboundary="b";\r\n (a comment) start = "<1@example.com>" ;\r\n type="Application/BEEP+XML"';
    expect(partOf(payload({ header }))).toBe('GIF');
    expect(partOf(payload({ boundary: "a b'()+_,-./:=?c" }))).toBe('GIF');
  });

  it('[3340 §4.1] reads the header fields in any order', () => {
    const text = decode(payload({}));
    expect(partOf(encode(`Content-ID: <ra@example.com>\r\n${text}`))).toBe('GIF');
    expect(partOf(encode(`MIME-Version: 1.0\r\n${text.replace('Content-Type:', 'content-type:')}`))).toBe(
      'GIF',
    );
  });

  it('[3340 §4.1] passes over preamble, epilogue and padding', () => {
    expect(partOf(payload({ preamble: 'preamble\r\n', end: '--b-- \r\nepilogue\r\n--b\r\n\r\nmore' }))).toBe(
      'GIF',
    );
    expect(partOf(payload({ preamble: '\r\n', end: '--b--' }))).toBe('GIF');
    const padded = decode(payload({})).replaceAll('--b\r\n', '--b \t\r\n');
    expect(partOf(encode(padded))).toBe('GIF');
  });

  it('[3340 §4.1] reads parts without headers and without octets', () => {
    const related = parsePayload(
      payload({ parts: [`Content-Type: application/beep+xml\r\n\r\n${ROOT}`, '\r\nplain', '\r\n', ''] }),
    ).related;
    expect(related?.parts.map((part) => [part.contentId, decode(part.body)])).toStrictEqual([
      [undefined, 'plain'],
      [undefined, ''],
      [undefined, ''],
    ]);
  });

  it.each([
    ['no type', payload({ header: 'multipart/related; boundary=b' })],
    ['another type', payload({ header: 'multipart/related; boundary=b; type="text/xml"' })],
    ['no boundary', payload({ header: 'multipart/related; type="application/beep+xml"' })],
    [
      'a boundary that is none',
      payload({ header: 'multipart/related; boundary="b "; type="application/beep+xml"' }),
    ],
    ['a boundary of 71 characters', payload({ boundary: 'b'.repeat(71) })],
    [
      'a start that names no part',
      payload({ header: 'multipart/related; boundary=b; start="<9@x>"; type="application/beep+xml"' }),
    ],
    ['no parts', payload({ parts: [] })],
    ['no end', payload({ end: '' })],
    ['a delimiter with something behind it', payload({ end: '--bb--\r\n' })],
    ['a root of another type', payload({ parts: [`Content-Type: text/xml\r\n\r\n${ROOT}`] })],
    [
      'a root in another charset',
      payload({ parts: [`Content-Type: application/beep+xml; charset=utf-16\r\n\r\n${ROOT}`] }),
    ],
    [
      'a root in base64',
      payload({
        parts: [`Content-Type: application/beep+xml\r\nContent-Transfer-Encoding: base64\r\n\r\n${ROOT}`],
      }),
    ],
    ['multipart/mixed', payload({ header: 'multipart/mixed; boundary=b; type="application/beep+xml"' })],
    [
      'too many parts',
      payload({
        parts: [
          `Content-Type: application/beep+xml\r\n\r\n${ROOT}`,
          ...Array.from({ length: MAX_PARTS }, () => '\r\n'),
        ],
      }),
    ],
  ])('[2387 §3] refuses %s', (_what, octets) => {
    expect(() => parsePayload(octets)).toThrowError(expect.objectContaining({ replyCode: 501 }));
  });

  it('[3341 §4.1] [3343 §4.1] reads an operation that is a part', () => {
    const parts = [
      `Content-Type: application/beep+xml\r\n\r\n${ROOT}`,
      "Content-ID: <2@example.com>\r\nContent-Type: application/beep+xml\r\n\r\n\r\n<allow transID='1' />",
    ];
    const element = contentElement(parseDataMessage(payload({ parts })));
    expect(element === undefined ? undefined : parseOperation(element)).toStrictEqual({
      kind: 'allow',
      transID: 1,
    });
    expect(contentElement(parseDataMessage(payload({})))).toBeUndefined();
  });

  // Invariant: whatever octets a part has, boundaries and line ends among them, its recipient gets
  // them, also after a relay wrote the root anew.
  it('[C9] [3340 §4.1 rule 1] carries parts octet for octet', () => {
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .constantFrom('--boundary', '\r\n--boundary--\r\n', '\r\n', '\r\n--', '\r', '--boundary-1')
        .map(encode),
    );
    fc.assert(
      fc.property(bodies, bodies, (first, second) => {
        const octets = encodeRelated(data, [
          { contentId: '2@example.com', contentType: 'image/gif', body: first },
          { contentId: '3@example.com', contentType: 'text/plain; charset=utf-8', body: second },
        ]);
        const message = parseDataMessage(octets);
        expect(message.data).toStrictEqual(data);
        const recipients = [{ identity: 'someone.with.a.longer.name@example.com', options: [] }];
        const relayed = parseDataMessage(encodeDataMessage({ ...message, data: { ...data, recipients } }));
        expect(relayed.data.recipients).toStrictEqual(recipients);
        for (const { related } of [message, relayed]) {
          expect(related?.parts.map((part) => [...part.body])).toStrictEqual([[...first], [...second]]);
        }
      }),
    );
  });

  // Invariant: random octets are refused with 500 or 501, never with another error.
  it('[B7] refuses damaged payloads as messages that cannot be understood', () => {
    const whole = payload({ preamble: 'p\r\n' });
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.uint8Array({ maxLength: 3 }),
        fc.nat(20),
        (at, insert, skip) => {
          const damaged = new Uint8Array([...whole.slice(0, at), ...insert, ...whole.slice(at + skip)]);
          try {
            parseDataMessage(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(MessageError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('[C9] does not depend on where the payload stands in its buffer', () => {
    const octets = payload({});
    const shifted = new Uint8Array(octets.length + 7).fill(0x2d);
    shifted.set(octets, 7);
    const message = parseDataMessage(shifted.subarray(7));
    expect(decode(encodeDataMessage(message))).toBe(decode(octets));
  });

  it('[3340 §4.1 rule 2] gives the root a Content-ID of its own', () => {
    const part = { contentId: '2@example.com', contentType: 'image/gif', body: encode('GIF') };
    const ids = [...decode(encodeRelated(data, [part])).matchAll(/^Content-ID: (.*)\r$/gm)].map(
      ([, id]) => id,
    );
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  it('[3340 §4.1] refuses to send what cannot be a header field', () => {
    const body = encode('x');
    for (const part of [
      { contentId: '2', contentType: 'a/b', body },
      { contentId: '2@x>', contentType: 'a/b', body },
      { contentId: '2@x', contentType: 'a/b\r\nX: y', body },
    ]) {
      expect(() => encodeRelated(data, [part])).toThrowError(UsageError);
    }
  });
});

describe('data of services', () => {
  it('[3340 §4.1] puts one operation into a data element', () => {
    const octets = serviceData('apex=presence@example.com', "o'neil@example.com", "<allow transID='1' />");
    expect(decode(octets)).toBe(
      "Content-Type: application/beep+xml\r\n\r\n<data content='#Content'><originator identity='apex=presence@example.com' /><recipient identity='o&apos;neil@example.com' /><data-content Name='Content'><allow transID='1' /></data-content></data>",
    );
    const { operation } = parseDataMessage(octets);
    expect(operation === undefined ? undefined : parseOperation(operation)).toStrictEqual({
      kind: 'allow',
      transID: 1,
    });
    expect(parseXml(octets.subarray(octets.indexOf(0x3c))).name).toBe('data');
  });
});
