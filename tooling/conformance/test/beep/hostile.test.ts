import { describe, expect, it } from 'vitest';
import { type Application, apexProfile, profileElement, readAnswer } from '../../src/application.ts';
import { enact, onWire, scenes } from '../../src/scenes.ts';
import { startServer } from '../../src/server.ts';
import { isOwnServer } from '../../src/target.ts';
import { beepXml } from '../../src/wire.ts';

const scene = scenes('hostile');
const apex = profileElement(apexProfile);

/** On a channel of this number the payload gets this error, and channel and session live on. */
async function expectRefused(
  application: Application,
  channel: number,
  payload: string | Buffer,
  code: number,
): Promise<void> {
  const answer = readAnswer(await application.exchange(channel, payload));
  expect(answer).toMatchObject({ keyword: 'ERR', name: 'error', code });
  expect((await application.exchange(channel, beepXml('<unexpected />'))).keyword).toBe('ERR');
}

/** Octets behind the header field, in latin1. */
const octets = (body: string): Buffer => Buffer.from(beepXml(body), 'latin1');

describe('octets that are no XML of the protocol', () => {
  const wrong: readonly (readonly [name: string, payload: string | Buffer])[] = [
    ['a NUL', beepXml('<data content="#a\0" />')],
    ['a control character', beepXml('<data content="#a\u0007" />')],
    ['a character that is none', beepXml('<data content="#a\uffff" />')],
    ['an octet that UTF-8 never has', octets('<data content="#\xff" />')],
    ['an overlong form', octets('<data content="#\xc0\xaf" />')],
    ['half a surrogate pair', octets('<data content="#\xed\xa0\x80" />')],
    ['half a character', octets('<data content="#\xe2\x82" />')],
    ['UTF-16', Buffer.concat([Buffer.from(beepXml('')), Buffer.from('\ufeff<data />', 'utf16le')])],
    ['an XML declaration', beepXml('<?xml version="1.0"?><data />')],
    ['a DOCTYPE', beepXml('<!DOCTYPE data><data />')],
    ['entities inside each other', beepXml(laughs())],
    [
      'an external entity',
      beepXml('<!DOCTYPE data [<!ENTITY e SYSTEM "file:///etc/hostname">]><data>&e;</data>'),
    ],
    ['an unknown entity', beepXml('<data content="&e;" />')],
    ['a character reference to a NUL', beepXml('<data content="&#0;" />')],
    ['a number that no character has', beepXml('<data content="&#x110000;" />')],
    ['five thousand elements inside one another', beepXml(`${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}`)],
    [
      'five thousand attributes',
      beepXml(`<a ${Array.from({ length: 5000 }, (_, i) => `a${i}=""`).join(' ')} />`),
    ],
    ['a section that does not end', beepXml('<data><![CDATA[</data>')],
    ['a comment that does not end', beepXml('<data><!-- </data>')],
    ['nothing', ''],
    ['a line without an end in its header', `Content-Type: ${'x'.repeat(20_000)}`],
    ['ten thousand header fields', `${'X: y\r\n'.repeat(10_000)}\r\n<data />`],
    ['a header field with octets that are no ASCII', `X-Ünïcode: 1\r\n\r\n<data />`],
  ];

  for (const [name, payload] of wrong) {
    it(
      `[B18] [3080 §6.4] [3080 §6.4 rule 1] [3080 §6.4 rule 2] on an APEX channel are answered 500: ${name}`,
      onWire(async ({ peer }) => {
        const application = await peer();
        await application.start(11, apex);
        await expectRefused(application, 11, payload, 500);
      }),
    );

    it(
      `[B7] [3080 §6.4] on channel zero are answered 500: ${name}`,
      onWire(async ({ peer }) => {
        await expectRefused(await peer(), 0, payload, 500);
      }),
    );
  }
});

