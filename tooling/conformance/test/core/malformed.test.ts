import { describe, expect, it } from 'vitest';
import { type Application, dataElement, readAnswer } from '../../src/application.ts';
import { scenes } from '../../src/scenes.ts';
import { beepXml } from '../../src/wire.ts';

const scene = scenes('malformed');

/** Each payload gets this error; then the session sends as before, and that is the first that arrives. */
function refused(code: number, payloads: (from: string, to: string) => readonly (string | Buffer)[]) {
  return scene(async ({ join, fred, wilma }) => {
    const receiver = await join(fred);
    const application = await join(wilma);
    for (const payload of payloads(wilma, fred)) {
      const answer = readAnswer(await application.exchange(application.channel, payload));
      expect(answer, payload.toString().slice(0, 400)).toMatchObject({ keyword: 'ERR', name: 'error', code });
    }
    await expectAlive(application, receiver, wilma, fred);
  });
}

async function expectAlive(
  application: Application,
  receiver: Application,
  from: string,
  to: string,
): Promise<void> {
  expect((await application.data(from, to, '<hello />')).name).toBe('ok');
  expect((await receiver.next(to)).name).toBe('hello');
  expect(receiver.waiting(to)).toEqual([]);
}

/** A data element, put together from its parts. */
function data(
  from: string,
  to: string,
  parts: Partial<Record<'attributes' | 'originator' | 'recipient' | 'options' | 'content', string>>,
): string {
  const {
    attributes = "content='#Content'",
    originator = `<originator identity='${from}' />`,
    recipient = `<recipient identity='${to}' />`,
    options = '',
    content = "<data-content Name='Content'><lost /></data-content>",
  } = parts;
  return beepXml(`<data ${attributes}>${originator}${recipient}${options}${content}</data>`);
}

describe('data that is not well formed', () => {
  it(
    '[B18] [3340 §10] [3080 §6.4] is answered 500, delivered to nobody, and disturbs nothing behind it',
    refused(500, (from, to) => {
      const whole = dataElement(from, to, '<lost />');
      return [
        whole.slice(0, -1),
        whole.slice(1),
        `${whole}${whole}`,
        `${whole}x`,
        whole.replace("content='#Content'", "content='#Content' content='#Content'"),
        whole.replace("content='#Content'", 'content=#Content'),
        whole.replace("content='#Content'", "content='<'"),
        whole.replace('</data-content>', '</data-Content>'),
        whole.replace('<lost />', '<lost>'),
        whole.replace('<lost />', '</lost>'),
        whole.replace('<lost />', '<a><b></a></b>'),
        whole.replace('<lost />', '& '),
        whole.replace('<lost />', '&nbsp;'),
        whole.replace('<lost />', '&#0;'),
        whole.replace('<lost />', '<![CDATA['),
        whole.replace('<lost />', ']]>'),
        whole.replace('<lost />', '<!-- -- -->'),
        whole.replace('<lost />', '<1/>'),
        whole.replace('<lost />', '\u0001'),
      ].map(beepXml);
    }),
  );

  it(
    '[3080 §6.4 rule 1] [3080 §6.4 rule 2] [B18] has a declaration, a document type or entities, outside or inside its content: 500',
    refused(500, (from, to) => {
      const whole = dataElement(from, to, '<lost />');
      return [
        `<?xml version='1.0'?>${whole}`,
        `<!DOCTYPE data>${whole}`,
        `<!DOCTYPE data [<!ENTITY e '<lost />'>]>${whole.replace('<lost />', '&e;')}`,
        `<!DOCTYPE data SYSTEM 'http://example.com/data.dtd'>${whole}`,
        whole.replace('<lost />', '<!DOCTYPE lost><lost />'),
        whole.replace('<lost />', '<?xml version="1.0"?><lost />'),
        whole.replace('<lost />', '&e;'),
      ].map(beepXml);
    }),
  );

  it(
    '[B18] [3340 §10] is not UTF-8: 500, wherever it stands',
    refused(500, (from, to) =>
      ['\xff', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xe2\x82'].flatMap((octets) => [
        Buffer.from(beepXml(dataElement(from, to, `<lost>${octets}</lost>`)), 'latin1'),
        Buffer.from(beepXml(dataElement(from, to.replace('fred', `fred${octets}`), '<lost />')), 'latin1'),
      ]),
    ),
  );
});

