import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { beepXml } from '../../src/message/mime.ts';
import type { ChannelHandler } from '../../src/session/profile.ts';
import { no, ok, withChannels } from './closing.ts';
import { octets, Recorder, text, Wire } from './wire.ts';

describe('a close of the peer', () => {
  it('[3080 §2.3.1.3] [3080 §2.3.1.4] is answered ok at once where nothing is in progress', () => {
    const { wire, recorder, channel } = withChannels();
    wire.manage(5, "<close number='1' code='200' />");
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
    expect(recorder.ends).toEqual([{ kind: 'closed' }]);
    expect(() => channel.send(octets('late'), () => {})).toThrow(UsageError);
    expect(wire.take()).toEqual([]);
    expect(wire.frame('MSG 1 1 .', 'late')).toMatchObject({ code: 'frame.channel' });
  });

  it('[3080 §2.3.1.3 rule 5] [3080 §2.3.1.3 rule 6] [B10] waits for our MSGs, queued ones too, and starts no new one', () => {
    const { wire, channel } = withChannels();
    channel.send(octets('x'.repeat(5000)), () => {});
    wire.manage(5, "<close number='1' code='200' />");
    expect(wire.headers()).toEqual(['MSG 1 1 * 0 4096']);
    expect(() => channel.send(octets('new'), () => {})).toThrow(UsageError);
    wire.openWindow(1);
    expect(wire.headers()).toEqual(['MSG 1 1 . 4096 904']);
    wire.frame('RPY 1 1 *', 'y');
    expect(wire.take()).toEqual([]);
    wire.frame('RPY 1 1 .', 'es');
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
  });

  it('[3080 §2.3.1.3 rule 7] [3080 §2.3.1.3 rule 8] waits until the replies to its MSGs have left', () => {
    const { wire, recorder } = withChannels();
    wire.frame('MSG 1 1 .', 'question');
    wire.manage(5, "<close number='1' code='200' />");
    expect(wire.take()).toEqual([]);
    recorder.exchanges[0]?.reply(octets('x'.repeat(5000)));
    expect(wire.headers()).toEqual(['RPY 1 1 * 0 4096']);
    wire.openWindow(1);
    expect(wire.headers()).toEqual(['RPY 1 1 . 4096 904', 'RPY 0 5 . 157 44']);
    expect(recorder.ends).toEqual([{ kind: 'closed' }]);
  });

  it('[B10] waits for its handler, which is told that nothing new may be sent', () => {
    const told: string[] = [];
    let finish: () => void = () => {};
    const recorder: Recorder & Pick<ChannelHandler, 'closing'> = new Recorder();
    recorder.closing = (done) => {
      told.push('closing');
      finish = done;
    };
    const wire = Wire.withChannels(recorder, [1]);
    wire.manage(5, "<close number='1' code='200' />");
    expect(told).toEqual(['closing']);
    expect(wire.take()).toEqual([]);
    finish();
    finish();
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
  });

  it('[B10] [3080 §2.3.1.5 rule 5] [3080 §2.3.1.3 rule 13] is declined with 550 when the wait is over; the channel goes on', () => {
    const { wire, recorder, channel } = withChannels([1], { limits: { closeWaitMs: 1000 } });
    wire.frame('MSG 1 1 .', 'question');
    wire.now = 100;
    wire.manage(5, "<close number='1' code='200' />");
    expect(wire.session.deadline()).toBe(1100);
    wire.session.tick(1099);
    expect(wire.take()).toEqual([]);
    wire.session.tick(1100);
    expect(wire.messages()).toEqual(["ERR 0 5 <error code='550'>still working</error>"]);
    expect(wire.session.deadline()).toBeUndefined();
    channel.send(octets('new'), () => {});
    recorder.exchanges[0]?.reply(octets('yes'));
    expect(wire.messages()).toEqual(['RPY 1 1 yes', 'MSG 1 1 new']);
    wire.frame('RPY 1 1 .', 'yes');
    wire.manage(6, "<close number='1' code='200' />");
    expect(wire.messages()).toEqual(['RPY 0 6 <ok />']);
  });

  it('[B7] [3080 §2.3.1.3 rule 1] is declined with 550 for a channel that does not exist, 501 without a code', () => {
    const { wire } = withChannels();
    wire.manage(5, "<close number='3' code='200' />");
    wire.manage(6, "<close number='1' />");
    wire.manage(7, "<close number='1' code='20' />");
    expect(wire.messages().map((message) => message.slice(0, 25))).toEqual([
      "ERR 0 5 <error code='550'",
      "ERR 0 6 <error code='501'",
      "ERR 0 7 <error code='501'",
    ]);
  });

  it('[3080 §2.3.1.3 rule 2] [3080 §2.3.1.3 rule 3] [3080 §2.3.1.3 rule 4] is the same with any code, language and text', () => {
    const { wire } = withChannels();
    wire.manage(5, "<close number='1' code='421' xml:lang='de'>keine\r\nLust</close>");
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
  });

  it('[B10] that is answered ok is told before the next frame is read, on whatever channel, in the same piece too', () => {
    const { wire, recorder, channel } = withChannels([1, 3]);
    const endsAtMessage: number[] = [];
    recorder.message = () => endsAtMessage.push(recorder.ends.length);
    channel.close();
    expect(wire.messages()).toEqual(["MSG 0 1 <close number='1' code='200' />"]);
    wire.together(() => {
      wire.frame('MSG 3 1 .', 'before');
      wire.frame('RPY 0 1 .', text(beepXml('<ok />')));
      wire.frame('MSG 3 2 .', 'behind');
    });
    expect(endsAtMessage).toEqual([0, 1]);
  });

  it('[B3] may be crossed by a SEQ, which is ignored for a while', () => {
    const { wire } = withChannels();
    wire.manage(5, "<close number='1' code='200' />");
    wire.take();
    expect(wire.raw('SEQ 1 0 4096\r\n')).toBe('need-more');
    expect(wire.raw('SEQ 3 0 4096\r\n')).toMatchObject({ code: 'frame.channel' });
  });

  it('lets the number be used again, from sequence number 0', () => {
    const { wire, recorder } = withChannels();
    wire.frame('MSG 1 1 .', 'x'.repeat(1000));
    recorder.exchanges[0]?.reply(octets('yes'));
    wire.manage(5, "<close number='1' code='200' />");
    wire.take();
    wire.manage(6, `<start number='1'><profile uri='${recorder.uri}' /></start>`);
    expect(wire.headers()).toEqual([expect.stringMatching(/^RPY 0 6/), 'SEQ 1 0 65536']);
    expect(wire.raw('MSG 1 1 . 0 5\r\nhelloEND\r\n')).toBe('need-more');
    expect(recorder.payloads.at(-1)).toBe('hello');
  });

  it('keeps the number of what is remembered about closed channels bounded', () => {
    const { wire, recorder } = withChannels([1], { limits: { channels: 2, managementWindowOctets: 65_536 } });
    for (let number = 3; number < 11; number += 2) {
      wire.manage(number, `<start number='${number}'><profile uri='${recorder.uri}' /></start>`);
      wire.manage(number + 1, `<close number='${number}' code='200' />`);
      wire.take();
    }
    expect(wire.raw('SEQ 9 0 1\r\nSEQ 7 0 1\r\n')).toBe('need-more');
    expect(wire.raw('SEQ 3 0 1\r\n')).toMatchObject({ code: 'frame.channel' });
  });
});

