import { describe, expect, it } from 'vitest';
import { attach } from '../../src/relay/attach.ts';
import { bind } from '../../src/relay/bind.ts';
import { terminate } from '../../src/relay/terminate.ts';
import { Answers, option, Stage } from './stage.ts';

const fred = 'fred@example.com';

function attachAs(
  stage: Stage,
  at: ReturnType<Stage['channel']>,
  endpoint: string,
  transID = 1,
  options = [] as ReturnType<typeof option>[],
) {
  const answers = new Answers();
  attach(stage.relay, at.channel, { kind: 'attach', endpoint, transID, options }, answers.take);
  return answers.given;
}

describe('attach', () => {
  it('[3340 §4.4.1 step 6] binds the application as the endpoint and answers ok', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session(fred));
    expect(attachAs(stage, at, fred)).toEqual(['ok']);
    expect(stage.relay.attachments.find(fred)?.channel).toBe(at.channel);
  });

  it('[3340 §4.4.1 step 1] [C1] refuses a transID in use on the channel with 555, before all else', () => {
    const stage = new Stage();
    const session = stage.session(fred);
    const at = stage.channel(session);
    attachAs(stage, at, fred, 7);
    expect(attachAs(stage, at, 'fred@rubble.com', 7)).toEqual([555]);
    expect(attachAs(stage, stage.channel(session), 'fred/x@example.com', 7)).toEqual(['ok']);
  });

  it('[3340 §4.4.1 step 2] [B15] refuses with 553 a domain that is none of its own, or not that of the session', () => {
    const stage = new Stage({}, { domains: ['example.com', 'rubble.com'] });
    const [betty, barney] = ['betty@rubble.com', 'barney@bedrock.com'];
    expect(attachAs(stage, stage.channel(stage.session(barney)), barney)).toEqual([553]);
    const named = (serverName: string) => stage.channel(stage.session(betty, 'PLAIN', serverName));
    expect(attachAs(stage, named('example.com'), betty)).toEqual([553]);
    expect(attachAs(stage, named('Rubble.com'), betty)).toEqual(['ok']);
    // A name that is no domain of the server, such as an address, says nothing.
    expect(attachAs(stage, named('192.0.2.1'), 'betty/b@rubble.com')).toEqual(['ok']);
  });

  it('refuses with 554 what is more than a session may have, until one of its own ends', () => {
    const stage = new Stage({ attachmentsPerSession: 2 });
    const session = stage.session(fred);
    const [first, second] = [stage.channel(session), stage.channel(session)];
    expect(attachAs(stage, first, fred, 1)).toEqual(['ok']);
    expect(attachAs(stage, second, 'fred/a@example.com', 1)).toEqual(['ok']);
    expect(attachAs(stage, first, 'fred/b@example.com', 2)).toEqual([554]);
    expect(attachAs(stage, stage.channel(stage.session(fred)), 'fred/b@example.com')).toEqual(['ok']);

    terminate(stage.relay, second.channel, { kind: 'terminate', transID: 1, code: 250, text: '' }, () => {});
    expect(attachAs(stage, first, 'fred/c@example.com', 2)).toEqual(['ok']);
    expect(stage.relay.attachments.size).toBe(3);
  });

  it('counts binds among what a session may have', () => {
    const stage = new Stage({ attachmentsPerSession: 1 });
    const at = stage.channel(stage.session('rubble.com'));
    const answers = new Answers();
    for (const transID of [1, 2]) {
      bind(
        stage.relay,
        at.channel,
        { kind: 'bind', relay: 'rubble.com', transID, options: [] },
        answers.take,
      );
    }
    expect(answers.given).toEqual(['ok', 554]);
  });

  it('[3340 §4.4.1 step 2] refuses an endpoint of another domain with 553', () => {
    const stage = new Stage();
    expect(attachAs(stage, stage.channel(stage.session(fred)), 'fred@rubble.com')).toEqual([553]);
  });

  it.each([
    ['an unauthenticated peer', undefined, fred],
    ['a guest', '', fred],
    ['somebody else', 'wilma@example.com', fred],
    ['a subaddress that acts for its endpoint', 'fred/x@example.com', fred],
  ])('[3340 §4.4.1 step 3] refuses %s with 537', (_, identity, endpoint) => {
    const stage = new Stage();
    expect(attachAs(stage, stage.channel(stage.session(identity)), endpoint)).toEqual([537]);
    expect(stage.relay.attachments.size).toBe(0);
  });

  it('[3340 §4.5.1] [3340 §4.5.1 rule 1] [C3] lets a peer attach as any subaddress of its endpoint', () => {
    const stage = new Stage();
    expect(attachAs(stage, stage.channel(stage.session(fred)), 'fred/appl=wb@example.com')).toEqual(['ok']);
  });

  it.each(['apex=presence@example.com', 'APEX=presence@example.com'])(
    '[C3] lets nobody attach as a service: %s',
    (service) => {
      const stage = new Stage();
      expect(attachAs(stage, stage.channel(stage.session(service)), service)).toEqual([537]);
    },
  );

  it('[3340 §4.4.1 step 3] refuses an endpoint that was removed after its peer authenticated', () => {
    const stage = new Stage();
    stage.verdicts.set(`${fred} ${fred} core:data`, 'unknown');
    expect(attachAs(stage, stage.channel(stage.session(fred)), fred)).toEqual([537]);
  });

  describe('of guests, who are all the same identity', () => {
    const guest = 'guest@example.com';
    const of = (name: string): string => `guest/${name}@example.com`;
    const arrive = (stage: Stage) => stage.channel(stage.session(guest, 'ANONYMOUS'));

    it('is by a subaddress, never by the endpoint that they share', () => {
      const stage = new Stage();
      expect(attachAs(stage, arrive(stage), guest)).toEqual([537]);
      expect(attachAs(stage, arrive(stage), fred)).toEqual([537]);
      expect(attachAs(stage, arrive(stage), of('a'))).toEqual(['ok']);
    });

    it('takes over nobody else, whatever they ask for', () => {
      const stage = new Stage();
      const first = arrive(stage);
      attachAs(stage, first, of('a'));
      expect(attachAs(stage, arrive(stage), of('a'), 1, [option('attachOverride')])).toEqual([554]);
      expect(first.link.terminated).toEqual([]);
    });

    it('is once for each, and for so many together', () => {
      const stage = new Stage({ guests: 2 });
      const first = arrive(stage);
      expect(attachAs(stage, first, of('a'))).toEqual(['ok']);
      expect(attachAs(stage, first, of('b'), 2)).toEqual([554]);
      expect(attachAs(stage, arrive(stage), of('b'))).toEqual(['ok']);
      expect(attachAs(stage, arrive(stage), of('c'))).toEqual([554]);
      stage.relay.closed(first.channel);
      expect(attachAs(stage, arrive(stage), of('c'))).toEqual(['ok']);
      expect(attachAs(stage, stage.channel(stage.session(fred)), fred)).toEqual(['ok']);
    });
  });

  it('[3340 §4.4.1 step 4] [3340 §5 rule 16] refuses an option that must be understood and is not with 504', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session(fred));
    expect(attachAs(stage, at, fred, 1, [option('mystery', { mustUnderstand: true })])).toEqual([504]);
    expect(attachAs(stage, at, fred, 1, [option('mystery')])).toEqual(['ok']);
  });

  it('[3340 §4.4.1 step 5] refuses an endpoint that another application is attached as with 554', () => {
    const stage = new Stage();
    attachAs(stage, stage.channel(stage.session(fred)), fred);
    expect(attachAs(stage, stage.channel(stage.session(fred)), fred)).toEqual([554]);
  });

  it('[3342 §1] takes an endpoint over with attachOverride; the other gets terminate 556', () => {
    const stage = new Stage();
    const first = stage.channel(stage.session(fred));
    const second = stage.channel(stage.session(fred));
    attachAs(stage, first, fred, 1);
    expect(attachAs(stage, second, fred, 2, [option('attachOverride')])).toEqual(['ok']);
    expect(first.link.terminated).toEqual([{ transID: 1, code: 556 }]);
    expect(stage.relay.attachments.find(fred)?.channel).toBe(second.channel);
  });

  it('[C3] accepts the same session once more: its newest channel receives, then the older one again', () => {
    const stage = new Stage();
    const session = stage.session(fred);
    const first = stage.channel(session);
    const second = stage.channel(session);
    attachAs(stage, first, fred);
    expect(attachAs(stage, second, fred)).toEqual(['ok']);
    expect(stage.relay.attachments.find(fred)?.channel).toBe(second.channel);
    stage.relay.closed(second.channel);
    expect(stage.relay.attachments.find(fred)?.channel).toBe(first.channel);
  });

  it('[B10] ends the attachments of a channel with the channel', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session(fred));
    attachAs(stage, at, fred);
    stage.relay.closed(at.channel);
    expect(stage.relay.attachments.size).toBe(0);
  });

  it('attaches nothing when the channel went away while the entries were read', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session(fred));
    stage.held = [];
    const given = attachAs(stage, at, fred);
    stage.relay.closed(at.channel);
    for (const decide of stage.held) decide();
    expect(given).toEqual([]);
    expect(stage.relay.attachments.size).toBe(0);
  });

  it('[3340 §4.4.1 step 5] lets one of two that attach at the same time win', () => {
    const stage = new Stage();
    stage.held = [];
    const first = attachAs(stage, stage.channel(stage.session(fred)), fred);
    const second = attachAs(stage, stage.channel(stage.session(fred)), fred);
    for (const decide of stage.held) decide();
    expect([first, second]).toEqual([['ok'], [554]]);
  });
});

