import { describe, expect, it } from 'vitest';
import { dataElement, dataWithOptions, presenceOf, subscribeElement } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { beepXml } from '../../src/wire.ts';
import {
  attributesOf,
  dataTiming,
  expectNoReport,
  hold,
  names,
  reported,
  sent,
  statusRequest,
  unknownOption,
} from './reporting.ts';

const scene = scenes('status');

describe('the status of a recipient', () => {
  it(
    '[3340 §5.1] [3340 §4.4.4.1 step 5.3] [C4] is 250 once he has answered ok, and unknown before',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      await sent(application, wilma, fred, '<hello />', statusRequest(86));
      const delivery = await receiver.delivery(fred);
      // Others are told about meanwhile.
      await expectNoReport(application, wilma, subaddress(fred, 'absent'), 550);
      receiver.answer(delivery);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
    }),
  );

  it(
    '[3340 §5.1] [3340 §4.4.4.1 step 5.3] is a failure when he answers an error',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      for (const error of [
        "<error code='550' />",
        "<error code='451'>a &lt; b &amp; &#34;c&#39; \u2603</error>",
        // No code makes an error a success.
        "<error code='250' />",
        "<error code='350' />",
      ]) {
        await sent(application, wilma, fred, '<hello />', statusRequest(86));
        receiver.answer(await receiver.delivery(fred), error, 'ERR');
        expect((await reported(application, wilma))[0], error).toMatch(/^86 .* [45]\d\d$/);
      }
    }),
  );

  it(
    '[3340 §5.1] [3340 §4.4.4.1 step 5.3] is a failure when he is gone before he has answered',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      await sent(application, wilma, fred, '<hello />', statusRequest(86));
      await receiver.delivery(fred);
      receiver.wire.close();
      expect((await reported(application, wilma))[0]).toMatch(/ [45]\d\d$/);
    }),
  );

  it(
    '[C11] [3340 §6.2 rule 6] [3340 §6.2 rule 7] is 550 unknown, 537 not allowed, whether he is attached or not, and 550 not attached, each for himself',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      await join(fred);
      await join(barney);
      const application = await join(wilma);
      const expected = {
        [fred]: 250,
        [subaddress(fred, 'absent')]: 550,
        [barney]: 537,
        [subaddress(barney, 'absent')]: 537,
        [`nobody.status@${domain}`]: 550,
        [`apex=nobody@${domain}`]: 550,
      };
      await sent(application, wilma, Object.keys(expected), '<hello />', statusRequest(86));
      expect(await reported(application, wilma, 6)).toEqual(
        Object.entries(expected)
          .map(([recipient, code]) => `86 ${recipient} ${code}`)
          .sort(),
      );
    }),
  );

  it(
    '[3340 §5.1] is not told unless it was asked for',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      await join(fred);
      const application = await join(wilma);
      const recipients = [fred, barney, subaddress(fred, 'absent'), `nobody.status@${domain}`];
      for (const option of [
        '',
        hold + dataTiming("noLaterThan='1000'"),
        "<option external='urn:example:statusRequest' transID='86' />",
      ]) {
        await sent(application, wilma, recipients, '<hello />', option);
      }
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3340 §4.4.4.1 step 3] [C4] comes behind the ok for the data',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      for (let count = 0; count < 10; count += 1) {
        const xml = dataElement(wilma, subaddress(fred, 'absent'), '<hello />', statusRequest(86));
        const msgno = application.message(application.channel, beepXml(xml));
        await reported(application, wilma);
        expect(application.hasReply(application.channel, msgno)).toBe(true);
        expect((await application.reply(application.channel, msgno)).keyword).toBe('RPY');
      }
    }),
  );

  it(
    '[3340 §5.1] [C4] goes to the originator as he wrote himself, a subaddress too',
    scene(async ({ join, fred, wilma }) => {
      await join(fred);
      const desk = subaddress(wilma, 'desk');
      const application = await join(desk);
      const whole = await join(wilma);
      await sent(application, desk, fred, '<hello />', statusRequest(86));
      expect(await reported(application, desk)).toEqual([`86 ${fred} 250`]);
      expect(whole.waiting(wilma)).toEqual([]);
    }),
  );
});

