import { ReplyError, SessionLostError } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import { Stage } from '../stage.ts';
import { barney, fred, reports, statusRequest, twoAttached, wilma } from './reporting.ts';

describe('statusRequest', () => {
  it('[3340 §5.1] [3340 §6.2 rule 4] [3340 §6.2 rule 5] reports 250 once the recipient has answered ok, and not before', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    expect(stage.send(fredAt, fred, [wilma], statusRequest(86)).given).toEqual(['ok']);
    expect(reports(stage)).toEqual([]);
    wilmaAt.link.sent[0]?.acknowledge();
    expect(reports(stage)).toEqual([`${fred} 86 ${wilma} 250`]);
  });

  it.each([
    ['unknown', 550],
    ['denied', 537],
    ['failed', 451],
  ] as const)(
    '[C11] reports a recipient that is %s, before anybody asks whether it is attached',
    (verdict, code) => {
      const { stage, fredAt } = twoAttached();
      stage.verdicts.set(`${barney} ${fred} core:data`, verdict);
      stage.send(fredAt, fred, [barney], statusRequest(86));
      expect(reports(stage)).toEqual([`${fred} 86 ${barney} ${code}`]);
    },
  );

  it('[C11] reports 550 for a recipient that is not attached', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, [barney], statusRequest(86));
    expect(reports(stage)).toEqual([`${fred} 86 ${barney} 550`]);
    expect(stage.reported[0]?.destination.text).toContain('not attached');
  });

  it.each([
    [new ReplyError(450, 'busy'), 450],
    [new SessionLostError('gone'), 550],
  ])('reports what the recipient made of it: %s', (failure, code) => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(fredAt, fred, [wilma], statusRequest(86));
    wilmaAt.link.sent[0]?.acknowledge(failure);
    expect(reports(stage)).toEqual([`${fred} 86 ${wilma} ${code}`]);
  });

  it('reports each recipient of the data, as each is settled', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.send(fredAt, fred, [wilma, barney, 'apex=presence@example.com'], statusRequest(7));
    expect(reports(stage)).toEqual([`${fred} 7 ${barney} 550`, `${fred} 7 apex=presence@example.com 250`]);
    wilmaAt.link.sent[0]?.acknowledge();
    expect(reports(stage).at(-1)).toBe(`${fred} 7 ${wilma} 250`);
  });

  it('[3340 §8.4] may be about one recipient alone', () => {
    const { stage, fredAt } = twoAttached();
    const one = `<recipient identity='${barney}'>${statusRequest(5)}</recipient>`;
    stage.send(fredAt, fred, [one, 'betty@example.com']);
    expect(reports(stage)).toEqual([`${fred} 5 ${barney} 550`]);
  });

  it('[3340 §5 rule 14] [3340 §5.1 rule 2] reports of other domains are left to the final hop, unless all hops are asked', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, ['barney@rubble.com'], statusRequest(1, 'final'));
    stage.send(fredAt, fred, ['barney@rubble.com'], statusRequest(2, 'all'));
    stage.send(fredAt, fred, ['barney@rubble.com'], statusRequest(3, 'this'));
    for (const { acknowledge } of stage.forwarded) acknowledge();
    expect(reports(stage)).toEqual([`${fred} 2 barney@rubble.com 250`, `${fred} 3 barney@rubble.com 250`]);
  });

  it('[3340 §5 rule 12] for this relay only does not go on to the next', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, ['barney@rubble.com'], statusRequest(3, 'this') + statusRequest(4, 'all'));
    expect(stage.forwarded[0]?.text).not.toContain("transID='3'");
    expect(stage.forwarded[0]?.text).toContain("transID='4'");
  });

  it('[C11] [3340 §5.1 rule 1] is ignored beside a statusResponse', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    const status =
      "<statusResponse transID='1'><destination identity='a@example.com'><reply code='250' /></destination></statusResponse>";
    stage.send(fredAt, fred, [wilma], statusRequest(86), status);
    wilmaAt.link.sent[0]?.acknowledge();
    expect(reports(stage)).toEqual([]);
  });

  it('[C11] causes no report on data of a report service', () => {
    const stage = new Stage();
    const { channel } = stage.channel(stage.session('rubble.com'));
    channel.operations.set(1, { kind: 'binding', domain: 'rubble.com', transID: 1 });
    const given = stage.send({ channel }, 'apex=report@rubble.com', [wilma], statusRequest(86)).given;
    expect(given).toEqual(['ok']);
    expect(reports(stage)).toEqual([]);
  });

  it('[C5] reports 504 for a recipient that is left out for an option', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    const mystery = "<option internal='mystery' mustUnderstand='true' transID='9' />";
    stage.send(fredAt, fred, [`<recipient identity='${wilma}'>${mystery}</recipient>`], statusRequest(1));
    stage.send(fredAt, fred, [wilma], mystery + statusRequest(2));
    expect(wilmaAt.link.sent).toEqual([]);
    expect(reports(stage)).toEqual([`${fred} 1 ${wilma} 504`, `${fred} 2 ${wilma} 504`]);
  });

  it('[3340 §8.4] that is not empty makes the data invalid: 501, or that recipient is left out', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    const full = "<option internal='statusRequest' transID='1'><what /></option>";
    expect(stage.send(fredAt, fred, [wilma], full).given).toEqual([501]);
    const one = `<recipient identity='${wilma}'>${full}</recipient>`;
    expect(stage.send(fredAt, fred, [one], statusRequest(2)).given).toEqual(['ok']);
    expect(wilmaAt.link.sent).toEqual([]);
    expect(reports(stage)).toEqual([`${fred} 2 ${wilma} 501`]);
  });

  it('[3340 §11 rule 1] can be switched off', () => {
    const { stage, fredAt } = twoAttached({}, { disabledOptions: ['statusRequest'] });
    expect(stage.send(fredAt, fred, [wilma], statusRequest(1, 'all')).given).toEqual([504]);
    expect(
      stage.send(fredAt, fred, [barney], "<option internal='statusRequest' transID='1' />").given,
    ).toEqual(['ok']);
    expect(reports(stage)).toEqual([]);
  });
});
