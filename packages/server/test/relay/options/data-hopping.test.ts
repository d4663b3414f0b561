import { describe, expect, it } from 'vitest';
import { dataHopping, fred, reports, twoAttached, wilma } from './reporting.ts';

const far = 'barney@rubble.com';

describe('dataHopping', () => {
  it('[3342 §4 rule 1] [3342 §4] goes on to another relay with one relay less', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, [far], dataHopping(86, "noMoreThan='2' reportErrors='true'"));
    expect(stage.forwarded[0]?.domain).toBe('rubble.com');
    expect(stage.forwarded[0]?.text).toContain("<dataHopping noMoreThan='1' reportErrors='true' />");
    expect(reports(stage)).toEqual([]);
  });

  it('[3342 §4 rule 1] [3342 §4] drops the data when no relay is left, and reports that if errors are to be', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, [far], dataHopping(86, "noMoreThan='1' reportErrors='true'"));
    stage.send(fredAt, fred, [far], dataHopping(87, "noMoreThan='1'"));
    expect(stage.forwarded).toEqual([]);
    expect(reports(stage)).toEqual([`${fred} 86 ${far} 550`]);
  });

  it('[3342 §4] reports no other failure', () => {
    const { stage, fredAt } = twoAttached({}, { mesh: undefined });
    stage.send(fredAt, fred, [far], dataHopping(86, "noMoreThan='2' reportErrors='true'"));
    expect(reports(stage)).toEqual([]);
  });

  it('[C15] is added with 16 to data for another domain that has none, and takes the place of 0', () => {
    const { stage, fredAt } = twoAttached();
    stage.send(fredAt, fred, [far]);
    stage.send(fredAt, fred, [far], dataHopping(5, "noMoreThan='0' reportErrors='true'"));
    const option = (transID: string) =>
      `<option internal='dataHopping' targetHop='all' mustUnderstand='true' transID='${transID}'>`;
    expect(stage.forwarded[0]?.text).toMatch(
      new RegExp(`${option('\\d+')}<dataHopping noMoreThan='16' /></option>`),
    );
    expect(stage.forwarded[1]?.text).toContain(
      `${option('5')}<dataHopping noMoreThan='16' reportErrors='true' />`,
    );
    expect(stage.forwarded[1]?.text.match(/<dataHopping/g)).toHaveLength(1);
  });

  it('[3340 §5 rule 15] stays as it is on the way to a recipient of the own domain', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    const option = dataHopping(86, "noMoreThan='1' reportErrors='true'");
    stage.send(fredAt, fred, [wilma], option);
    expect(wilmaAt.link.sent[0]?.text).toContain(option);
  });
});