describe('a service as recipient', () => {
  it(
    '[3340 §5.1] [C4] is told as 250, whatever it makes of the data',
    scene(async ({ join, wilma, domain }) => {
      const application = await join(wilma);
      const services = [presenceOf(wilma), `apex=access@${domain}`];
      for (const service of services) {
        await sent(application, wilma, service, "<terminate transID='4711' />", statusRequest(86));
        const arrived = [await application.next(wilma), await application.next(wilma)];
        expect(arrived.map(({ originator, name }) => `${originator} ${name}`).sort()).toEqual(
          [`${service} reply`, `apex=report@${domain} statusResponse`].sort(),
        );
        const report = arrived.find(({ name }) => name === 'statusResponse');
        expect(report?.inner).toMatch(/code\s*=\s*['"]250['"]/);
      }
    }),
  );

  it(
    '[3340 §5.1] [3342 §2.1 rule 3] brings the status beside what the service sends',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const options = statusRequest(86) + dataTiming("noLaterThan='60000' returnTrip='60000'", 87);
      await sent(application, wilma, presenceOf(wilma), subscribeElement(wilma, 0, 4711), options);
      expect((await names(application, wilma, 3)).sort()).toEqual([
        'publish',
        'statusResponse',
        'statusResponse',
      ]);
    }),
  );
});

describe('statusRequest', () => {
  it(
    '[3340 §8.4] [3340 §5.1] in a recipient asks for him alone, with its own transID',
    scene(async ({ join, fred, wilma, barney }) => {
      await join(fred);
      const application = await join(wilma);
      const absent = subaddress(fred, 'absent');
      const recipients = {
        [fred]: statusRequest(87),
        [absent]: '',
        [barney]: statusRequest(88, ''),
      };
      expect((await application.request(dataWithOptions(wilma, { recipients }))).name).toBe('ok');
      expect(await reported(application, wilma, 2)).toEqual([`87 ${fred} 250`, `88 ${barney} 537`]);
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3340 §8.4] [3340 §6.2 rule 5] in the data and in a recipient is answered twice for him',
    scene(async ({ join, fred, wilma }) => {
      await join(fred);
      const application = await join(wilma);
      const absent = subaddress(fred, 'absent');
      const recipients = { [fred]: statusRequest(87), [absent]: '' };
      const xml = dataWithOptions(wilma, { recipients, data: statusRequest(86) });
      expect((await application.request(xml)).name).toBe('ok');
      const expected = [`86 ${fred} 250`, `86 ${absent} 550`, `87 ${fred} 250`];
      expect(await reported(application, wilma, 3)).toEqual(expected.sort());
    }),
  );

  it(
    '[3340 §5.1 rule 2] [3340 §5 rule 6] [3340 §5 rule 15] applies to the relay that delivers whatever its targetHop, is answered once, and stays in the data',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const targetHop of ['this', 'final', 'all']) {
        const option = statusRequest(86, `targetHop='${targetHop}' mustUnderstand='true' localize='de en'`);
        await sent(application, wilma, fred, '<hello />', option);
        const { control } = await receiver.delivery(fred);
        expect(attributesOf(control, 'option')).toMatchObject({ internal: 'statusRequest', transID: '86' });
        expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
      }
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3340 §5 rule 6] [3340 §5.1 rule 2] for the final hop is no matter of a relay that does not deliver; for this one, or all, it is',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const elsewhere = 'barney@elsewhere.invalid';
      for (const [transID, targetHop] of ['final', 'this', 'all'].entries()) {
        await sent(
          application,
          wilma,
          elsewhere,
          '<hello />',
          statusRequest(80 + transID, `targetHop='${targetHop}'`),
        );
      }
      const reports = await reported(application, wilma, 2);
      expect(reports.map((report) => report.slice(0, -2))).toEqual([
        expect.stringMatching(`^81 ${elsewhere} [45]$`),
        expect.stringMatching(`^82 ${elsewhere} [45]$`),
      ]);
    }),
  );

  it(
    '[C11] [3340 §5.1 rule 1] is ignored beside a statusResponse, which is delivered',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const response = `<statusResponse transID='7'><destination identity='${wilma}'><reply code='250' transID='7' /></destination></statusResponse>`;
      for (const targetHop of ['this', 'final', 'all']) {
        const option = statusRequest(86, `targetHop='${targetHop}' mustUnderstand='true'`);
        await sent(application, wilma, fred, response, option);
        const recipients = { [fred]: option, [subaddress(fred, 'absent')]: option };
        const xml = dataWithOptions(wilma, { recipients, content: response });
        expect((await application.request(xml)).name).toBe('ok');
        expect(await names(receiver, fred, 2)).toEqual(['statusResponse', 'statusResponse']);
      }
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[C6] [3340 §5 rule 8] without a transID is not valid: 501, and nothing is delivered',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const option = "<option internal='statusRequest' />";
      for (const xml of [
        dataWithOptions(wilma, { recipients: { [fred]: '' }, data: option, content: '<lost />' }),
        dataWithOptions(wilma, { recipients: { [fred]: option }, content: '<lost />' }),
      ]) {
        expect(await application.request(xml)).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      await expectNoReport(application, wilma, fred);
      expect((await receiver.next(fred)).name).toBe('last');
    }),
  );
});

