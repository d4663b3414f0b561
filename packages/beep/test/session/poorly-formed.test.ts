import { describe, expect, it } from 'vitest';
import { FrameError, SessionLostError } from '../../src/errors.ts';
import { beepXml } from '../../src/message/mime.ts';
import { octets, Recorder, text, Wire } from './wire.ts';

/** A listener with channel 1, and one MSG 1 that it has sent on it. */
function withChannel(options: ConstructorParameters<typeof Wire>[0] = {}) {
  const recorder = new Recorder();
  const wire = Wire.withChannels(recorder, [1], options);
  const replies: string[] = [];
  recorder.channels[0]?.send(octets('question'), (reply) => {
    replies.push('payload' in reply ? `${reply.kind} ${text(reply.payload)}` : reply.kind);
  });
  wire.take();
  return { wire, recorder, replies };
}

type Step = (wire: Wire, recorder: Recorder) => unknown;

interface Case {
  readonly name: string;
  readonly code: string;
  readonly step: Step;
}

const cases: readonly Case[] = [
  {
    name: '[3080 §2.2.1.1 rule 1] a header with another keyword',
    code: 'frame.keyword',
    step: (wire) => wire.raw('GET / HTTP/1.1\r\n'),
  },
  {
    name: '[3080 §2.2.1.1 rule 2] a header with a missing parameter',
    code: 'frame.parameter',
    step: (wire) => wire.raw('MSG 1 1 . 0\r\n'),
  },
  {
    name: '[3080 §2.2.1.1 rule 3] a frame for a channel that does not exist',
    code: 'frame.channel',
    step: (wire) => wire.frame('MSG 3 1 .', 'hello'),
  },
  {
    name: '[3080 §2.2.1.1 rule 4] [3080 §2.2.1.1 rule 12] a MSG with the number of one that waits for its reply',
    code: 'frame.msgno',
    step: (wire) => {
      wire.frame('MSG 1 7 .', 'hello');
      return wire.frame('MSG 1 7 .', 'again');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 4] a MSG with the number of one whose reply has been given and has not left',
    code: 'frame.msgno',
    step: (wire, recorder) => {
      wire.frame('MSG 1 7 .', 'hello');
      recorder.exchanges[0]?.reply(octets('hi'));
      return wire.frame('MSG 1 7 .', 'again');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 5] a reply to a MSG that has its complete reply',
    code: 'frame.reply-order',
    step: (wire) => {
      wire.frame('RPY 1 1 .', 'answer');
      return wire.frame('RPY 1 1 .', 'answer');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 6] a reply to a MSG that was never sent',
    code: 'frame.reply-unasked',
    step: (wire) => wire.frame('RPY 1 2 .', 'answer'),
  },
  {
    name: '[3080 §2.2.1.1 rule 6] a reply to a MSG that waits to be sent',
    code: 'frame.reply-unasked',
    step: (wire, recorder) => {
      recorder.channels[0]?.send(octets('later'), () => {});
      wire.frame('RPY 1 1 .', 'answer');
      return wire.frame('RPY 1 2 .', 'answer');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 7] a reply that goes on under another keyword',
    code: 'frame.keyword-changed',
    step: (wire) => {
      wire.frame('RPY 1 1 *', 'ans');
      return wire.frame('ERR 1 1 .', 'wer');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 7] an RPY behind an answer',
    code: 'frame.keyword-changed',
    step: (wire) => {
      wire.frame('ANS 1 1 .', 'one', 0);
      return wire.frame('RPY 1 1 .', 'two');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 7] [B16] an RPY in the middle of a MSG with its number',
    code: 'frame.keyword-changed',
    step: (wire) => {
      wire.frame('MSG 1 1 *', 'hel');
      return wire.frame('RPY 1 1 .', 'answer');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 8] a NUL behind part of an RPY',
    code: 'frame.keyword-changed',
    step: (wire) => {
      wire.frame('RPY 1 1 *', 'ans');
      return wire.frame('NUL 1 1 .');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 13] a NUL while an answer is unfinished',
    code: 'frame.keyword-changed',
    step: (wire) => {
      wire.frame('ANS 1 1 *', 'one', 0);
      wire.frame('ANS 1 1 .', 'two', 1);
      return wire.frame('NUL 1 1 .');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 9] [3080 §2.2.1.1 rule 13] another MSG in the middle of a MSG',
    code: 'frame.interleaved',
    step: (wire) => {
      wire.frame('MSG 1 8 *', 'hel');
      return wire.frame('MSG 1 9 .', 'lo');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 9] a MSG in the middle of an answer',
    code: 'frame.interleaved',
    step: (wire) => {
      wire.frame('ANS 1 1 *', 'one', 0);
      return wire.frame('MSG 1 9 .', 'lo');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 10] [3080 §2.2.1.2] a seqno that leaves octets out',
    code: 'frame.seqno',
    step: (wire) => wire.raw('MSG 1 1 . 1 0\r\nEND\r\n'),
  },
  {
    name: '[3080 §2.2.1.1 rule 10] [3080 §2.2.1.2] a seqno that repeats octets',
    code: 'frame.seqno',
    step: (wire) => {
      wire.frame('MSG 1 1 .', 'hello');
      return wire.raw('MSG 1 2 . 4 0\r\nEND\r\n');
    },
  },
  {
    name: '[3080 §2.2.1.1 rule 11] a NUL that is to be continued',
    code: 'frame.nul',
    step: (wire) => wire.frame('NUL 1 1 *'),
  },
  {
    name: '[3080 §2.2.1.1 rule 11] [B17] a NUL with a payload',
    code: 'frame.nul',
    step: (wire) => wire.frame('NUL 1 1 .', '\r\n'),
  },
  {
    name: '[3080 §2.2.1.3] a payload with another end than END CRLF',
    code: 'frame.trailer',
    step: (wire) => wire.raw('MSG 1 1 . 0 2\r\nhelloEND\r\n'),
  },
  {
    name: '[B2] a payload that passes the window, before any of it has come',
    code: 'frame.window',
    step: (wire) => wire.raw('MSG 1 1 . 0 65537\r\n'),
  },
  {
    name: '[B2] a payload that passes what is left of the window',
    code: 'frame.window',
    step: (wire, recorder) => {
      recorder.channels[0]?.pause();
      wire.frame('MSG 1 1 .', 'x'.repeat(65_000));
      return wire.raw('MSG 1 2 . 65000 537\r\n');
    },
  },
  {
    name: '[3081 §3.1.3] a SEQ for a channel that does not exist',
    code: 'frame.channel',
    step: (wire) => wire.raw('SEQ 3 0 4096\r\n'),
  },
  {
    name: '[3081 §3.1.3] [B3] a SEQ for octets that were not sent',
    code: 'frame.ackno',
    step: (wire) => wire.raw('SEQ 1 9 4096\r\n'),
  },
  {
    name: '[3081 §3.1.3] [B3] a SEQ that goes back',
    code: 'frame.ackno',
    step: (wire) => {
      wire.raw('SEQ 1 8 4096\r\n');
      return wire.raw('SEQ 1 7 4096\r\n');
    },
  },
  {
    name: '[3080 §2.6.1] a reply to a later MSG before that to an earlier one',
    code: 'frame.reply-order',
    step: (wire, recorder) => {
      recorder.channels[0]?.send(octets('second'), () => {});
      wire.take();
      return wire.frame('RPY 1 2 .', 'answer');
    },
  },
];

