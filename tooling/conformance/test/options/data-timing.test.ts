import { describe, expect, it } from 'vitest';
import { presenceOf } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import {
  attributesOf,
  dataTiming,
  expectNoReport,
  hold,
  names,
  reported,
  sent,
  statusRequest,
} from './reporting.ts';

const scene = scenes('timing');

describe('noLaterThan', () => {
  it(
    '[3342 §2.1 rule 2] that passes is reported if errors are to be, and not otherwise',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      await sent(application, wilma, fred, '<a />', dataTiming("noLaterThan='100'", 80));
      await sent(
        application,
        wilma,
        fred,
        '<b />',
        dataTiming("noLaterThan='100' reportErrors='false' returnTrip='60000'", 81),
      );
      await sent(
        application,
        wilma,
        fred,
        '<c />',
        dataTiming("noLaterThan='250' reportErrors='true' returnTrip='60000'", 82),
      );
      expect(await reported(application, wilma)).toEqual([`82 ${fred} 550`]);
      expect(await names(receiver, fred, 3)).toEqual(['a', 'b', 'c']);
    }),
  );

  it(
    '[3342 §2.1 rule 2] [3342 §2.1 rule 3] that has passed is not undone by an ok that comes later, and the recipient stays attached',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const timing = dataTiming("noLaterThan='100' reportErrors='true' returnTrip='60000'");
      await sent(application, wilma, fred, '<late />', timing);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
      receiver.answer(await receiver.delivery(fred));
      receiver.acknowledges = true;
      await expectNoReport(application, wilma, fred);
      expect(await names(receiver, fred, 1)).toEqual(['last']);
      expect(receiver.terminations).toEqual([]);
    }),
  );

  it(
    '[3342 §2.1 rule 2] [3342 §2.1.2] cannot be kept for a recipient who is not attached, not allowed or not known: a permanent failure for each',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      await join(fred);
      const application = await join(wilma);
      const recipients = [subaddress(fred, 'absent'), barney, `nobody.timing@${domain}`];
      const timing = dataTiming("noLaterThan='200' reportErrors='true'");
      await sent(application, wilma, [fred, ...recipients], '<hello />', timing);
      const reports = await reported(application, wilma, 3);
      expect(reports.map((report) => report.slice(0, -2))).toEqual(
        recipients.map((recipient) => `86 ${recipient} 5`).sort(),
      );
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3342 §2.1] [3342 §2] of 0 is never reported, with a returnTrip either, and one that is kept not without',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const attributes of [
        '',
        "noLaterThan='0' returnTrip='0' reportAfter='0' reportErrors='true'",
        "returnTrip='30000' reportErrors='true'",
        "noLaterThan='60000' reportAfter='60000' reportErrors='true'",
      ]) {
        await sent(application, wilma, fred, '<hello />', dataTiming(attributes));
      }
      await expectNoReport(application, wilma, fred);
      expect(await names(receiver, fred, 5)).toEqual(['hello', 'hello', 'hello', 'hello', 'last']);
    }),
  );

  it(
    '[3342 §2.1 rule 2] of data that is held, when it passes, drops and reports it',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const timing = (transID: number, more: string): string =>
        hold + dataTiming(`noLaterThan='150' ${more}`, transID);
      await sent(application, wilma, fred, '<lost />', timing(85, ''));
      await sent(
        application,
        wilma,
        fred,
        '<lost />',
        timing(86, "reportErrors='true' returnTrip='60000'") + statusRequest(87),
      );
      expect(await reported(application, wilma, 2)).toEqual([`86 ${fred} 550`, `87 ${fred} 550`]);
      await sent(application, wilma, fred, '<kept />', hold);
      const receiver = await join(fred);
      expect(await names(receiver, fred, 1)).toEqual(['kept']);
      await expectNoReport(application, wilma, fred);
    }),
  );
});

describe('returnTrip', () => {
  it(
    '[3342 §2.1 rule 3] brings the final hop report once the recipient has answered ok, not before',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      await sent(
        application,
        wilma,
        fred,
        '<hello />',
        dataTiming("noLaterThan='60000' returnTrip='30000' reportErrors='true'"),
      );
      const delivery = await receiver.delivery(fred);
      await expectNoReport(application, wilma, subaddress(fred, 'absent'), 550);
      receiver.answer(delivery);
      const report = await application.delivery(wilma);
      expect(attributesOf(report.control, 'reply')).toMatchObject({ code: '250' });
      expect(attributesOf(report.control, 'destination')).toEqual({ identity: fred });
      expect(attributesOf(report.control, 'dataTiming')).toEqual({ noLaterThan: '30000' });
    }),
  );

  it(
    '[3342 §2.1.1] brings none when the recipient answers an error, which is a timing error',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const timing = dataTiming("noLaterThan='300' returnTrip='30000' reportErrors='true'");
      await sent(application, wilma, fred, '<hello />', timing);
      receiver.answer(await receiver.delivery(fred), "<error code='550' />", 'ERR');
      expect((await reported(application, wilma))[0]).toMatch(/^86 .* 5\d\d$/);
    }),
  );

  it(
    '[3342 §2.1 rule 3] reports on each recipient, services among them, under one transID',
    scene(async ({ join, fred, wilma }) => {
      const desk = subaddress(fred, 'desk');
      await join(fred);
      await join(desk);
      const application = await join(wilma);
      const service = presenceOf(fred);
      const timing = dataTiming("noLaterThan='60000' returnTrip='30000'");
      await sent(application, wilma, [fred, desk, service], "<reply code='250' transID='1' />", timing);
      expect(await reported(application, wilma, 3)).toEqual(
        [fred, desk, service].map((recipient) => `86 ${recipient} 250`).sort(),
      );
    }),
  );
});

