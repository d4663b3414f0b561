import { describe, expect, it } from 'vitest';
import {
  apexProfile,
  attachElement,
  dataElement,
  newTransID,
  profileElement,
  readAnswer,
} from '../../src/application.ts';
import { password } from '../../src/provisioning.ts';
import { onWire, scenes, subaddress } from '../../src/scenes.ts';
import { beepXml } from '../../src/wire.ts';

const scene = scenes('pipelining');
const apex = profileElement(apexProfile);

describe('many MSGs without waiting', () => {
  it(
    '[3080 §2.6.1] are answered in their order, each with its own answer',
    scene(async ({ join, fred, wilma }) => {
      const sender = await join(wilma);
      const { channel } = sender;
      // Answers that need the store, and answers that need nothing.
      const requests = Array.from({ length: 100 }, (_, index) => {
        const isGood = index % 3 !== 0;
        const xml = isGood ? dataElement(wilma, fred, `<n i='${index}' />`) : '<unexpected />';
        return { isGood, msgno: sender.message(channel, beepXml(xml)) };
      });
      for (const { isGood, msgno } of requests) {
        expect((await sender.reply(channel, msgno)).keyword).toBe(isGood ? 'RPY' : 'ERR');
      }
      expect(sender.replyOrder.slice(-100)).toEqual(requests.map(({ msgno }) => `${channel} ${msgno}`));
    }),
  );

  it(
    '[3080 §2.6.1] are processed in their order: data reaches its recipient as it was sent',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const sender = await join(wilma);
      const numbers = Array.from({ length: 100 }, (_, index) => String(index));
      await Promise.all(numbers.map((number) => sender.data(wilma, fred, `<n i='${number}' />`)));
      const arrived: (string | undefined)[] = [];
      while (arrived.length < numbers.length) arrived.push((await receiver.next(fred)).attributes['i']);
      expect(arrived).toEqual(numbers);
    }),
  );

  it(
    '[3080 §2.6.1] [3080 §2.1.1] on channel zero are answered in their order, refused ones among them',
    onWire(async ({ peer }) => {
      const application = await peer();
      const msgnos = [11, 12, 13, 13, 15].map((number) =>
        application.message(0, beepXml(`<start number='${number}'>${apex}</start>`)),
      );
      const close = application.message(0, beepXml("<close number='11' code='200' />"));
      const keywords: string[] = [];
      for (const msgno of [...msgnos, close]) keywords.push((await application.reply(0, msgno)).keyword);
      expect(keywords).toEqual(['RPY', 'ERR', 'RPY', 'ERR', 'RPY', 'RPY']);
      expect(application.replyOrder.slice(-6)).toEqual([...msgnos, close].map((msgno) => `0 ${msgno}`));
    }),
  );

  it(
    '[3080 §2.6.1] [3080 §4] may be starts: what one of them decides holds for those behind it',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const endpoints = ['one', 'two'].map((name) => subaddress(wilma, name));
      const [authenticated, ...attached] = await Promise.all([
        application.plain(wilma, password),
        ...endpoints.map((endpoint) => application.startApex(attachElement(endpoint, newTransID()))),
      ]);
      expect(authenticated?.name).toBe('blob');
      expect(attached.map(({ name }) => name)).toEqual(['ok', 'ok']);
      const [one = '', two = ''] = endpoints;
      expect((await application.data(one, two, '<hello />')).name).toBe('ok');
      expect((await application.next(two)).name).toBe('hello');
    }),
  );
});

describe('message numbers', () => {
  it(
    '[3080 §2.7] [B16] of the two directions have nothing to do with each other',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      application.acknowledges = false;
      await application.data(wilma, wilma, '<first />');
      const { channel, msgno } = await application.delivery(wilma);
      // Our MSG takes the number of the one of the server that waits for its reply.
      application.wire.frame('MSG', channel, msgno, beepXml('<unexpected />'));
      expect((await application.reply(channel, msgno)).keyword).toBe('ERR');
      application.answer({ channel, msgno });
      application.acknowledges = true;
      await application.data(wilma, wilma, '<second />');
      expect((await application.next(wilma)).name).toBe('second');
    }),
  );

  it(
    '[3080 §2.2.1] [3080 §2.2.1.1 rule 4] may be 0 or 2147483647, and taken again when the reply is there',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      for (const msgno of [0, 2147483647, 0, 7, 2147483647]) {
        application.wire.frame('MSG', 11, msgno, beepXml('<unexpected />'));
        expect(readAnswer(await application.reply(11, msgno)).keyword).toBe('ERR');
      }
    }),
  );
});