describe('an option that is not known and must be understood', () => {
  it(
    '[C5] [3340 §5 rule 16] in the data is answered 504 once and for all: no status is told',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const targetHop of ['this', 'all']) {
        for (const options of [
          statusRequest(86) + unknownOption(targetHop),
          unknownOption(targetHop) + statusRequest(86),
        ]) {
          const answer = await application.data(wilma, fred, '<lost />', options);
          expect(answer).toMatchObject({ keyword: 'ERR', code: 504 });
        }
      }
      await expectNoReport(application, wilma, fred);
      expect((await receiver.next(fred)).name).toBe('last');
    }),
  );

  it(
    '[C5] [3340 §5 rule 13] in the data, for the final hop, is 504 in the status of each local recipient',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const recipients = [fred, subaddress(fred, 'absent')];
      const options = statusRequest(86) + unknownOption('final');
      await sent(application, wilma, recipients, '<lost />', options);
      expect(await reported(application, wilma, 2)).toEqual(
        recipients.map((recipient) => `86 ${recipient} 504`).sort(),
      );
      await expectNoReport(application, wilma, fred);
      expect((await receiver.next(fred)).name).toBe('last');
    }),
  );

  it(
    '[C5] [3340 §4.4.4.1 step 4] of the originator is 504 in the status of every recipient',
    scene(async ({ join, fred, wilma, barney }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const targetHop of ['this', 'final', 'all']) {
        const xml = dataWithOptions(wilma, {
          originator: unknownOption(targetHop),
          recipients: { [fred]: '', [barney]: '' },
          data: statusRequest(86),
          content: '<lost />',
        });
        expect((await application.request(xml)).name).toBe('ok');
        expect(await reported(application, wilma, 2), targetHop).toEqual(
          [fred, barney].map((recipient) => `86 ${recipient} 504`).sort(),
        );
      }
      await expectNoReport(application, wilma, fred);
      expect((await receiver.next(fred)).name).toBe('last');
    }),
  );

  it(
    '[C5] [3340 §4.4.4.1 step 5.1] of a recipient is 504 in his status, before anything else is looked at',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      await join(fred);
      const application = await join(wilma);
      const nobody = `nobody.status@${domain}`;
      const desk = subaddress(fred, 'desk');
      const receiver = await join(desk);
      const xml = dataWithOptions(wilma, {
        recipients: {
          [fred]: '',
          [desk]: unknownOption('this'),
          [barney]: unknownOption('all'),
          [nobody]: unknownOption('final'),
        },
        data: statusRequest(86),
      });
      expect((await application.request(xml)).name).toBe('ok');
      expect(await reported(application, wilma, 4)).toEqual(
        [`86 ${fred} 250`, `86 ${desk} 504`, `86 ${barney} 504`, `86 ${nobody} 504`].sort(),
      );
      await expectNoReport(application, wilma, desk);
      expect((await receiver.next(desk)).name).toBe('last');
    }),
  );
});
