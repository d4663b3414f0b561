import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { beepXml } from '../../src/message/mime.ts';
import { octets, Recorder, text, Wire } from './wire.ts';

function withChannels(numbers: readonly number[] = [1], options: ConstructorParameters<typeof Wire>[0] = {}) {
  const recorder = new Recorder();
  const wire = Wire.withChannels(recorder, numbers, options);
  return { wire, recorder };
}

describe('the peer as client', () => {
  it('[3080 §2.1.1] [3080 §2.1] gets RPY, ERR, or answers and NUL', () => {
    const { wire, recorder } = withChannels();
    for (const msgno of [0, 1, 2, 3]) wire.frame(`MSG 1 ${msgno} .`, `question ${msgno}`);
    const [first, second, third, fourth] = recorder.exchanges;
    first?.reply(octets('yes'));
    second?.error(octets('no'));
    expect([third?.answer(octets('one')), third?.answer(octets('two'))]).toEqual([0, 1]);
    third?.end();
    fourth?.end();
    expect(wire.headers()).toEqual([
      'RPY 1 0 . 0 3',
      'ERR 1 1 . 3 2',
      'ANS 1 2 . 5 3 0',
      'ANS 1 2 . 8 3 1',
      'NUL 1 2 . 11 0',
      'NUL 1 3 . 11 0',
    ]);
  });

  it('[3080 §2.6.1] gets its replies in the order of its MSGs, whatever the order of the answers', () => {
    const { wire, recorder } = withChannels();
    for (const msgno of [5, 3, 4]) wire.frame(`MSG 1 ${msgno} .`, 'question');
    const [first, second, third] = recorder.exchanges;
    third?.reply(octets('third'));
    second?.answer(octets('second, one'));
    expect(wire.take()).toEqual([]);
    first?.reply(octets('first'));
    expect(wire.messages()).toEqual(['RPY 1 5 first', 'ANS 1 3 second, one']);
    second?.answer(octets('second, two'));
    expect(wire.messages()).toEqual(['ANS 1 3 second, two']);
    second?.end();
    expect(wire.messages()).toEqual(['NUL 1 3 ', 'RPY 1 4 third']);
  });

  it('[3080 §2.6.2] is served on one channel while another waits', () => {
    const { wire, recorder } = withChannels([1, 3]);
    wire.frame('MSG 1 1 .', 'slow');
    wire.frame('MSG 3 1 .', 'quick');
    recorder.exchanges[1]?.reply(octets('done'));
    expect(wire.messages()).toEqual(['RPY 3 1 done']);
  });

  it('may use a number again once it has the whole reply', () => {
    const { wire, recorder } = withChannels();
    for (let round = 0; round < 3; round += 1) {
      expect(wire.frame('MSG 1 9 .', 'again')).toBe('need-more');
      recorder.exchanges[round]?.reply(octets('yes'));
      expect(wire.headers()).toHaveLength(1);
    }
  });

  it('[3080 §2.2] may cut its messages into frames, empty ones too, with frames of other channels between', () => {
    const { wire, recorder } = withChannels([1, 3]);
    wire.frame('MSG 1 1 *', 'hel');
    wire.frame('MSG 3 1 *', 'good');
    wire.frame('MSG 1 1 *');
    wire.frame('MSG 1 1 *', 'lo');
    wire.frame('MSG 3 1 .', 'bye');
    wire.frame('MSG 1 1 .');
    expect(recorder.payloads).toEqual(['goodbye', 'hello']);
    wire.frame('MSG 1 2 .');
    expect(recorder.payloads).toEqual(['goodbye', 'hello', '']);
  });

  it('gives payloads that stay valid', () => {
    const { wire, recorder } = withChannels();
    const input = octets(
      'MSG 1 1 . 0 5\r\nhelloEND\r\nMSG 1 2 * 5 2\r\nheEND\r\nMSG 1 2 . 7 3\r\nlloEND\r\n',
    );
    wire.raw(input);
    input.fill(0);
    expect(recorder.payloads).toEqual(['hello', 'hello']);
  });

  it('has each exchange answered once', () => {
    const { wire, recorder } = withChannels();
    wire.frame('MSG 1 1 .', 'question');
    wire.frame('MSG 1 2 .', 'question');
    const [first, second] = recorder.exchanges;
    first?.reply(octets('yes'));
    for (const again of [
      () => first?.reply(octets('no')),
      () => first?.error(octets('no')),
      () => first?.answer(octets('no')),
      () => first?.end(),
    ]) {
      expect(again).toThrow(expect.objectContaining({ code: 'exchange.complete' }));
    }
    second?.answer(octets('one'));
    expect(() => second?.reply(octets('no'))).toThrow(
      expect.objectContaining({ code: 'exchange.answering' }),
    );
    second?.end();
    expect(wire.messages()).toEqual(['RPY 1 1 yes', 'ANS 1 2 one', 'NUL 1 2 ']);
  });

  it('may be answered when it is gone: nothing happens', () => {
    const { wire, recorder } = withChannels();
    wire.frame('MSG 1 1 .', 'question');
    wire.session.transportClosed();
    recorder.exchanges[0]?.reply(octets('late'));
    expect(wire.take()).toEqual([]);
    expect(recorder.channels[0]?.unsentOctets).toBe(0);
  });

  it('[3080 §2.6.3] gets ERR before its last frame for a message that is too long; the rest is ignored', () => {
    const { wire, recorder } = withChannels([1], { limits: { messageOctets: 10 } });
    wire.frame('MSG 1 1 *', '0123456789');
    expect(wire.take()).toEqual([]);
    wire.frame('MSG 1 1 *', 'x');
    expect(wire.messages()).toEqual(["ERR 1 1 <error code='554'>the message is too long</error>"]);
    const diagnostic = expect.objectContaining({ ended: false, code: 'limit.message' });
    expect(wire.events.at(-1)).toEqual({ kind: 'refused', diagnostic });
    wire.frame('MSG 1 1 *', '0123456789');
    wire.frame('MSG 1 1 .', 'x');
    wire.frame('MSG 1 1 .', '0123456789');
    expect(recorder.payloads).toEqual(['0123456789']);
    recorder.exchanges[0]?.reply(octets('yes'));
    expect(wire.messages()).toEqual(['RPY 1 1 yes']);
  });

  it('[3080 §2.6.1] gets an early ERR behind the replies to its earlier MSGs', () => {
    const { wire, recorder } = withChannels([1], { limits: { messageOctets: 10 } });
    wire.frame('MSG 1 1 .', 'first');
    wire.frame('MSG 1 2 *', '0123456789x');
    expect(wire.take()).toEqual([]);
    recorder.exchanges[0]?.reply(octets('yes'));
    expect(wire.headers()).toEqual(['RPY 1 1 . 0 3', expect.stringMatching(/^ERR 1 2 \. 3 /)]);
    expect(wire.frame('MSG 1 2 .')).toBe('need-more');
  });
});

