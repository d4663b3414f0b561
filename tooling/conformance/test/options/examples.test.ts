import { describe, expect, it } from 'vitest';
import type { Application } from '../../src/application.ts';
import { type Scene, scenes } from '../../src/scenes.ts';
import { override, unattached } from '../core/attaching.ts';
import { gif, referring, related, send } from '../core/related.ts';
import {
  attributesOf,
  dataHopping,
  dataTiming,
  example,
  hold,
  reportElement,
  reported,
  sent,
  statusRequest,
} from './reporting.ts';

const scene = scenes('examples');

/** The endpoints by the names that they have in the examples: fred sends, and barney lets him. */
function played(play: (s: Scene, fred: string, barney: string) => Promise<void>): () => Promise<void> {
  return scene((s) => play(s, s.wilma, s.fred));
}

const content = 'GIF89a\r\n\r\n of no size\r\n';

/** Sends the data of an example, whose content is the part beside it; returns the control document. */
async function sendExample(
  application: Application,
  from: string,
  to: string,
  options: string,
): Promise<string> {
  const control = referring('cid:1@example.com', from, to, options);
  const answer = await send(application, related(control, [gif(content, '1@example.com')]));
  expect(answer.name).toBe('ok');
  return control;
}

/** What barney gets is what fred sent. */
async function expectDelivered(application: Application, endpoint: string, control: string): Promise<void> {
  const delivery = await application.delivery(endpoint);
  expect(example(delivery.control)).toEqual(example(control));
  expect(delivery.content).toBe(content);
}

async function expectReport(application: Application, endpoint: string, expected: string): Promise<void> {
  expect(example((await application.delivery(endpoint)).control)).toEqual(example(expected));
}

describe('the examples of statusRequest', () => {
  it(
    '[3340 §5.1] [3340 §6.2] [3340 §6.2 rule 1] [3340 §6.2 rule 4] [3340 §6.2 rule 8] tell fred 250 when barney has the data',
    played(async ({ join }, fred, barney) => {
      const receiver = await join(barney);
      const application = await join(fred);
      await expectDelivered(
        receiver,
        barney,
        await sendExample(application, fred, barney, statusRequest(86)),
      );
      await expectReport(application, fred, reportElement(fred, barney, 250));
    }),
  );

  it(
    '[3340 §5.1] [3340 §6.2] [C11] tell fred 550 when barney is not attached',
    played(async ({ join }, fred, barney) => {
      const application = await join(fred);
      await sendExample(application, fred, barney, statusRequest(86));
      await expectReport(application, fred, reportElement(fred, barney, 550));
    }),
  );

  it(
    '[3340 §5.1] [3340 §6.2 rule 7] [C11] tell fred 550 when there is no such endpoint',
    played(async ({ join, domain }, fred) => {
      const application = await join(fred);
      const nobody = `nobody@${domain}`;
      await sendExample(application, fred, nobody, statusRequest(86));
      await expectReport(application, fred, reportElement(fred, nobody, 550));
    }),
  );
});

describe('the examples of dataTiming', () => {
  it(
    '[3342 §2.1.1] [3342 §2.1 rule 3] [3342 §2] the final hop report, with returnTrip as its own noLaterThan',
    played(async ({ join }, fred, barney) => {
      const receiver = await join(barney);
      const application = await join(fred);
      const timing = dataTiming("noLaterThan='10000' returnTrip='20000'");
      const control = await sendExample(application, fred, barney, timing);
      const delivered = await receiver.delivery(barney);
      const { noLaterThan, ...others } = attributesOf(delivered.control, 'dataTiming');
      expect(others).toMatchObject({ returnTrip: '20000' });
      expect(Number(noLaterThan)).toBeGreaterThan(0);
      expect(Number(noLaterThan)).toBeLessThanOrEqual(10_000);
      expect(example(delivered.control.replace(/(noLaterThan=.)\d+/, '$110000'))).toEqual(example(control));

      const report = (await application.delivery(fred)).control;
      const { transID } = attributesOf(report, 'option');
      expect(Number(transID)).toBeGreaterThan(0);
      expect(transID).not.toBe('86');
      expect(attributesOf(report, 'dataTiming')).toEqual({ noLaterThan: '20000' });
      const own = dataTiming("noLaterThan='20000'", Number(transID));
      // The options of a data element stand behind its recipients.
      expect(example(report)).toEqual(example(reportElement(fred, barney, 250, own)));
    }),
  );

  it(
    '[3342 §2.1.2] [3342 §2.1 rule 2] [3342 §2.1] the timing error report',
    played(async ({ join }, fred, barney) => {
      const receiver = await join(barney);
      receiver.acknowledges = false;
      const application = await join(fred);
      await sendExample(application, fred, barney, dataTiming("noLaterThan='200' reportErrors='true'"));
      await expectReport(application, fred, reportElement(fred, barney, 550));
    }),
  );

  it(
    '[3342 §2.2.1] [3342 §2.2 rule 2] [3342 §2.2] the transient timing report',
    played(async ({ join }, fred, barney) => {
      const receiver = await join(barney);
      receiver.acknowledges = false;
      const application = await join(fred);
      const control = await sendExample(application, fred, barney, dataTiming("reportAfter='200'"));
      await expectDelivered(receiver, barney, control);
      await expectReport(application, fred, reportElement(fred, barney, 350));
    }),
  );
});

it(
  '[3342 §3] [C6] the example of hold4Endpoint, whose noLaterThan is what is left of it',
  played(async (s, fred, barney) => {
    const application = await s.join(fred);
    const timing = dataTiming("noLaterThan='60000'");
    const control = await sendExample(application, fred, barney, hold + timing);
    // Some time later, as the relay measures it.
    await sent(application, fred, barney, '<later />', hold + dataTiming("reportAfter='100'", 87));
    expect(await reported(application, fred)).toEqual([`87 ${barney} 350`]);

    const receiver = await unattached(s, barney);
    expect((await receiver.attach(barney, 2, override)).name).toBe('ok');
    const delivered = await receiver.delivery(barney);
    const { noLaterThan } = attributesOf(delivered.control, 'dataTiming');
    expect(Number(noLaterThan)).toBeGreaterThan(0);
    expect(Number(noLaterThan)).toBeLessThan(60_000 - 90);
    expect(example(delivered.control.replace(/(noLaterThan=.)\d+/, '$160000'))).toEqual(example(control));
    expect(delivered.content).toBe(content);
    expect((await receiver.next(barney)).name).toBe('later');
  }),
);

it(
  '[3342 §4] [3342 §4 rule 1] the report of the example of dataHopping, at a relay that would have to send the data on',
  played(async ({ join }, fred) => {
    const application = await join(fred);
    const elsewhere = 'barney@elsewhere.invalid';
    await sendExample(application, fred, elsewhere, dataHopping("noMoreThan='1' reportErrors='true'"));
    await expectReport(application, fred, reportElement(fred, elsewhere, 550));
  }),
);