describe('[3080 §2.2.1.1 rule 15] [B1] ends the session without an answer', () => {
  // A table of cases would shorten the names, and so the tags in them.
  for (const { name, code, step } of cases) {
    it(name, () => {
      const { wire, recorder } = withChannel();
      const result = step(wire, recorder);
      expect(result).toBeInstanceOf(FrameError);
      expect((result as FrameError).code).toBe(code);
      expect(wire.ending).toBe(`lost abort ${code}`);
      expect(wire.take()).toEqual([]);
      expect(recorder.ends).toMatchObject([{ kind: 'lost' }]);
      // Nothing is read any more.
      expect(wire.frame('MSG 1 99 .', 'hello')).toBe('paused');
    });
  }

  it('[3080 §2.2.1.1 rule 15] [B1] tells the log the reason, the address and the header, once', () => {
    const wire = new Wire({ remoteAddress: '192.0.2.1:4711' });
    wire.raw('MSG 5 1 . 0 9\r\n');
    wire.take();
    expect(wire.events).toMatchObject([
      {
        kind: 'ended',
        diagnostic: { code: 'frame.channel', remoteAddress: '192.0.2.1:4711', header: 'MSG 5 1 . 0 9' },
      },
    ]);
  });

  it('[3080 §2.2.2.1 rule 1] a malformed reply on channel zero', () => {
    const malformed = ['<ok />', '<profile', '<profile uri="urn:other" />', '<greeting />'];
    for (const reply of malformed) {
      const wire = new Wire();
      wire.greet();
      wire.session.startChannel({ profiles: [{ uri: 'urn:x' }], handler: new Recorder() }, () => {});
      wire.take();
      expect(wire.frame('RPY 0 1 .', text(beepXml(reply)))).toMatchObject({ code: 'management.reply' });
      expect(wire.ending).toBe('lost abort management.reply');
      expect(wire.take()).toEqual([]);
    }
  });

  it.each([
    ['another element', 'RPY 0 1 .', '<ok />', undefined],
    ['no XML', 'RPY 0 1 .', '<profile', undefined],
    ['a profile that was not proposed', 'RPY 0 1 .', "<profile uri='urn:other' />", undefined],
    ['an error that is none', 'ERR 0 1 .', '<error />', undefined],
    ['an answer', 'ANS 0 1 .', "<profile uri='urn:x' />", 0],
    ['the end of answers', 'NUL 0 1 .', undefined, undefined],
  ])(
    '[3080 §2.2.2.1 rule 1] who waits for a start is told once when its reply is %s',
    (_what, frame, xml, ansno) => {
      const wire = new Wire();
      wire.greet();
      const results: unknown[] = [];
      wire.session.startChannel({ profiles: [{ uri: 'urn:x' }], handler: new Recorder() }, (result) =>
        results.push(result),
      );
      wire.take();
      wire.frame(frame, xml === undefined ? '' : text(beepXml(xml)), ansno);
      expect(wire.ending).toBe('lost abort management.reply');
      expect(results).toEqual([expect.any(SessionLostError)]);
    },
  );

  it('[3080 §2.3.1.1] a greeting that is none, and a MSG before it', () => {
    for (const [step, code] of [
      [(wire: Wire) => wire.greet('<ok />'), 'management.reply'],
      [(wire: Wire) => wire.frame('ANS 0 0 .', 'x', 0), 'management.reply'],
      [(wire: Wire) => wire.frame('NUL 0 0 .'), 'management.reply'],
      [(wire: Wire) => wire.manage(1, '<close number="0" code="200" />'), 'frame.before-greeting'],
    ] as const) {
      const wire = new Wire();
      expect(step(wire)).toMatchObject({ code });
      expect(wire.take()).toEqual([]);
    }
  });

  it('[B17] with the option, takes a NUL with a payload and ignores that', () => {
    const { wire, replies } = withChannel({ allowNulPayload: true });
    wire.frame('ANS 1 1 .', 'one', 0);
    expect(wire.frame('NUL 1 1 .', text(beepXml('')))).toBe('need-more');
    expect(replies).toEqual(['ANS one', 'NUL']);
    expect(wire.frame('MSG 1 1 .', 'go on')).toBe('need-more');
  });

  it('[B16] keeps MSG 1 and RPY 1 of one peer apart', () => {
    const { wire, recorder, replies } = withChannel();
    wire.frame('MSG 1 1 .', 'hello');
    wire.frame('RPY 1 1 *', 'ans');
    wire.frame('RPY 1 1 .', 'wer');
    expect(recorder.payloads).toEqual(['hello']);
    expect(replies).toEqual(['RPY answer']);
  });
});
