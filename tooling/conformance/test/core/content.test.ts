import { describe, expect, it } from 'vitest';
import { dataElement } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { beepXml } from '../../src/wire.ts';
import { element } from '../../src/xml.ts';
import { digest, gif, referring, related, send } from './related.ts';

const scene = scenes('content');

describe('content inside the data element', () => {
  it(
    '[C9] [3340 §4.4.4.1] is passed on character by character',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const content of [
        '<a/>',
        '<a></a>',
        '<a />',
        `<a  b = "1"\tc='2'\r\n></a >`,
        '\r\n  <a/>\n\t',
        '<!-- a comment -- no --><a/>'.replace(' -- no ', ' '),
        '<a><![CDATA[ <b> & ]] > ]]]]><![CDATA[>]]></a>',
        '<a>&lt;&#60;&#x3C;&amp;&apos;&quot;"\'&#13;&#10;</a>',
        '<a b="&#9;&#10;&lt;\'" />',
        '<a>zoë – ☃ 😀 é \u0085 \u2028</a>',
        '<p:a xmlns:p="urn:p" p:b="1"><c xmlns="urn:c"/></p:a>',
        '<data-content Name="Content"><data content="#Content" /></data-content>',
        'text, <b>mixed</b> with elements <c/> and <d/>',
        'text alone',
        '',
      ]) {
        expect((await application.data(wilma, fred, content)).name, content).toBe('ok');
        const delivery = await receiver.delivery(fred);
        expect(element(delivery.control, 'data-content').inner).toBe(content);
        expect(delivery.content).toBe(content);
      }
    }),
  );

  it(
    '[C9] keeps the namespaces, the language and the white space that the elements around it declare',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const content = "<p:hello> <world p:x='1' /> </p:hello>";
      const xml =
        `<data content='#Content' xmlns:p='urn:p&amp;q' xmlns='urn:default' xml:lang='de'><originator identity='${wilma}' />` +
        `<recipient identity='${fred}' /><data-content Name='Content' xml:space='preserve'>${content}</data-content></data>`;
      expect((await application.request(xml)).name).toBe('ok');
      const delivery = await receiver.delivery(fred);
      expect(delivery.content).toBe(content);
      const around = [element(delivery.control, 'data'), element(delivery.control, 'data-content')];
      expect(Object.assign({}, ...around.map(({ attributes }) => attributes))).toMatchObject({
        'xmlns:p': 'urn:p&q',
        xmlns: 'urn:default',
        'xml:lang': 'de',
        'xml:space': 'preserve',
      });
    }),
  );

  it(
    '[C9] [3340 §4.4.4.1 step 5] is the same for every recipient, however long it is',
    scene(async ({ join, fred, wilma }) => {
      const recipients = [fred, subaddress(fred, 'a'), subaddress(fred, 'b')];
      const receivers = await Promise.all(recipients.map(join));
      const application = await join(wilma);
      const content = `<long>${'zoë ☃\r\n<i/>'.repeat(15_000)}</long>`;
      expect((await application.data(wilma, recipients, content)).name).toBe('ok');
      for (const [index, recipient] of recipients.entries()) {
        const delivered = (await receivers[index]?.delivery(recipient))?.content ?? '';
        expect(digest(delivered)).toBe(digest(content));
      }
    }),
  );

  it(
    '[C10] [3340 §4.1] is found by its Name, whatever name that is',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const [reference, name] of [
        ['#Content', 'Content'],
        ['#_', '_'],
        ['#a.b-c', 'a.b-c'],
        ['#zo%C3%AB', 'zoë'],
      ]) {
        const inside = `<data-content Name='${name}'><hello /></data-content>`;
        const answer = await application.request(referring(reference as string, wilma, fred, inside));
        expect(answer.name, reference).toBe('ok');
        expect((await receiver.next(fred)).name).toBe('hello');
      }
    }),
  );
});

describe('content', () => {
  it(
    '[C10] [3340 §4.1] that stands elsewhere in the world is passed on as its URI',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const uri of [
        'http://example.com/image.gif',
        'http://example.com/page?a=1;b=2#part',
        'urn:isbn:096139210x',
        'apex:fred@example.com',
        'mid:1@example.com',
      ]) {
        expect((await application.request(referring(uri, wilma, fred))).name, uri).toBe('ok');
        const { control } = await receiver.delivery(fred);
        expect(element(control, 'data').attributes['content']).toBe(uri);
      }
    }),
  );

  it(
    '[C10] [3340 §4.4.4] that does not resolve is answered 501, and nothing is delivered',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const inside = "<data-content Name='Content'><lost /></data-content>";
      const inline = [
        '',
        '#',
        '#content',
        '#Other',
        'Content',
        '/Content',
        '?Content',
        'cid:',
        'cid:2@example.com',
        'a b:c',
        ':',
        '1:2',
      ];
      for (const reference of inline) {
        const answer = await application.request(referring(reference, wilma, fred, inside));
        expect(answer, reference).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      expect((await application.request(referring('#Content', wilma, fred))).code).toBe(501);
      for (const [reference, parts] of [
        ['cid:3@example.com', [gif('lost')]],
        ['cid:2@EXAMPLE.com', [gif('lost')]],
        ['cid:%3C2@example.com%3E', [gif('lost')]],
        ['cid:2@example.com', []],
        ['cid:2@example.com', [{ headers: 'Content-Type: image/gif\r\n', content: 'lost' }]],
        ['cid:%zz', [gif('lost')]],
        ['#2@example.com', [gif('lost')]],
        // Which of them?
        ['cid:2@example.com', [gif('lost'), gif('lost')]],
      ] as const) {
        const answer = await send(application, related(referring(reference, wilma, fred), parts));
        expect(answer, reference).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      await application.data(wilma, fred, '<hello />');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );

  it(
    '[B8] [3340 §4.1] that is sent as anything but application/beep+xml is answered 501, in other writings of that it is taken',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const lost = dataElement(wilma, fred, '<lost />');
      for (const type of [
        'text/xml',
        'application/xml',
        'application/beep+xml; charset=iso-8859-1',
        'application/octet-stream',
        'nothing',
      ]) {
        const answer = await send(application, `Content-Type: ${type}\r\n\r\n${lost}`);
        expect(answer, type).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      const hello = dataElement(wilma, fred, '<hello />');
      for (const headers of [
        'content-type: APPLICATION/beep+XML\r\n',
        'Content-Type: application/beep+xml; charset="UTF-8"\r\n',
        'X-Other: 1\r\nContent-Type: application/beep+xml\r\nContent-Transfer-Encoding: 8bit\r\n',
      ]) {
        expect((await send(application, `${headers}\r\n${hello}`)).name, headers).toBe('ok');
        expect((await receiver.next(fred)).name).toBe('hello');
      }
    }),
  );

  it(
    '[3340 §4.4.4.1] may be sent to oneself as it came',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      expect(
        (await application.exchange(application.channel, beepXml(dataElement(wilma, wilma, '<hello />'))))
          .keyword,
      ).toBe('RPY');
      const { payload } = await application.delivery(wilma);
      expect((await application.exchange(application.channel, payload)).keyword).toBe('RPY');
      expect((await application.delivery(wilma)).payload).toBe(payload);
    }),
  );
});