/** Entities that refer to entities ten times each. */
function laughs(): string {
  const names = 'abcdefghij'.split('');
  const entities = names.map((name, index) => {
    const before = names[index - 1];
    return `<!ENTITY ${name} "${before === undefined ? 'ha' : `&${before};`.repeat(10)}">`;
  });
  return `<!DOCTYPE data [${entities.join('')}]><data>&j;</data>`;
}

describe('a peer that speaks another protocol', () => {
  for (const [name, opening] of [
    ['HTTP', 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['TLS', Buffer.from('16030100c8010000c40303000000000000000000000000000000000000', 'hex')],
    ['zeros', Buffer.alloc(4096)],
    ['one endless line', 'M'.repeat(100_000)],
  ] as const) {
    it(
      `[B1] [B4] [3080 §2.2.1.1 rule 1] is cut off at once: ${name}`,
      onWire(async ({ silent }) => {
        const wire = await silent();
        await wire.nextMessage();
        wire.raw(opening);
        expect(await wire.ending()).toEqual({ how: 'aborted', unread: '' });
      }),
    );
  }
});

describe('a reply that makes no sense', () => {
  for (const [name, keyword, xml] of [
    ['no XML', 'RPY', '<ok'],
    ['another element', 'RPY', '<fine />'],
    ['an error in a positive reply', 'RPY', "<error code='550' />"],
    ['ok in a negative reply', 'ERR', '<ok />'],
  ] as const) {
    it(
      `[B18] [3080 §2.2.2.1 rule 2] on an APEX channel has the channel closed, and the session lives on: ${name}`,
      scene(async ({ join, wilma }) => {
        const application = await join(wilma);
        const { channel } = application;
        application.acknowledges = false;
        await application.data(wilma, wilma, '<hello />');
        application.answer(await application.delivery(wilma), xml, keyword);
        await application.until(() => application.closedByServer.includes(channel) || undefined, 'a close');
        application.acknowledges = true;
        await application.startApex();
        // Its attachment ended with it.
        expect((await application.attach(wilma)).name).toBe('ok');
        await application.data(wilma, wilma, '<again />');
        expect((await application.next(wilma)).name).toBe('again');
      }),
    );
  }
});

describe.runIf(isOwnServer)('a message over the limit', () => {
  it(
    '[3080 §2.6.3] on channel zero is refused with 554 before its end, and the session lives on',
    onWire(async ({ peer }) => {
      const application = await peer();
      await expectRefused(application, 0, beepXml(`<start number='11'>${' '.repeat(80_000)}`), 554);
    }),
  );

  it('[3080 §2.6.3] on an APEX channel is refused with 554 before its end, and the session lives on', async () => {
    const server = await startServer({ messageOctets: 20_000 });
    try {
      await enact(async ({ session }) => {
        const application = await session();
        await application.start(11, apex);
        const { wire } = application;
        // The last frame does not come before the answer.
        for (let frame = 0; frame < 6; frame += 1) {
          await wire.until(() => wire.windowLeft(11) >= 4096 || undefined, 'a window');
          wire.frame('MSG', 11, 1, 'x'.repeat(4096), { more: true });
        }
        expect(readAnswer(await application.reply(11, 1))).toMatchObject({ keyword: 'ERR', code: 554 });
        wire.frame('MSG', 11, 1, '');
        wire.frame('MSG', 11, 2, beepXml('<unexpected />'));
        expect(readAnswer(await application.reply(11, 2)).code).not.toBe(554);
      }, server);
    } finally {
      await server.stop();
    }
  });

  it('[3080 §2.3.1.2] a channel over the limit is refused with 554, and there is room again when one is closed', async () => {
    const server = await startServer({ channelsPerSession: 2 });
    try {
      await enact(async ({ session }) => {
        const application = await session();
        for (const channel of [11, 13]) expect((await application.start(channel, apex)).keyword).toBe('RPY');
        expect(await application.start(15, apex)).toMatchObject({ keyword: 'ERR', code: 554 });
        expect((await application.closeChannel(11)).name).toBe('ok');
        expect((await application.start(15, apex)).keyword).toBe('RPY');
      }, server);
    } finally {
      await server.stop();
    }
  });
});