describe('bind', () => {
  it('[3340 §4.4.2 step 4] [3340 §4.5.2] accepts the domain that the peer authenticated as', () => {
    const stage = new Stage();
    const { channel } = stage.channel(stage.session('rubble.com'));
    const answers = new Answers();
    bind(stage.relay, channel, { kind: 'bind', relay: 'rubble.com', transID: 1, options: [] }, answers.take);
    // 3340 §4.4.2 step 1
    bind(stage.relay, channel, { kind: 'bind', relay: 'rubble.com', transID: 1, options: [] }, answers.take);
    expect(answers.given).toEqual(['ok', 555]);
  });

  it('[3340 §4.4.2 step 1] refuses a transID in use on the channel with 555', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session(fred));
    attachAs(stage, at, fred, 3);
    const answers = new Answers();
    bind(
      stage.relay,
      at.channel,
      { kind: 'bind', relay: 'rubble.com', transID: 3, options: [] },
      answers.take,
    );
    expect(answers.given).toEqual([555]);
  });

  it('[3340 §4.4.2 step 2] refuses everybody else with 537', () => {
    const stage = new Stage();
    const answers = new Answers();
    const { channel } = stage.channel(stage.session(fred));
    bind(stage.relay, channel, { kind: 'bind', relay: 'example.com', transID: 1, options: [] }, answers.take);
    expect(answers.given).toEqual([537]);
  });

  it('[3340 §4.4.2 step 3] refuses an option that must be understood and is not with 504', () => {
    const stage = new Stage();
    const answers = new Answers();
    const { channel } = stage.channel(stage.session('rubble.com'));
    const options = [option('mystery', { mustUnderstand: true })];
    bind(stage.relay, channel, { kind: 'bind', relay: 'rubble.com', transID: 1, options }, answers.take);
    expect(answers.given).toEqual([504]);
  });
});

