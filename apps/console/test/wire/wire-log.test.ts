import { beepXml } from '@apex/beep';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MOST_ENTRIES, WireLog } from '../../src/wire/wire-log.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const utf8 = new TextEncoder();

function frame(header: string, payload: Uint8Array): Uint8Array {
  const [head, tail] = [utf8.encode(`${header} ${payload.length}\r\n`), utf8.encode('END\r\n')];
  const octets = new Uint8Array(head.length + payload.length + tail.length);
  octets.set(head);
  octets.set(payload, head.length);
  octets.set(tail, head.length + payload.length);
  return octets;
}

/** What who shows the log sees after a while. */
function entriesOf(log: WireLog) {
  vi.advanceTimersByTime(1000);
  return log.entries.get();
}

describe('the wire log', () => {
  it('has each frame of both directions, whatever pieces its octets came in', () => {
    const log = new WireLog();
    const tap = log.session();
    const greeting = frame('RPY 0 0 . 0', beepXml('<greeting />'));
    for (const octet of greeting) tap('received', Uint8Array.of(octet));
    tap('sent', greeting);
    tap('sent', utf8.encode('SEQ 0 40 4096\r\n'));
    expect(
      entriesOf(log).map(({ direction, kind, header, channel }) => [direction, kind, header, channel]),
    ).toEqual([
      ['received', 'RPY', 'RPY 0 0 . 0 50', 0],
      ['sent', 'RPY', 'RPY 0 0 . 0 50', 0],
      ['sent', 'SEQ', 'SEQ 0 40 4096', 0],
    ]);
    expect(entriesOf(log).map(({ message }) => message()?.summary)).toEqual([
      'greeting, 0 profiles',
      'greeting, 0 profiles',
      undefined,
    ]);
  });

  it('shows a message with the frame that completes it', () => {
    const log = new WireLog();
    const tap = log.session();
    const payload = beepXml("<error code='537'>not allowed</error>");
    tap('received', frame('ERR 3 1 * 0', payload.subarray(0, 50)));
    tap('received', frame('ERR 3 1 . 50', payload.subarray(50)));
    const [first, second] = entriesOf(log).map(({ message }) => message());
    expect(first).toBeUndefined();
    expect(second).toEqual({
      summary: 'error 537 not allowed',
      text: "content-type: application/beep+xml\n\n<error code='537'>not allowed</error>",
    });
  });

  it('counts the sessions of a client', () => {
    const log = new WireLog();
    log.session()('sent', utf8.encode('SEQ 0 0 4096\r\n'));
    log.session()('sent', utf8.encode('SEQ 0 0 4096\r\n'));
    expect(entriesOf(log).map(({ session }) => session)).toEqual([1, 2]);
  });

  it('says what is no frame, once, and goes on with the next session', () => {
    const log = new WireLog();
    const tap = log.session();
    tap('received', utf8.encode('HTTP/1.1 400 Bad Request\r\n'));
    tap('received', utf8.encode('SEQ 0 0 4096\r\n'));
    log.session()('received', utf8.encode('SEQ 0 0 4096\r\n'));
    expect(entriesOf(log).map(({ kind }) => kind)).toEqual(['?', 'SEQ']);
  });

  it('keeps the newest ones', () => {
    const log = new WireLog();
    const tap = log.session();
    for (let number = 1; number <= 2.5 * MOST_ENTRIES; number += 1)
      tap('sent', utf8.encode(`SEQ 1 0 ${number}\r\n`));
    const entries = entriesOf(log);
    expect([entries.length, entries[0]?.header, entries.at(-1)?.header]).toEqual([
      MOST_ENTRIES,
      `SEQ 1 0 ${1.5 * MOST_ENTRIES + 1}`,
      `SEQ 1 0 ${2.5 * MOST_ENTRIES}`,
    ]);
  });

  it('keeps nothing while it is paused, and counts that', () => {
    const log = new WireLog();
    const tap = log.session();
    tap('sent', utf8.encode('SEQ 0 0 1\r\n'));
    log.pause();
    tap('sent', utf8.encode('SEQ 0 0 2\r\n'));
    expect([entriesOf(log).length, log.missed.get()]).toEqual([1, 1]);
    log.resume();
    tap('sent', utf8.encode('SEQ 0 0 3\r\n'));
    expect(entriesOf(log).map(({ header }) => header)).toEqual(['SEQ 0 0 1', 'SEQ 0 0 3']);
    log.clear();
    expect([entriesOf(log).length, log.missed.get()]).toEqual([0, 0]);
  });
});

