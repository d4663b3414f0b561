import { describe, expect, it } from 'vitest';
import { attach } from '../../src/relay/attach.ts';
import { Stage } from './stage.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const presence = 'apex=presence@example.com';

/** Fred and wilma, each attached on a session of their own. */
function twoAttached(limits = {}, options = {}) {
  const stage = new Stage(limits, options);
  return { stage, fredAt: stage.attached(fred), wilmaAt: stage.attached(wilma) };
}

function send(stage: Stage, ...of: Parameters<Stage['send']>) {
  return stage.send(...of).given;
}

describe('data', () => {
  it('[3340 §4.4.4.1 step 3] [3340 §4.4.4.1 step 5.3] answers ok, then delivers to the attached recipient', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    expect(send(stage, fredAt, fred, [wilma])).toEqual(['ok']);
    expect(wilmaAt.link.sent).toHaveLength(1);
    expect(wilmaAt.link.sent[0]!.text).toContain(`<recipient identity='${wilma}' />`);
  });

  it('[3340 §4.4.4.1] [3340 §4.4.4.1 step 5] [3340 §4.4.4.1 step 5.3] gives each recipient an element of its own', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    send(stage, fredAt, fred, [wilma, fred]);
    expect(wilmaAt.link.sent[0]!.text).not.toContain(`<recipient identity='${fred}'`);
    expect(fredAt.link.sent[0]!.text).not.toContain(`<recipient identity='${wilma}'`);
  });

  it('[C9] never changes the content', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    send(stage, fredAt, fred, [wilma]);
    expect(wilmaAt.link.sent[0]!.text).toContain('<hello  a="1"/>');
  });

  it.each([wilma, 'fred/x@example.com', 'fred@rubble.com', presence])(
    '[3340 §4.4.4.1 step 1] [C2] refuses the originator %s, as which the session is not attached, with 537',
    (originator) => {
      const { stage, fredAt, wilmaAt } = twoAttached();
      expect(send(stage, fredAt, originator, [wilma])).toEqual([537]);
      expect(wilmaAt.link.sent).toEqual([]);
    },
  );

  it('[3340 §4.5.1 rule 2] [C2] takes any endpoint that is attached on another channel of the session', () => {
    const { stage, fredAt } = twoAttached();
    const other = stage.channel(fredAt.channel.session);
    expect(send(stage, other, fred, [wilma])).toEqual(['ok']);
  });

  it('[3340 §4.4.4.1 step 2] [C5] refuses per-data options that must be understood with 504 and delivers nothing', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    const options = "<option internal='mystery' targetHop='all' mustUnderstand='true' transID='9' />";
    expect(send(stage, fredAt, fred, [wilma], options)).toEqual([504]);
    expect(wilmaAt.link.sent).toEqual([]);
  });

  it('[3340 §4.4.4.1 step 5.1] [3340 §5 rule 13] [C5] judges a per-data option for the final hop at each local recipient', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    const options = "<option internal='mystery' targetHop='final' mustUnderstand='true' transID='9' />";
    expect(send(stage, fredAt, fred, [wilma], options)).toEqual(['ok']);
    expect(wilmaAt.link.sent).toEqual([]);
  });

  it('[3340 §5] [3340 §5 rule 15] passes an option on that need not be understood', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    send(stage, fredAt, fred, [wilma], "<option internal='mystery' transID='9' />");
    expect(wilmaAt.link.sent[0]!.text).toContain("internal='mystery'");
  });

  it.each(['denied', 'unknown', 'failed'] as const)(
    '[3340 §4.4.4.1 step 5.3] [3340 §4.5.1 rule 3] [C4] delivers nothing when the access check says %s, after ok',
    (verdict) => {
      const { stage, fredAt, wilmaAt } = twoAttached();
      stage.verdicts.set(`${wilma} ${fred} core:data`, verdict);
      expect(send(stage, fredAt, fred, [wilma])).toEqual(['ok']);
      expect(wilmaAt.link.sent).toEqual([]);
      expect(stage.relay.counters.undelivered).toBe(1);
    },
  );

  it('[C3] delivers to the exact recipient, without falling back from a subaddress', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    send(stage, fredAt, fred, ['wilma/appl=im@example.com']);
    expect(wilmaAt.link.sent).toEqual([]);
  });

  it('[3340 §4.4.4.1 step 5.2] drops data for a domain to which no relay leads', () => {
    const { stage, fredAt } = twoAttached({}, { mesh: undefined });
    expect(send(stage, fredAt, fred, ['barney@rubble.com'])).toEqual(['ok']);
    expect(stage.relay.counters.undelivered).toBe(1);
  });

  it('[C7] gives data for a service to the service, when its entries allow', () => {
    const { stage, fredAt } = twoAttached();
    send(stage, fredAt, fred, [presence]);
    expect(stage.served).toHaveLength(1);
    expect(stage.served[0]).toMatchObject({ originator: fred, recipient: presence });
    stage.verdicts.set(`${presence} ${fred} core:data`, 'denied');
    send(stage, fredAt, fred, [presence]);
    expect(stage.served).toHaveLength(1);
  });

  it('keeps the order of data to one recipient while its entries are read', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    stage.held = [];
    send(stage, fredAt, fred, [wilma], "<option internal='first' />");
    send(stage, fredAt, fred, [wilma], "<option internal='second' />");
    for (const decide of stage.held) decide();
    expect(wilmaAt.link.sent.map(({ text }) => /internal='(\w+)'/.exec(text)?.[1])).toEqual([
      'first',
      'second',
    ]);
  });
});