describe('data that is not valid', () => {
  it(
    '[B18] [3340 §9.1] [3340 §4.4.4] lacks an element or attribute, or has one too many or in the wrong place: 501',
    refused(501, (from, to) => [
      data(from, to, { attributes: '' }),
      data(from, to, { attributes: "content='#Content' transID='1'" }),
      data(from, to, { originator: '' }),
      data(from, to, { recipient: '' }),
      data(from, to, { originator: '', recipient: '', content: '' }),
      data(from, to, { originator: `<originator identity='${from}' />`.repeat(2) }),
      data(from, to, {
        originator: `<recipient identity='${to}' />`,
        recipient: `<originator identity='${from}' />`,
      }),
      data(from, to, {
        options: `<recipient identity='${to}' /><option internal='a' transID='1' /><recipient identity='${to}' />`,
      }),
      data(from, to, {
        content: "<data-content Name='Content'><lost /></data-content><option internal='a' transID='1' />",
      }),
      data(from, to, { content: "<data-content Name='Content'><lost /></data-content>".repeat(2) }),
      data(from, to, { content: '<data-content><lost /></data-content>' }),
      data(from, to, { content: "<data-content name='Content'><lost /></data-content>" }),
      data(from, to, { content: "<data-content Name='Content' type='a'><lost /></data-content>" }),
      data(from, to, {
        attributes: "content='#1'",
        content: "<data-content Name='1'><lost /></data-content>",
      }),
      data(from, to, {
        attributes: "content='#a%20b'",
        content: "<data-content Name='a b'><lost /></data-content>",
      }),
      data(from, to, { options: '<lost />' }),
      data(from, to, { options: 'text' }),
      data(from, to, { originator: `<originator identity='${from}'>text</originator>` }),
      data(from, to, { originator: `<originator identity='${from}' endpoint='${from}' />` }),
      data(from, to, { originator: '<originator />' }),
      data(from, to, { recipient: '<recipient />' }),
      data(from, to, { recipient: `<recipient endpoint='${to}' />` }),
      data(from, to, { recipient: `<recipient identity='${to}'><recipient identity='${to}' /></recipient>` }),
      data(from, to, { recipient: `<Recipient identity='${to}' />` }),
    ]),
  );

  it(
    '[3340 §2.2] [3340 §9.1] names no endpoint, as originator or among its recipients: 501, and no other recipient gets it',
    refused(501, (from, to) =>
      [
        '',
        'fred',
        '@example.com',
        'fred@',
        'fred@@example.com',
        'fred@a@example.com',
        '/a@example.com',
        'fred/@example.com',
        'fred/a/b@example.com',
        'fred&#9;@example.com',
        'fred&#127;@example.com',
        'fred@example.com ',
        'fred@exa mple.com',
        'fred@-.com',
        `fred@${'x'.repeat(64)}.com`,
        `fred@${'x.'.repeat(130)}com`,
        'fred@[1.2.3]',
        'fred@[IPv6:1::2::3]',
      ].flatMap((name) => [
        data(from, to, { originator: `<originator identity='${name}' />` }),
        data(from, to, { recipient: `<recipient identity='${to}' /><recipient identity='${name}' />` }),
      ]),
    ),
  );

  it(
    '[3340 §5] [3340 §5 rule 5] [3340 §5 rule 6] [3340 §5 rule 7] [3340 §5 rule 8] [3340 §5 rule 11] has an option that is not valid, on any level: 501',
    refused(501, (from, to) =>
      [
        "<option transID='1' />",
        "<option internal='a' external='urn:a' transID='1' />",
        "<option internal='a b' transID='1' />",
        "<option external='relative' transID='1' />",
        "<option internal='a' targetHop='next' transID='1' />",
        "<option internal='a' mustUnderstand='1' transID='1' />",
        "<option internal='a' transID='0' />",
        "<option internal='a' transID='2147483648' />",
        "<option internal='statusRequest' targetHop='final' />",
        "<option internal='a' transID='1' hop='final' />",
        "<option internal='a' transID='1' localize='_' />",
      ].flatMap((option) => [
        data(from, to, { options: option }),
        data(from, to, { originator: `<originator identity='${from}'>${option}</originator>` }),
        data(from, to, { recipient: `<recipient identity='${to}'>${option}</recipient>` }),
      ]),
    ),
  );
});

describe('a MSG on an APEX channel', () => {
  it(
    '[3340 §4.3] [3340 §8.1] [B18] [B7] that starts no exchange of APEX is answered 501',
    refused(501, () =>
      [
        '<ok />',
        "<error code='250' />",
        "<reply code='250' transID='1' />",
        '<hello />',
        '<DATA />',
        "<start number='1' />",
        '<greeting />',
        "<close number='1' code='200' />",
        "<statusResponse transID='1'><destination identity='a@example.com'><reply code='250' transID='1' /></destination></statusResponse>",
        "<publish publisher='a@example.com' transID='1' timeStamp='2000-05-14T13:02:00-08:00' />",
        "<option internal='a' transID='1' />",
      ].map(beepXml),
    ),
  );

  it(
    '[B18] [3340 §10] that is refused in the middle of a flight leaves what is before and behind it alone',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const { channel } = application;
      const codes: (number | undefined)[] = [];
      const flight = Array.from({ length: 60 }, (_, index) => {
        const whole = dataElement(wilma, fred, `<n i='${index}' />`);
        return index % 3 === 1 ? whole.slice(0, -1) : index % 3 === 2 ? `<unknown>${whole}</unknown>` : whole;
      }).map((xml) => application.message(channel, beepXml(xml)));
      for (const msgno of flight) codes.push(readAnswer(await application.reply(channel, msgno)).code);
      expect(codes).toEqual(flight.map((_, index) => [undefined, 500, 501][index % 3]));
      for (let index = 0; index < 60; index += 3) {
        expect((await receiver.delivery(fred)).content).toBe(`<n i='${index}' />`);
      }
      await expectAlive(application, receiver, wilma, fred);
    }),
  );

  it(
    '[B18] [3340 §10] has an error whose text, if any, shows nothing that could be taken for markup',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      for (const xml of [
        '<x&quot; />',
        "<attach endpoint='&lt;ok />@example.com' transID='1' />",
        "<attach endpoint='&lt;/error>&lt;ok />&amp;' transID='1' />",
        "<data content='&lt;b>'><originator identity='&amp;&lt;a' /><recipient identity='x' /></data>",
      ]) {
        const { body, keyword } = await application.request(xml);
        expect(keyword).toBe('ERR');
        expect(body).toMatch(
          /^\s*<error\s[^<>]*(?:\/>|>(?:[^<&]|&(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)*<\/error>)\s*$/,
        );
      }
    }),
  );
});
