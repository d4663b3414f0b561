import { describe, expect, it } from 'vitest';
import { scenes, subaddress } from '../../src/scenes.ts';
import { override, unattached } from '../core/attaching.ts';
import { expectNothing } from '../presence/playing.ts';
import { dataTiming, expectNoReport, reported, sent, statusRequest } from './reporting.ts';

const scene = scenes('reports');

const response = (identity: string): string =>
  `<statusResponse transID='86'><destination identity='${identity}'><reply code='250' transID='86' /></destination></statusResponse>`;

describe('the report service', () => {
  it(
    '[C2] [C11] [3340 §4.4.4.1 step 1] is nobody else: data in its name is refused with 537',
    scene(async ({ join, fred, wilma, domain }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const originator of [
        `apex=report@${domain}`,
        `APEX=Report@${domain}`,
        `apex=report@${domain.toUpperCase()}`,
        `apex=report@elsewhere.invalid`,
        `apex=report/x@${domain}`,
      ]) {
        const answer = await application.data(originator, fred, response(wilma), statusRequest(86));
        expect(answer, originator).toMatchObject({ keyword: 'ERR', code: 537 });
      }
      await application.data(wilma, fred, '<hello />');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );

  it(
    '[3340 §6.2 rule 3] [C17] has nothing to say to who starts an exchange with it',
    scene(async ({ join, wilma, domain }) => {
      const application = await join(wilma);
      const service = `apex=report@${domain}`;
      for (const content of [response(wilma), "<reply code='250' transID='1' />", '<hello />', '']) {
        expect((await application.data(wilma, service, content)).name).toBe('ok');
      }
      await expectNothing(application, wilma);
    }),
  );

  it(
    '[C17] [C11] speaks to services as little as they to it: a statusResponse is dropped, and its status not told',
    scene(async ({ join, wilma, domain }) => {
      const application = await join(wilma);
      for (const service of ['report', 'presence', 'access']) {
        await sent(application, wilma, `apex=${service}@${domain}`, response(wilma), statusRequest(86));
      }
      await expectNothing(application, wilma);
    }),
  );
});

describe('a report', () => {
  it(
    '[C11] [3340 §6.2] that is answered with an error causes no report',
    scene(async ({ join, fred, wilma }) => {
      await join(fred);
      const application = await join(wilma);
      application.acknowledges = false;
      const options = statusRequest(86) + dataTiming("noLaterThan='60000' returnTrip='60000'", 87);
      await sent(application, wilma, fred, '<hello />', options);
      const reports = [await application.delivery(wilma), await application.delivery(wilma)];
      for (const report of reports) application.answer(report, "<error code='550' />", 'ERR');
      application.acknowledges = true;
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3342 §2.1.1] [C11] whose returnTrip passes without an answer causes no report',
    scene(async ({ join, fred, wilma }) => {
      await join(fred);
      const application = await join(wilma);
      application.acknowledges = false;
      const desk = await join(subaddress(wilma, 'desk'));
      const originator = subaddress(wilma, 'desk');
      await sent(application, wilma, fred, '<hello />', dataTiming("noLaterThan='60000' returnTrip='50'"));
      const report = await application.delivery(wilma);
      // When that is reported, the returnTrip has passed.
      await sent(
        desk,
        originator,
        wilma,
        '<unanswered />',
        dataTiming("noLaterThan='150' reportErrors='true'", 87),
      );
      expect(await reported(desk, originator)).toEqual([`87 ${wilma} 550`]);
      for (const delivery of [report, await application.delivery(wilma)]) application.answer(delivery);
      application.acknowledges = true;
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3340 §5.1] to an originator who is gone is dropped',
    scene(async (s) => {
      const { join, fred, wilma } = s;
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      await sent(application, wilma, fred, '<hello />', statusRequest(86));
      const delivery = await receiver.delivery(fred);
      expect((await application.terminate(0)).name).toBe('ok');
      receiver.answer(delivery);
      // The relay has read the answer when it has read what stands behind it.
      expect((await receiver.data(fred, subaddress(fred, 'absent'), '<behind />')).name).toBe('ok');
      expect((await application.attach(wilma)).name).toBe('ok');
      receiver.acknowledges = true;
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3342 §1] [3340 §5.1] goes to who has taken the place of the application that asked',
    scene(async (s) => {
      const receiver = await s.join(s.fred);
      receiver.acknowledges = false;
      const earlier = await s.join(s.wilma);
      await sent(earlier, s.wilma, s.fred, '<hello />', statusRequest(86));
      const delivery = await receiver.delivery(s.fred);
      const later = await unattached(s, s.wilma);
      expect((await later.attach(s.wilma, 7, override)).name).toBe('ok');
      receiver.answer(delivery);
      expect(await reported(later, s.wilma)).toEqual([`86 ${s.fred} 250`]);
      expect(earlier.waiting(s.wilma)).toEqual([]);
    }),
  );

  it(
    '[3340 §6.2 rule 1] [3340 §5.1] needs no access entry of the originator that it is for',
    scene(async ({ join, fred, barney }) => {
      // Nobody but barney himself may send him data.
      const application = await join(barney);
      await sent(application, barney, fred, '<hello />', statusRequest(86));
      expect(await reported(application, barney)).toEqual([`86 ${fred} 537`]);
    }),
  );
});
