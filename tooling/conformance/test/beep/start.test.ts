import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type Application,
  apexProfile,
  attachElement,
  base64,
  initializationAnswer,
  plainProfile,
  profileElement,
  readAnswer,
} from '../../src/application.ts';
import { password, peerEndpoint } from '../../src/provisioning.ts';
import { onWire, type Stage } from '../../src/scenes.ts';
import { beepXml } from '../../src/wire.ts';
import { element, escapeXml } from '../../src/xml.ts';

const apex = profileElement(apexProfile);
const unknown = profileElement('urn:x-conformance:nothing');

/** The profile that a positive reply names. */
function chosen(answer: Answer): string | undefined {
  return answer.keyword === 'RPY' ? element(answer.body, 'profile').attributes['uri'] : undefined;
}

/** The session lives: a channel can be started. */
async function expectAlive(application: Application): Promise<void> {
  expect(chosen(await application.start(101, apex))).toBe(apexProfile);
}

/** A request on channel zero gets this error, and the session lives on. */
function refused(code: number, payload: string): () => Promise<void> {
  return onWire(async ({ peer }) => {
    const application = await peer();
    const answer = readAnswer(await application.exchange(0, payload));
    expect(answer).toMatchObject({ keyword: 'ERR', name: 'error', code });
    await expectAlive(application);
  });
}

const refusedXml = (code: number, xml: string): (() => Promise<void>) => refused(code, beepXml(xml));

describe('the profile of a start', () => {
  it(
    '[3080 §2.3.1.2] [3080 §2.3.1.2 rule 4] is named by the positive reply',
    onWire(async ({ peer }) => {
      const answer = await (await peer()).start(11, apex);
      expect(answer).toMatchObject({ keyword: 'RPY', name: 'profile' });
      expect(chosen(answer)).toBe(apexProfile);
    }),
  );

  it(
    '[3080 §2.3.1.2 rule 3] is the first acceptable one of several',
    onWire(async ({ session }) => {
      const application = await session();
      const plain = profileElement(plainProfile);
      expect(chosen(await application.start(11, unknown + plain + unknown))).toBe(plainProfile);
    }),
  );

  it(
    '[3080 §2.3.1.5] [3080 §2.3.1.5 rule 1] [B7] is refused with 550 when none is acceptable',
    onWire(async ({ peer }) => {
      const application = await peer();
      const answer = await application.start(11, unknown + unknown);
      expect(answer).toMatchObject({ keyword: 'ERR', name: 'error', code: 550 });
      expect(element(answer.body).attributes['code']).toMatch(/^\d{3}$/);
      // The number is free.
      expect(chosen(await application.start(11, apex))).toBe(apexProfile);
    }),
  );
});

describe('the number of a start', () => {
  for (const number of ['2', '0', '-1', '2147483648', '4294967297', '1.5', 'one', '']) {
    it(
      `[3080 §2.3.1.2 rule 1] [3080 §2.3.1.2 rule 7] [B7] is refused with 501 when it is "${number}"`,
      refusedXml(501, `<start number='${number}'>${apex}</start>`),
    );
  }

  it(
    '[3080 §2.3.1.2 rule 1] [B7] is refused with 501 when it is missing',
    refusedXml(501, `<start>${apex}</start>`),
  );

  it(
    '[3080 §2.3.1.2 rule 1] may be 2147483647',
    onWire(async ({ peer }) => {
      const application = await peer();
      expect(chosen(await application.start(2147483647, apex))).toBe(apexProfile);
      const reply = await application.exchange(2147483647, beepXml('<ok />'));
      expect(reply).toMatchObject({ keyword: 'ERR', channel: 2147483647 });
    }),
  );

  it(
    '[3080 §2.3.1.2] is refused when the channel exists, which stays',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      const again = await application.manage(`<start number='11'>${apex}</start>`);
      expect(again).toMatchObject({ keyword: 'ERR', name: 'error' });
      expect((await application.exchange(11, beepXml('<ok />'))).keyword).toBe('ERR');
    }),
  );

  it(
    '[3080 §2.2.1.2] may be that of a channel that was closed, whose octets count from 0 again',
    onWire(async ({ peer }) => {
      const application = await peer();
      for (let round = 0; round < 3; round += 1) {
        expect(chosen(await application.start(11, apex))).toBe(apexProfile);
        expect((await application.exchange(11, beepXml('<ok />'))).keyword).toBe('ERR');
        expect((await application.closeChannel(11)).name).toBe('ok');
      }
    }),
  );
});