describe('a close of ours', () => {
  it('[3080 §2.3.1.3 rule 10] [3080 §2.3.1.3 rule 11] leaves when our MSGs have their replies; nothing new meanwhile', () => {
    const { wire, recorder, channel } = withChannels();
    const results: unknown[] = [];
    channel.send(octets('question'), () => {});
    channel.close((refusal) => results.push(refusal));
    channel.close((refusal) => results.push(refusal));
    expect(wire.headers()).toEqual(['MSG 1 1 . 0 8']);
    expect(() => channel.send(octets('new'), () => {})).toThrow(UsageError);
    wire.frame('RPY 1 1 .', 'yes');
    expect(wire.messages()).toEqual(["MSG 0 1 <close number='1' code='200' />"]);
    ok(wire, 1);
    expect(results).toEqual([undefined, undefined]);
    expect(recorder.ends).toEqual([{ kind: 'closed' }]);
    channel.close((refusal) => results.push(refusal));
    expect(results).toHaveLength(3);
    expect(wire.take()).toEqual([]);
  });

  it('[3080 §2.3.1.3 rule 12] is no reason not to process MSGs until it is accepted', () => {
    const { wire, recorder, channel } = withChannels();
    channel.close();
    wire.take();
    wire.frame('MSG 1 1 .', 'question');
    recorder.exchanges[0]?.reply(octets('yes'));
    expect(wire.messages()).toEqual(['RPY 1 1 yes']);
  });

  it('can be declined; then the channel goes on', () => {
    const { wire, channel, recorder } = withChannels();
    const results: unknown[] = [];
    channel.close((refusal) => results.push(refusal));
    wire.take();
    no(wire, 1);
    expect(results).toEqual([{ replyCode: 550, text: 'still working' }]);
    expect(recorder.ends).toEqual([]);
    channel.send(octets('new'), () => {});
    expect(wire.messages()).toEqual(['MSG 1 1 new']);
  });

  it('gives way to a close of the peer when it has not left yet', () => {
    const { wire, recorder, channel } = withChannels();
    const results: unknown[] = [];
    channel.send(octets('question'), () => {});
    channel.close((refusal) => results.push(refusal));
    wire.take();
    wire.manage(5, "<close number='1' code='200' />");
    channel.close((refusal) => results.push(refusal));
    wire.frame('RPY 1 1 .', 'yes');
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
    expect(results).toEqual([undefined, undefined]);
    expect(recorder.ends).toEqual([{ kind: 'closed' }]);
  });

  it('may cross that of the peer: both are answered, in either order', () => {
    for (const isOurFirst of [true, false]) {
      const { wire, recorder, channel } = withChannels();
      const results: unknown[] = [];
      channel.close((refusal) => results.push(refusal));
      wire.take();
      if (isOurFirst) wire.frame('MSG 1 9 .', 'question');
      wire.manage(5, "<close number='1' code='200' />");
      if (isOurFirst) ok(wire, 1);
      expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
      if (!isOurFirst) ok(wire, 1);
      expect(results).toEqual([undefined]);
      expect(recorder.ends).toEqual([{ kind: 'closed' }]);
    }
  });

  it('may be refused by a peer that has closed it meanwhile: it is closed all the same', () => {
    const { wire, channel } = withChannels();
    const results: unknown[] = [];
    channel.close((refusal) => results.push(refusal));
    wire.take();
    wire.manage(5, "<close number='1' code='200' />");
    wire.take();
    no(wire, 1);
    expect(results).toEqual([undefined]);
  });
});