describe('reportAfter', () => {
  it(
    '[3342 §2.2] [3342 §2.2 rule 2] [3342 §2.2.1] reports the delay once, and the delivery goes on',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const timing = dataTiming("noLaterThan='60000' reportAfter='100' returnTrip='30000'");
      await sent(application, wilma, fred, '<hello />', timing);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 350`]);
      // As long as that once more, and longer.
      const absent = subaddress(fred, 'absent');
      await sent(
        application,
        wilma,
        absent,
        '<held />',
        hold + dataTiming("reportAfter='250' noLaterThan='5000'", 87),
      );
      expect(await reported(application, wilma)).toEqual([`87 ${absent} 350`]);
      receiver.answer(await receiver.delivery(fred));
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
    }),
  );

  it(
    '[3342 §2.2] [3342 §2.2 rule 2] reports on data that is held, which is delivered with what is left: 0',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const timing = dataTiming("noLaterThan='600000' reportAfter='100' returnTrip='30000'");
      await sent(application, wilma, fred, '<held />', hold + timing);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 350`]);
      const receiver = await join(fred);
      const { control } = await receiver.delivery(fred);
      expect(attributesOf(control, 'dataTiming')['reportAfter'] ?? '0').toBe('0');
      expect(attributesOf(control, 'dataTiming')['returnTrip']).toBe('30000');
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
    }),
  );

  it(
    '[3342 §2.2] longer than noLaterThan is never reported: that ends the wait before',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const absent = subaddress(fred, 'absent');
      const timing = dataTiming("noLaterThan='100' reportAfter='200' reportErrors='true'");
      await sent(application, wilma, fred, '<hello />', timing);
      await sent(application, wilma, absent, '<held />', hold + timing);
      expect(await reported(application, wilma, 2)).toEqual([`86 ${fred} 550`, `86 ${absent} 550`].sort());
      await sent(
        application,
        wilma,
        absent,
        '<held />',
        hold + dataTiming("reportAfter='250' noLaterThan='5000'", 87),
      );
      expect(await reported(application, wilma)).toEqual([`87 ${absent} 350`]);
    }),
  );

  it(
    '[3342 §2.2] shorter than noLaterThan is reported before the error is',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const timing = dataTiming("noLaterThan='1500' reportAfter='50' reportErrors='true'");
      await sent(application, wilma, fred, '<hello />', timing);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 350`]);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
    }),
  );
});

describe('dataTiming', () => {
  it(
    '[3342 §6] has numbers of milliseconds up to 2147483647 and a truth value; anything else is 501',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const widest = "noLaterThan='2147483647' returnTrip='0' reportAfter='2147483647' reportErrors='true'";
      await sent(application, wilma, fred, '<hello />', dataTiming(widest));
      for (const attributes of [
        "noLaterThan='2147483648'",
        "noLaterThan='-1'",
        "noLaterThan=''",
        "noLaterThan='1e3'",
        "returnTrip='0x10'",
        "reportAfter='1.5'",
        "reportErrors='yes'",
        "reportErrors='TRUE'",
        "colour='red'",
      ]) {
        const answer = await application.data(wilma, fred, '<lost />', dataTiming(attributes));
        expect(answer, attributes).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      const empty = "<option internal='dataTiming' targetHop='all' mustUnderstand='true' transID='86' />";
      expect((await application.data(wilma, fred, '<lost />', empty)).code).toBe(501);
      await application.data(wilma, fred, '<again />');
      expect(await names(receiver, fred, 2)).toEqual(['hello', 'again']);
    }),
  );

  it(
    '[C6] [3340 §5 rule 8] without a transID is not valid: 501',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const name of ['dataTiming', 'dataHopping']) {
        const option = `<option internal='${name}'><${name} reportErrors='true' /></option>`;
        expect((await application.data(wilma, fred, '<lost />', option)).code, name).toBe(501);
      }
      await application.data(wilma, fred, '<hello />');
      expect(await names(receiver, fred, 1)).toEqual(['hello']);
    }),
  );
});
