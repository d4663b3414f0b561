import { findOption, parseDataMessage } from '@apex/protocol';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../stage.ts';
import { barney, dataTiming, fred, reports, twoAttached, wilma } from './reporting.ts';

const HOLD = "<option internal='hold4Endpoint' />";
const far = 'barney@rubble.com';

describe('dataTiming', () => {
  it('[3342 §2.1] [3342 §2.1 rule 2] [3342 §2.1.2] reports a failure when the recipient does not answer in time', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(fredAt, fred, [wilma], dataTiming(86, "noLaterThan='6000' reportErrors='true'"));
    stage.clock.advance(5999);
    expect(reports(stage)).toEqual([]);
    stage.clock.advance(1);
    expect(reports(stage)).toEqual([`${fred} 86 ${wilma} 550`]);
    // What comes too late changes nothing.
    wilmaAt.link.sent[0]?.acknowledge();
    expect(reports(stage)).toHaveLength(1);
  });

  it('[3342 §2.1 rule 2] says nothing of it when errors are not to be reported', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, [wilma], dataTiming(86, "noLaterThan='6000'"));
    stage.clock.advance(10_000);
    expect(reports(stage)).toEqual([]);
  });

  it('[3342 §2.1.2] reports at once what cannot be delivered in time any more, as a permanent failure', () => {
    const { stage, fredAt } = twoAttached();
    stage.verdicts.set('betty@example.com fred@example.com core:data', 'failed');
    stage.send(
      fredAt,
      fred,
      [barney, 'betty@example.com'],
      dataTiming(86, "noLaterThan='6000' reportErrors='true'"),
    );
    expect(reports(stage)).toEqual([`${fred} 86 ${barney} 550`, `${fred} 86 betty@example.com 550`]);
  });

  it('[3342 §2.1 rule 3] [3342 §2.1.1] reports a delivery in time, with the returnTrip as the time of the report', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(
      fredAt,
      fred,
      [wilma],
      dataTiming(86, "noLaterThan='10000' returnTrip='20000' reportErrors='true'"),
    );
    stage.clock.advance(9999);
    wilmaAt.link.sent[0]?.acknowledge();
    expect(reports(stage)).toEqual([`${fred} 86 ${wilma} 250`]);
    expect(stage.reported[0]?.options).toMatchObject([
      {
        internal: 'dataTiming',
        targetHop: 'all',
        mustUnderstand: true,
        content: "<dataTiming noLaterThan='20000' />",
      },
    ]);
    stage.clock.advance(10_000);
    expect(reports(stage)).toHaveLength(1);
  });

  it('[3342 §2.1 rule 3] reports no delivery without a bound, and none without a returnTrip', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(fredAt, fred, [wilma], dataTiming(1, "returnTrip='20000'"));
    stage.send(fredAt, fred, [wilma], dataTiming(2, "noLaterThan='20000'"));
    for (const { acknowledge } of wilmaAt.link.sent) acknowledge();
    expect(reports(stage)).toEqual([]);
  });

  it('[3342 §2.2] [3342 §2.2 rule 2] [3342 §2.2.1] reports a delay once, and leaves the delivery alone', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(fredAt, fred, [wilma], dataTiming(86, "reportAfter='60000'"));
    stage.clock.advance(59_999);
    expect(reports(stage)).toEqual([]);
    stage.clock.advance(1);
    expect(reports(stage)).toEqual([`${fred} 86 ${wilma} 350`]);
    stage.clock.advance(600_000);
    wilmaAt.link.sent[0]?.acknowledge();
    expect(reports(stage)).toHaveLength(1);
    expect(stage.relay.counters.delivered).toBe(1);
  });

  it('[3342 §2.2] reports no delay that noLaterThan ends first, and none after an answer in time', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(fredAt, fred, [wilma], dataTiming(1, "noLaterThan='5000' reportAfter='5000'"));
    stage.send(fredAt, fred, [wilma], dataTiming(2, "reportAfter='5000'"));
    wilmaAt.link.sent[1]?.acknowledge();
    stage.clock.advance(10_000);
    expect(reports(stage)).toEqual([]);
  });

  it('[3342 §2.1 rule 1] [3342 §2.2 rule 1] goes on to another relay with what is left of its times', () => {
    const { stage, fredAt } = twoAttached();
    const timing = timed(stage, () => {
      stage.send(fredAt, fred, [far], dataTiming(86, "noLaterThan='6000' reportAfter='5000' returnTrip='9'"));
    });
    expect(timing).toBe("<dataTiming noLaterThan='6000' returnTrip='9' reportAfter='5000' />");
  });

  it('[3342 §2.1 rule 2] bounds the answer of the next relay, and leaves the final hop report to the last', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, [far], dataTiming(1, "noLaterThan='6000' reportErrors='true'"));
    stage.send(fredAt, fred, [far], dataTiming(2, "noLaterThan='6000' returnTrip='9' reportErrors='true'"));
    stage.forwarded[1]?.acknowledge();
    stage.clock.advance(6000);
    expect(reports(stage)).toEqual([`${fred} 1 ${far} 550`]);
  });

  it('[3342 §3] lets data be held no longer, and is lowered when that is delivered', async () => {
    const { stage, fredAt } = twoAttached();
    const option = HOLD + dataTiming(86, "noLaterThan='60000' reportAfter='10000' reportErrors='true'");
    const answers = stage.send(fredAt, fred, [barney], option);
    await answers.settled;
    expect(answers.given).toEqual(['ok']);
    stage.clock.advance(42_000);
    expect(reports(stage)).toEqual([`${fred} 86 ${barney} 350`]);
    const timing = await held(stage);
    expect(timing).toBe("<dataTiming noLaterThan='18000' reportErrors='true' />");
    stage.clock.advance(18_000);
    expect(reports(stage).at(-1)).toBe(`${fred} 86 ${barney} 550`);
  });

  it('[3342 §6] [3342 §2] that is not valid makes the data invalid: 501', () => {
    const { stage, fredAt } = twoAttached();
    const wrong = [
      dataTiming(1, "noLaterThan='-1'"),
      dataTiming(1, "noLaterThan='2147483648'"),
      dataTiming(1, "other='1'"),
      "<option internal='dataTiming' transID='1' />",
      "<option internal='dataTiming' transID='1'><dataHopping /></option>",
      "<option internal='dataTiming' transID='1'><dataTiming /><dataTiming /></option>",
    ];
    for (const option of wrong) expect(stage.send(fredAt, fred, [wilma], option).given).toEqual([501]);
  });

  it('[3342 §7 rule 1] can be switched off', () => {
    const { stage, fredAt } = twoAttached({}, { disabledOptions: ['dataTiming'] });
    expect(stage.send(fredAt, fred, [wilma], dataTiming(1, "noLaterThan='1'")).given).toEqual([504]);
  });
});

/** The content of the dataTiming that went on to another relay. */
function timed(stage: Stage, send: () => void): string | undefined {
  send();
  return timingIn(stage.forwarded.at(-1)?.text);
}

/** The content of the dataTiming that barney gets when he attaches. */
async function held(stage: Stage): Promise<string | undefined> {
  const at = stage.attached(barney);
  await stage.until(() => at.link.sent.length > 0);
  return timingIn(at.link.sent[0]?.text);
}

function timingIn(text: string | undefined): string | undefined {
  const message = parseDataMessage(new TextEncoder().encode(text));
  return findOption(message.data.options, 'dataTiming')?.content;
}