describe('terminate', () => {
  function terminateAt(stage: Stage, at: ReturnType<Stage['channel']>, transID: number) {
    const answers = new Answers();
    terminate(stage.relay, at.channel, { kind: 'terminate', transID, code: 250, text: '' }, answers.take);
    return answers.given;
  }

  it('[3340 §4.4.3 step 1] [C1] ends all attachments of the session with transID 0', () => {
    const stage = new Stage();
    const session = stage.session(fred);
    const first = stage.channel(session);
    const second = stage.channel(session);
    attachAs(stage, first, fred);
    attachAs(stage, second, 'fred/x@example.com');
    expect(terminateAt(stage, second, 0)).toEqual(['ok']);
    expect(stage.relay.attachments.size).toBe(0);
  });

  it('[3340 §4.4.3 step 2] [3340 §6.1.1 rule 1] refuses a transID of no operation on this channel with 550', () => {
    const stage = new Stage();
    const session = stage.session(fred);
    const first = stage.channel(session);
    attachAs(stage, first, fred, 5);
    expect(terminateAt(stage, stage.channel(session), 5)).toEqual([550]);
  });

  it('[3340 §4.4.3 step 3] ends the attachment, whose transID may then be used again', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session(fred));
    attachAs(stage, at, fred, 5);
    expect(terminateAt(stage, at, 5)).toEqual(['ok']);
    expect(stage.relay.attachments.size).toBe(0);
    expect(terminateAt(stage, at, 5)).toEqual([550]);
    expect(attachAs(stage, at, fred, 5)).toEqual(['ok']);
  });
});
