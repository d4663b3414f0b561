import { describe, expect, it } from 'vitest';
import { type Application, dataElement } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { element } from '../../src/xml.ts';
import {
  digest,
  gif,
  multipart,
  type Part,
  partsWithin,
  referring,
  related,
  relatedType,
  rootHeaders,
  send,
} from './related.ts';

const scene = scenes('part');

/** An image, as far as a relay can tell: every octet value, and what looks like delimiters and line ends. */
function binary(octets = 2000): Buffer {
  const every = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  const tricky = Buffer.from('\r\n--boundary\r\n--\r\n\r\nEND\r\nMSG 1 1 . 0 0\r\n\0', 'latin1');
  const filling = Buffer.alloc(octets, every);
  return Buffer.concat([every, tricky, filling, Buffer.from('\r\n')]);
}

/** The next delivery of an application that answers by hand, as octets. */
async function deliveredOctets(application: Application): Promise<Buffer> {
  const message = await application.until(() => application.unanswered.shift(), 'a delivery');
  application.answer(message);
  return message.octets;
}

describe('content in another part of the message', () => {
  it(
    '[C9] [3340 §4.1] [3340 §4.1 rule 1] is passed on octet for octet',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      for (const content of [
        binary(),
        Buffer.alloc(0),
        Buffer.from('\r\n'),
        Buffer.from('--'),
        binary(100_000),
      ]) {
        const payload = related(referring('cid:2@example.com', wilma, fred), [gif(content)]);
        expect(await send(application, payload)).toMatchObject({ name: 'ok' });
        const [root, image] = partsWithin(await deliveredOctets(receiver));
        expect(element(root?.toString() ?? '', 'recipient').attributes['identity']).toBe(fred);
        expect(digest(image ?? '')).toBe(digest(content));
      }
    }),
  );

  it(
    '[C9] [3340 §4.1] keeps its headers, and the parts beside it',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const odd: Part = {
        headers:
          'content-type:  text/plain ; charset=iso-8859-1\r\nX-Mine: a;\r\n b\r\nContent-Id: <3@example.com>\r\n',
        content: Buffer.from('caf\xe9', 'latin1'),
      };
      const bare: Part = { headers: '', content: 'no headers at all' };
      const payload = related(referring('cid:2@example.com', wilma, fred), [odd, gif(binary()), bare]);
      expect(await send(application, payload)).toMatchObject({ name: 'ok' });
      const delivered = await deliveredOctets(receiver);
      const behindRoot = (octets: Buffer): string => {
        const text = octets.toString('latin1');
        return text.slice(text.indexOf('content-type:  text/plain'));
      };
      expect(behindRoot(delivered)).toBe(behindRoot(payload));
    }),
  );

  it(
    '[C9] [3340 §4.4.4.1 step 5] reaches each recipient with himself in the control document',
    scene(async ({ join, fred, wilma }) => {
      const other = subaddress(fred, 'a');
      const receivers = [await join(fred), await join(other)];
      const application = await join(wilma);
      const control =
        `<data content='cid:2@example.com'><originator identity='${wilma}' />` +
        `<recipient identity='${fred}' /><recipient identity='${other}' /></data>`;
      expect(await send(application, related(control, [gif('octets')]))).toMatchObject({ name: 'ok' });
      expect(await receivers[0]?.delivery(fred)).toMatchObject({ recipients: [fred], content: 'octets' });
      expect(await receivers[1]?.delivery(other)).toMatchObject({ recipients: [other], content: 'octets' });
    }),
  );

  it(
    '[3340 §4.1] may have the control document behind it, and in other letter case, order and quoting of parameters',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const root = { headers: rootHeaders(), content: referring('cid:2@example.com', wilma, fred) };
      const type =
        'Content-type: Multipart/RELATED; TYPE="Application/BEEP+xml"; start="<root@example.com>";\r\n Boundary=boundary-of-the-test\r\n';
      expect(await send(application, multipart(type, [gif('octets'), root]))).toMatchObject({ name: 'ok' });
      expect((await receiver.delivery(fred)).content).toBe('octets');
    }),
  );

  it(
    '[3340 §4.1] may be what an unnamed start stands before, with text around the parts',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const root = {
        headers: 'Content-Type: application/beep+xml\r\n',
        content: referring('cid:2@example.com', wilma, fred),
      };
      const parts = multipart(relatedType('type="application/beep+xml"'), [root, gif('octets')]).toString();
      const [head, ...body] = parts.split('\r\n\r\n');
      const payload = `${head}\r\n\r\nA preamble.\r\n${body.join('\r\n\r\n')}An epilogue.\r\n`;
      expect(await send(application, payload)).toMatchObject({ name: 'ok' });
      expect((await receiver.delivery(fred)).content).toBe('octets');
    }),
  );

  it(
    '[C10] [3340 §4.1] is found by its Content-ID, percent-encoding undone',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const [url, id] of [
        ['cid:2@example.com', '2@example.com'],
        ['CID:2%40example.com', '2@example.com'],
        ['cid:foo4%25foo1@bar.example', 'foo4%foo1@bar.example'],
        ['cid:a%2Fb@example.com', 'a/b@example.com'],
      ]) {
        const payload = related(referring(url as string, wilma, fred), [gif('octets', id)]);
        expect(await send(application, payload), url).toMatchObject({ name: 'ok' });
        expect((await receiver.delivery(fred)).payload).toContain('\r\n\r\noctets\r\n');
      }
    }),
  );

  it(
    '[3340 §4.1] may stand beside content in the data element that is referred to',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const payload = related(dataElement(wilma, fred, '<hello />'), [gif('octets')]);
      expect(await send(application, payload)).toMatchObject({ name: 'ok' });
      expect(await receiver.delivery(fred)).toMatchObject({ content: '<hello />' });
    }),
  );

  it(
    '[3340 §4.1] [B8] in a multipart that is broken is answered 500 or 501, and nothing is delivered',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const control = referring('cid:2@example.com', wilma, fred);
      const root = { headers: rootHeaders(), content: control };
      const parts = [root, gif('lost')];
      const whole = multipart(relatedType(), parts).toString();
      for (const [name, payload, code] of [
        ['no boundary', whole.replace(/boundary="[^"]*";/, ''), 501],
        ['an empty boundary', whole.replace(/boundary="[^"]*"/, 'boundary=""'), 501],
        ['another boundary', whole.replace(/boundary="[^"]*"/, 'boundary="other"'), 501],
        ['a boundary that is too long', whole.replaceAll('boundary-of-the-test', 'b'.repeat(71)), 501],
        ['no type', multipart(relatedType('start="<root@example.com>"'), parts), 501],
        ['another type', multipart(relatedType('type="text/xml"'), parts), 501],
        [
          'a start that is not there',
          multipart(relatedType('start="<x@y>"; type="application/beep+xml"'), parts),
          501,
        ],
        ['no end', multipart(relatedType(), parts, ''), 501],
        ['no part', multipart(relatedType(), []), 501],
        [
          'a root of another type',
          multipart(relatedType(), [gif('lost', 'root@example.com'), gif('lost')]),
          501,
        ],
        [
          'a root in base64',
          multipart(relatedType(), [
            {
              headers: rootHeaders('Content-Transfer-Encoding: base64\r\n'),
              content: Buffer.from(control).toString('base64'),
            },
            gif('lost'),
          ]),
          501,
        ],
        [
          'a root that is not well formed',
          multipart(relatedType(), [{ ...root, content: `${control}>` }, gif('lost')]),
          500,
        ],
        [
          'a part whose headers do not end',
          whole.replace('Content-ID: <2@example.com>\r\n\r\nlost', 'Content-ID: <2@example.com>'),
          500,
        ],
        ['another multipart', whole.replace('related', 'mixed'), 501],
      ] as const) {
        const answer = await send(application, payload);
        expect(answer, name).toMatchObject({ keyword: 'ERR', code });
      }
      expect(await send(application, multipart(relatedType(), [root, gif('found')]))).toMatchObject({
        name: 'ok',
      });
      expect((await receiver.delivery(fred)).content).toBe('found');
    }),
  );
});
