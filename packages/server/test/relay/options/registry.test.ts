import { MessageError } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import type { RelayOption } from '../../../src/relay/options/option.ts';
import { fred, reports, statusRequest, twoAttached, wilma } from './reporting.ts';

const AUDIT = 'http://example.com/audit';

/** An option of somebody's own: what becomes of data is written down. */
function audit(lines: string[]): RelayOption {
  return {
    name: { external: AUDIT },
    contexts: ['data'],
    read(option) {
      if (option.content === '') throw new MessageError('element.content', 501, 'audit: says nothing');
      return ({ originator, recipient }) => ({
        settled: (outcome) =>
          void lines.push(`${option.content}: ${originator} ${recipient} ${outcome?.replyCode ?? 250}`),
        goesOn: (going) => ({ ...going, content: `${going.content}+` }),
      });
    },
  };
}

function auditOption(content: string, more = ''): string {
  return `<option external='${AUDIT}' targetHop='all' mustUnderstand='true' ${more}>${content}</option>`;
}

describe('options of ones own', () => {
  it('[3340 §5] [3340 §5 rule 5] are told of what becomes of data for each recipient', () => {
    const lines: string[] = [];
    const { stage, fredAt, wilmaAt } = twoAttached({}, { options: [audit(lines)] });
    expect(stage.send(fredAt, fred, [wilma, 'betty@example.com'], auditOption('a')).given).toEqual(['ok']);
    wilmaAt.link.sent[0]?.acknowledge();
    expect(lines).toEqual([`a: ${fred} betty@example.com 550`, `a: ${fred} ${wilma} 250`]);
  });

  it('are refused as any other for content that is not valid, and where they may not stand', () => {
    const { stage, fredAt } = twoAttached({}, { options: [audit([])] });
    expect(stage.send(fredAt, fred, [wilma], auditOption('')).given).toEqual([501]);
    const one = `<recipient identity='${wilma}'>${auditOption('a')}</recipient>`;
    stage.send(fredAt, fred, [one], statusRequest(1));
    expect(reports(stage)).toEqual([`${fred} 1 ${wilma} 504`]);
  });

  it('may be rewritten on their way to another relay', () => {
    const { stage, fredAt } = twoAttached({}, { options: [audit([])] });
    stage.send(fredAt, fred, ['barney@rubble.com'], auditOption('a'));
    expect(stage.forwarded[0]?.text).toContain('>a+</option>');
  });

  it('[C5] without being registered are refused with 504', () => {
    const { stage, fredAt } = twoAttached();
    expect(stage.send(fredAt, fred, [wilma], auditOption('a')).given).toEqual([504]);
  });

  it('take the place of those with their name', () => {
    const mine: RelayOption = { name: { internal: 'statusRequest' }, contexts: ['data'] };
    const { stage, fredAt } = twoAttached({}, { options: [mine] });
    expect(stage.send(fredAt, fred, ['betty@example.com'], statusRequest(1)).given).toEqual(['ok']);
    expect(reports(stage)).toEqual([]);
  });
});
