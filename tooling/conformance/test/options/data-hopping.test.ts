import { describe, expect, it } from 'vitest';
import { presenceOf } from '../../src/application.ts';
import { scenes } from '../../src/scenes.ts';
import { attributesOf, dataHopping, expectNoReport, names, reported, sent } from './reporting.ts';

const scene = scenes('hopping');

const elsewhere = 'barney@elsewhere.invalid';

describe('dataHopping', () => {
  it(
    '[3342 §4] [3342 §4 rule 1] is not counted by a relay that delivers, which passes it on as it came',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const noMoreThan of ['0', '1', '2', '255']) {
        const option = dataHopping(`noMoreThan='${noMoreThan}' reportErrors='true'`);
        await sent(application, wilma, [fred, presenceOf(fred)], "<reply code='250' transID='1' />", option);
        const { control } = await receiver.delivery(fred);
        const { noMoreThan: passed = '0', reportErrors } = attributesOf(control, 'dataHopping');
        expect([passed, reportErrors]).toEqual([noMoreThan, 'true']);
      }
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3342 §4 rule 1] that is used up is reported if errors are to be, and not otherwise',
    scene(async ({ join, fred, wilma }) => {
      await join(fred);
      const application = await join(wilma);
      for (const [transID, attributes] of [
        [80, "noMoreThan='1'"],
        [81, "noMoreThan='1' reportErrors='false'"],
        [82, "noMoreThan='1' reportErrors='true'"],
      ] as const) {
        await sent(application, wilma, elsewhere, '<hello />', dataHopping(attributes, transID));
      }
      expect(await reported(application, wilma)).toEqual([`82 ${elsewhere} 550`]);
      await expectNoReport(application, wilma, fred);
    }),
  );

  it(
    '[3342 §4 rule 1] is used up for the recipients elsewhere, while those of the domain get the data',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const option = dataHopping("noMoreThan='1' reportErrors='true'");
      await sent(application, wilma, [elsewhere, fred, `wilma@${elsewhere.slice(7)}`], '<hello />', option);
      expect(await reported(application, wilma, 2)).toEqual([
        `86 ${elsewhere} 550`,
        `86 wilma@${elsewhere.slice(7)} 550`,
      ]);
      expect(await names(receiver, fred, 1)).toEqual(['hello']);
    }),
  );

  it(
    '[3342 §6] has a number of hops up to 255 and a truth value; anything else is 501',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const attributes of [
        "noMoreThan='256'",
        "noMoreThan='-1'",
        "noMoreThan=''",
        "noMoreThan='one'",
        "reportErrors='1'",
        "hops='1'",
      ]) {
        const answer = await application.data(wilma, fred, '<lost />', dataHopping(attributes));
        expect(answer, attributes).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      await application.data(wilma, fred, '<hello />');
      expect(await names(receiver, fred, 1)).toEqual(['hello']);
    }),
  );
});