describe('the peer as server', () => {
  function asking(count: number, payload = 'question', options: ConstructorParameters<typeof Wire>[0] = {}) {
    const { wire, recorder } = withChannels([1], options);
    const replies: string[] = [];
    for (let number = 1; number <= count; number += 1) {
      recorder.channels[0]?.send(octets(payload), (reply) => {
        const what = 'payload' in reply ? text(reply.payload) : '';
        replies.push(`${number} ${reply.kind}${'ansno' in reply ? reply.ansno : ''} ${what}`.trim());
      });
    }
    return { wire, recorder, replies, channel: recorder.channels[0] };
  }

  it('[3080 §2.6.1] gets several MSGs, each with a number of its own', () => {
    const { wire, channel } = asking(3);
    expect(channel?.outstanding).toBe(3);
    expect(wire.headers()).toEqual(['MSG 1 1 . 0 8', 'MSG 1 2 . 8 8', 'MSG 1 3 . 16 8']);
    wire.frame('RPY 1 1 .', 'yes');
    expect(channel?.outstanding).toBe(2);
  });

  it('gives each reply to whom it belongs', () => {
    const { wire, replies, channel } = asking(4);
    wire.take();
    wire.frame('RPY 1 1 *', 'y');
    wire.frame('RPY 1 1 .', 'es');
    wire.frame('ERR 1 2 .', 'no');
    wire.frame('NUL 1 3 .');
    expect(replies).toEqual(['1 RPY yes', '2 ERR no', '3 NUL']);
    wire.session.transportClosed();
    expect(replies.at(-1)).toBe('4 lost');
    expect(channel?.outstanding).toBe(0);
  });

  it('[3080 §2.2.1.1 rule 13] [3080 §2.2.1.1 rule 14] [3080 §2.2.1.1] may interleave its answers', () => {
    const { wire, replies } = asking(1);
    wire.take();
    wire.frame('ANS 1 1 *', 'one,', 0);
    wire.frame('ANS 1 1 *', 'two,', 1);
    wire.frame('ANS 1 1 .', 'three', 2147483647);
    wire.frame('ANS 1 1 *', 'one,', 0);
    wire.frame('ANS 1 1 .', 'two', 1);
    wire.frame('ANS 1 1 .', 'one', 0);
    wire.frame('ANS 1 1 .', 'again', 1);
    wire.frame('NUL 1 1 .');
    expect(replies).toEqual([
      '1 ANS2147483647 three',
      '1 ANS1 two,two',
      '1 ANS0 one,one,one',
      '1 ANS1 again',
      '1 NUL',
    ]);
  });

  it('[3080 §2.6.3] gets an empty last frame when it refuses a MSG before its end', () => {
    const { wire, replies, channel } = asking(2, 'x'.repeat(5000));
    expect(wire.headers()).toEqual(['MSG 1 1 * 0 4096']);
    wire.frame('ERR 1 1 .', 'no');
    expect(replies).toEqual(['1 ERR no']);
    expect(wire.headers()).toEqual(['MSG 1 1 . 4096 0']);
    expect(channel?.unsentOctets).toBe(5000);
    wire.openWindow(1, 65_536);
    expect(wire.headers()).toEqual(['MSG 1 2 * 4096 4096', 'MSG 1 2 . 8192 904']);
    wire.frame('ERR 1 2 .', 'no');
    channel?.send(octets('last'), () => {});
    expect(wire.headers()).toEqual(['MSG 1 3 . 9096 4']);
  });

  it('[3080 §2.6.3] gets an empty last frame also for the only MSG, and later ones behind it', () => {
    const { wire, channel } = asking(1, 'x'.repeat(5000));
    wire.take();
    wire.frame('ERR 1 1 .', 'no');
    channel?.send(octets('next'), () => {});
    wire.openWindow(1);
    expect(wire.headers()).toEqual(['MSG 1 1 . 4096 0', 'MSG 1 2 . 4096 4']);
  });

  it('[3080 §2.7] may be asked and ask at the same time, with the same numbers', () => {
    const { wire, recorder, replies } = asking(1);
    wire.frame('MSG 1 1 .', 'question');
    recorder.exchanges[0]?.reply(octets('ours'));
    expect(wire.headers()).toEqual(['RPY 1 1 . 0 4', 'MSG 1 1 . 4 8']);
    wire.frame('RPY 1 1 .', 'theirs');
    expect(replies).toEqual(['1 RPY theirs']);
  });

  it('takes no new MSG on a closed channel', () => {
    const { wire, channel } = asking(0);
    wire.session.transportClosed();
    expect(() => channel?.send(octets('late'), () => {})).toThrow(UsageError);
  });
});