describe('the serverName of a start', () => {
  it(
    '[B15] [3080 §2.3.1.2 rule 8] is refused with 550 when it is unknown, and may be put right',
    onWire(async ({ session, domain }) => {
      const application = await session();
      const named = (name: string): Promise<Answer> => application.start(11, apex, ` serverName='${name}'`);
      expect(await named('elsewhere.invalid')).toMatchObject({ keyword: 'ERR', code: 550 });
      expect(chosen(await named(domain.toUpperCase()))).toBe(apexProfile);
    }),
  );

  it(
    '[3080 §2.3.1.2 rule 8] [3080 §2.3.1.2 rule 2] decides nothing behind the first successful start',
    onWire(async ({ session, domain }) => {
      const application = await session();
      expect(chosen(await application.start(11, apex, ` serverName='${domain}'`))).toBe(apexProfile);
      const later = await application.start(13, apex, " serverName='elsewhere.invalid'");
      expect(chosen(later)).toBe(apexProfile);
    }),
  );
});

describe('the initialization in a start', () => {
  /** Whether PLAIN succeeds with its blob in `content`, which is written as it is. */
  async function authenticates({ session }: Stage, attributes: string, content: string): Promise<void> {
    const application = await session();
    const answer = await application.start(
      1,
      `<profile uri='${plainProfile}'${attributes}>${content}</profile>`,
    );
    const { name, body } = initializationAnswer(answer);
    expect(name).toBe('blob');
    expect(element(body).attributes['status']).toBe('complete');
  }
  const blob = (domain: string): string => `<blob>${base64(`\0${peerEndpoint(domain)}\0${password}`)}</blob>`;

  it(
    '[3080 §2.3.1.2 rule 6] is taken from a CDATA section',
    onWire((s) => authenticates(s, '', `<![CDATA[${blob(s.domain)}]]>`)),
  );

  it(
    '[3080 §2.3.1.2 rule 6] is taken from escaped characters',
    onWire((s) => authenticates(s, '', escapeXml(blob(s.domain)))),
  );

  it(
    '[3080 §2.3.1.2 rule 6] [3080 §6.4] is taken from sections, references and plain text together, white space around it',
    onWire((s) => {
      const [start = '', end = ''] = blob(s.domain).split('>');
      return authenticates(
        s,
        " encoding='none'",
        `\n  <![CDATA[${start}]]>&gt;${escapeXml(end)}<![CDATA[>]]>\n`,
      );
    }),
  );

  it(
    '[B9] [3080 §2.3.1.2 rule 5] is decoded when it is base64',
    onWire((s) => authenticates(s, " encoding='base64'", base64(blob(s.domain)))),
  );

  it(
    '[B9] [3080 §2.3.1.2 rule 5] is refused with 501 when it is to be base64 and is none',
    refusedXml(
      501,
      `<start number='11'><profile uri='${apexProfile}' encoding='base64'>&lt;a/></profile></start>`,
    ),
  );

  it(
    '[3080 §2.3.1.2 rule 5] [B7] is refused with 501 in an encoding that is none',
    refusedXml(501, `<start number='11'><profile uri='${apexProfile}' encoding='rot13'>x</profile></start>`),
  );

  const filled = (octets: number): string =>
    `<start number='11'>${profileElement(apexProfile, 'x'.repeat(octets - 12))}</start>`;

  it(
    '[3080 §2.3.1.2 rule 6] [B9] [B18] may have 4096 octets as written; when it makes no sense the channel exists all the same',
    onWire(async ({ peer }) => {
      const application = await peer();
      const answer = await application.manage(filled(4096));
      expect(answer.keyword).toBe('RPY');
      expect(initializationAnswer(answer)).toMatchObject({ name: 'error', code: 500 });
      expect((await application.exchange(11, beepXml('<ok />'))).keyword).toBe('ERR');
    }),
  );

  it(
    '[3080 §2.3.1.2 rule 6] [B9] [B7] is refused with 501 when it has 4097 octets as written',
    refusedXml(501, filled(4097)),
  );

  it(
    '[B18] is answered in the profile of a positive reply when it fails',
    onWire(async ({ session, domain }) => {
      const application = await session();
      const attach = attachElement(`nobody@${domain}`, 1);
      const answer = await application.start(11, profileElement(apexProfile, attach));
      expect(chosen(answer)).toBe(apexProfile);
      expect(initializationAnswer(answer)).toMatchObject({ name: 'error', code: 537 });
      expect((await application.exchange(11, beepXml(attach))).keyword).toBe('ERR');
    }),
  );
});