describe('a message', () => {
  const textOf = (payload: Uint8Array) => {
    const log = new WireLog();
    log.session()('sent', frame('MSG 1 1 . 0', payload));
    return entriesOf(log)[0]?.message();
  };

  it('is written an element a line', () => {
    const xml =
      "<data content='#Content'><originator identity='fred@example.com' /><recipient identity='apex=presence@example.com' /><data-content Name='Content'><subscribe publisher='wilma@example.com' duration='60' transID='1' /></data-content></data>";
    expect(textOf(beepXml(xml))).toEqual({
      summary: 'data: subscribe, fred@example.com → apex=presence@example.com',
      text: [
        'content-type: application/beep+xml',
        '',
        "<data content='#Content'>",
        "  <originator identity='fred@example.com' />",
        "  <recipient identity='apex=presence@example.com' />",
        "  <data-content Name='Content'>",
        "    <subscribe publisher='wilma@example.com' duration='60' transID='1' />",
        '  </data-content>',
        '</data>',
      ].join('\n'),
    });
  });

  it('has umlauts and what has to be escaped as they are', () => {
    expect(
      textOf(beepXml("<capability baseline='urn:x'>Grüß dich &amp; 5 &lt; 6 🦴</capability>"))?.text,
    ).toContain("<capability baseline='urn:x'>Grüß dich &amp; 5 &lt; 6 🦴</capability>");
  });

  it.each([
    ['a blob of its own', '<blob>c2VjcmV0</blob>'],
    ['a blob with a status', "<blob status='continue'>c2VjcmV0</blob>"],
    [
      'the initialization of a start',
      "<start number='1'><profile uri='http://iana.org/beep/SASL/PLAIN'>&lt;blob&gt;c2VjcmV0&lt;/blob&gt;</profile></start>",
    ],
    [
      'the same in a CDATA section',
      "<start number='1'><profile uri='http://iana.org/beep/SASL/PLAIN'><![CDATA[<blob>c2VjcmV0</blob>]]></profile></start>",
    ],
    [
      'the same in base64',
      "<start number='1'><profile uri='http://iana.org/beep/SASL/PLAIN' encoding='base64'>PGJsb2I+c2VjcmV0</profile></start>",
    ],
    [
      'the answer to a start',
      "<profile uri='http://iana.org/beep/SASL/SCRAM-SHA-256'><![CDATA[<blob>c2VjcmV0</blob>]]></profile>",
    ],
    ['a blob that is not well formed', '<blob>c2VjcmV0</blo'],
  ])('has no secret: %s', (_, xml) => {
    const text = textOf(beepXml(xml))?.text;
    expect(text).not.toMatch(/c2Vj/);
    expect(text).toContain('(hidden)');
  });

  it('shows the initialization of another profile as the document that it is', () => {
    const xml =
      "<start number='3'><profile uri='http://iana.org/beep/APEX'><![CDATA[<attach endpoint='fred@example.com' transID='1' />]]></profile></start>";
    expect(textOf(beepXml(xml))?.text).toContain("<attach endpoint='fred@example.com' transID='1' />");
  });

  it('shows the parts of a multipart', () => {
    const parts = [
      '--b',
      'Content-Type: application/beep+xml',
      'Content-ID: <0@x>',
      '',
      "<data content='cid:1@x'><originator identity='fred@example.com' /><recipient identity='wilma@example.com' /></data>",
      '--b',
      'Content-Type: text/plain',
      'Content-ID: <1@x>',
      '',
      'Grüße',
      '--b--',
      '',
    ].join('\r\n');
    const payload = utf8.encode(
      `Content-Type: multipart/related; boundary=b; start="<0@x>"; type="application/beep+xml"\r\n\r\n${parts}`,
    );
    const message = textOf(payload);
    expect(message?.summary).toBe('data: content in a part, fred@example.com → wilma@example.com');
    expect(message?.text).toMatch(/\(text\/plain, <1@x>\)\nGrüße$/);
  });

  it('cuts what is very long', () => {
    const text = textOf(beepXml(`<capability baseline='urn:x'>${'x'.repeat(50_000)}</capability>`))?.text;
    expect(text?.length).toBeLessThan(21_000);
    expect(text).toMatch(/… 30\d+ characters more$/);
  });

  it('says what is wrong with what is none', () => {
    expect(textOf(utf8.encode('\r\n<a>'))).toMatchObject({ summary: 'not a message' });
    expect(textOf(Uint8Array.of(13, 10, 0xff, 0xfe))).toEqual({ summary: 'not a message', text: '(hidden)' });
    expect(textOf(new Uint8Array(0))).toEqual({ summary: '', text: '' });
  });
});