describe('what a peer can make us keep', () => {
  it('is bounded by the limits on replies and answers', () => {
    const limits = { messageOctets: 10, answersInProgress: 2 };
    for (const [code, frames] of [
      [
        'limit.message',
        [
          ['RPY 1 1 *', '0123456789'],
          ['RPY 1 1 .', 'x'],
        ],
      ],
      [
        'limit.message',
        [
          ['ANS 1 1 *', '01234', 0],
          ['ANS 1 1 *', '567890', 1],
        ],
      ],
      [
        'limit.answers',
        [
          ['ANS 1 1 *', '', 0],
          ['ANS 1 1 *', '', 1],
          ['ANS 1 1 *', '', 0],
          ['ANS 1 1 *', '', 2],
        ],
      ],
    ] as const) {
      const { wire, recorder } = withChannels([1], { limits });
      recorder.channels[0]?.send(octets('question'), () => {});
      wire.take();
      let result: unknown;
      for (const [parameters, payload, ansno] of frames as readonly (readonly [string, string, number?])[]) {
        expect(result ?? 'need-more').toBe('need-more');
        result = wire.frame(parameters, payload, ansno);
      }
      expect(result).toMatchObject({ code });
    }
  });

  it('is bounded for MSGs that no window holds back', () => {
    const { wire } = withChannels([1], { limits: { unansweredExchanges: 3 } });
    for (let msgno = 1; msgno <= 4; msgno += 1) expect(wire.frame(`MSG 1 ${msgno} .`)).toBe('need-more');
    expect(wire.frame('MSG 1 5 .')).toMatchObject({ code: 'limit.exchanges' });
  });

  it('is bounded on channel zero, where each MSG is answered in its turn', () => {
    const wire = new Wire({ limits: { managementMessageOctets: 100 } });
    wire.greet();
    wire.take();
    wire.frame('MSG 0 1 *', 'x'.repeat(100));
    wire.frame('MSG 0 1 .', 'x');
    expect(wire.messages()).toEqual(["ERR 0 1 <error code='554'>the message is too long</error>"]);
    wire.manage(2, '<ok />');
    expect(wire.messages()).toHaveLength(1);
  });
});

it('[3080 §2.2.2.1] keeps the answer to a poorly-formed MSG of another channel for its profile', () => {
  const { wire, recorder } = withChannels();
  wire.frame('MSG 1 1 .', text(beepXml('<no')));
  expect(wire.take()).toEqual([]);
  recorder.exchanges[0]?.error(beepXml("<error code='500' />"));
  expect(wire.messages()).toEqual(["ERR 1 1 <error code='500' />"]);
});