describe('delivery', () => {
  it('[C13] detaches an endpoint that does not answer in time with 451, then ends its session', () => {
    const { stage, fredAt, wilmaAt } = twoAttached({ deliveryMs: 1000 });
    send(stage, fredAt, fred, [wilma]);
    stage.clock.now = 1000;
    stage.relay.tick();
    expect(stage.relay.attachments.find(wilma)).toBeDefined();
    stage.clock.now = 1001;
    stage.relay.tick();
    expect(stage.relay.attachments.find(wilma)).toBeUndefined();
    expect(wilmaAt.link.terminated).toEqual([{ transID: 1, code: 451 }]);
    stage.relay.tick();
    expect(wilmaAt.link.aborted).toBeDefined();
    expect(fredAt.link.aborted).toBeUndefined();
  });

  it('[C13] measures each delivery, not the pauses between acknowledgements', () => {
    const { stage, fredAt, wilmaAt } = twoAttached({ deliveryMs: 1000 });
    send(stage, fredAt, fred, [wilma]);
    stage.clock.now = 600;
    send(stage, fredAt, fred, [wilma]);
    wilmaAt.link.sent[0]!.acknowledge();
    stage.clock.now = 1500;
    stage.relay.tick();
    expect(wilmaAt.link.terminated).toEqual([]);
    stage.clock.now = 1601;
    stage.relay.tick();
    expect(wilmaAt.link.terminated).toEqual([{ transID: 1, code: 451 }]);
  });

  it('[C13] detaches an endpoint behind whose channel too many octets wait', () => {
    const { stage, fredAt, wilmaAt } = twoAttached({ unsentOctets: 10 });
    wilmaAt.link.unsentOctets = 11;
    send(stage, fredAt, fred, [wilma]);
    expect(wilmaAt.link.terminated).toEqual([{ transID: 1, code: 451 }]);
    expect(wilmaAt.link.sent).toEqual([]);
  });

  it('[C13] detaches an endpoint that reads, and owes too many answers', () => {
    const { stage, fredAt, wilmaAt } = twoAttached({ unsentOctets: 600 });
    for (let count = 0; count < 2; count += 1) send(stage, fredAt, fred, [wilma]);
    wilmaAt.link.sent[0]!.acknowledge();
    send(stage, fredAt, fred, [wilma]);
    expect(wilmaAt.link.terminated).toEqual([]);
    send(stage, fredAt, fred, [wilma]);
    expect(wilmaAt.link.terminated).toEqual([{ transID: 1, code: 451 }]);
    expect(wilmaAt.link.sent).toHaveLength(3);
  });

  it('counts what was delivered and what was refused by the recipient', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    send(stage, fredAt, fred, [wilma]);
    send(stage, fredAt, fred, [wilma]);
    wilmaAt.link.sent[0]!.acknowledge();
    wilmaAt.link.sent[1]!.acknowledge(new Error('550'));
    expect(stage.relay.counters).toMatchObject({ accepted: 2, delivered: 1, undelivered: 1 });
  });

  it('[P12] detaches an endpoint with all its subaddresses', () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    attach(
      stage.relay,
      fredAt.channel,
      { kind: 'attach', endpoint: 'fred/x@example.com', transID: 2, options: [] },
      () => {},
    );
    stage.relay.detachAll(fred, 550, 'removed');
    expect(fredAt.link.terminated).toEqual([
      { transID: 1, code: 550 },
      { transID: 2, code: 550 },
    ]);
    expect(wilmaAt.link.terminated).toEqual([]);
  });
});