describe('a request on channel zero', () => {
  const start = `<start number='11'>${apex}</start>`;

  for (const [name, xml] of [
    ['nothing at all', ''],
    ['text', 'start'],
    ['an element that does not end', '<start number="11">'],
    ['tags that cross', "<start number='11'><profile uri='x'></start></profile>"],
    ['two roots', start + start],
    ['an attribute without quotes', '<start number=11 />'],
    ['an attribute twice', `<start number='11' number='13'>${apex}</start>`],
    ['a bare ampersand', `<start number='11' serverName='a&b'>${apex}</start>`],
    ['a less-than sign in an attribute', `<start number='11' serverName='a<b'>${apex}</start>`],
    ['a reference to a character that is none', `<start number='11' serverName='&#0;'>${apex}</start>`],
    ['two hyphens in a comment', `<!-- a -- b -->${start}`],
  ] as const) {
    it(`[B7] [3080 §2.2.2.1] is answered 500 when it is not well formed: ${name}`, refusedXml(500, xml));
  }

  it(
    '[B7] [3080 §6.4 rule 2] is answered 500 when it has an XML declaration',
    refusedXml(500, `<?xml version='1.0'?>${start}`),
  );

  it(
    '[B7] [3080 §6.4 rule 2] is answered 500 when it has a DOCTYPE',
    refusedXml(500, `<!DOCTYPE start>${start}`),
  );

  it(
    '[B7] [3080 §6.4 rule 1] is answered 500 when it refers to another entity than the five',
    refusedXml(500, `<start number='11' serverName='&nbsp;'>${apex}</start>`),
  );

  it(
    '[3080 §6.4] may have processing instructions, comments and white space around it',
    onWire(async ({ peer }) => {
      const application = await peer();
      const answer = await application.manage(`\r\n<?go on?><!-- now -->\n${start}\n<!-- done -->\r\n`);
      expect(chosen(answer)).toBe(apexProfile);
    }),
  );

  for (const [name, xml] of [
    ['an unknown element', '<begin />'],
    ['an element of another case', `<START number='11'>${apex}</START>`],
    ['a start without profiles', "<start number='11' />"],
    ['a start with something else', `<start number='11'>${apex}<extra /></start>`],
    ['a start with text', `<start number='11'>now ${apex}</start>`],
    ['a profile without uri', "<start number='11'><profile /></start>"],
    ['an unknown attribute', `<start number='11' colour='red'>${apex}</start>`],
    ['a close without code', "<close number='11' />"],
    ['a close with a code of two digits', "<close number='11' code='20' />"],
    ['a close with a number that is none', "<close number='x' code='200' />"],
  ] as const) {
    it(`[B7] [3080 §7.1] is answered 501 when it is not valid: ${name}`, refusedXml(501, xml));
  }

  for (const [name, xml] of [
    ['ok', '<ok />'],
    ['a profile', apex],
    ['a greeting', '<greeting />'],
    ['an error', "<error code='550' />"],
  ] as const) {
    it(
      `[3080 §2.3.1.5 rule 4] [3080 §2.7] is answered 501 when it is what only replies are: ${name}`,
      refusedXml(501, xml),
    );
  }

  for (const [name, header] of [
    ['in another case', 'CONTENT-TYPE: Application/BEEP+XML\r\n'],
    ['with a charset of utf-8', 'Content-Type: application/beep+xml; charset="UTF-8"\r\n'],
    ['among other header fields', 'X-Other: 1\r\nContent-Type: application/beep+xml\r\nX-Another: 2\r\n'],
    ['over two lines', 'Content-Type:\r\n application/beep+xml\r\n'],
    ['nowhere', ''],
  ] as const) {
    it(
      `[B8] [3080 §2.2] may have its content type ${name}`,
      onWire(async ({ peer }) => {
        const answer = readAnswer(await (await peer()).exchange(0, `${header}\r\n${start}`));
        expect(chosen(answer)).toBe(apexProfile);
      }),
    );
  }

  for (const [name, header] of [
    ['another content type', 'Content-Type: text/xml'],
    ['another charset', 'Content-Type: application/beep+xml; charset=iso-8859-1'],
  ] as const) {
    it(`[B8] is answered 501 when it has ${name}`, refused(501, `${header}\r\n\r\n${start}`));
  }

  it(
    '[B8] [3080 §2.2] is answered 500 when no empty line ends its header fields',
    refused(500, `X-Header: 1\r\n${start}`),
  );
});

describe('the channels of a session', () => {
  it(
    '[3080 §2.3 rule 1] may be 257, channel zero among them, and each one answers',
    onWire(async ({ peer }) => {
      const application = await peer();
      const numbers = Array.from({ length: 256 }, (_, index) => 2 * index + 1001);
      const starts = await Promise.all(numbers.map((number) => application.start(number, apex)));
      expect(starts.map(chosen)).toEqual(numbers.map(() => apexProfile));
      const replies = await Promise.all(
        numbers.map((number) => application.exchange(number, beepXml('<ok />'))),
      );
      expect(replies.map(({ channel }) => channel)).toEqual(numbers);
      const closes = await Promise.all(numbers.map((number) => application.closeChannel(number)));
      expect(closes.map(({ name }) => name)).toEqual(numbers.map(() => 'ok'));
    }),
  );
});
