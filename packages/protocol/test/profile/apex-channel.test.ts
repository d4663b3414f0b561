import {
  beepXml,
  type Channel,
  type Exchange,
  MessageError,
  type Reply,
  ReplyError,
  type SessionHandle,
  SessionLostError,
  UsageError,
} from '@apex/beep';
import { describe, expect, it } from 'vitest';
import {
  ApexChannel,
  type ApexHandler,
  OK_PAYLOAD,
  type Operation,
  parseOperation,
  type Refusal,
  serviceData,
} from '../../src/index.ts';

const decode = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A channel whose replies the test gives. */
class FakeChannel implements Channel {
  readonly number = 1;
  readonly profileUri = 'http://iana.org/beep/APEX';
  readonly reported: string[] = [];
  readonly session = {
    report: (code: string) => this.reported.push(code),
  } as Partial<SessionHandle> as SessionHandle;
  readonly unsentOctets = 0;
  readonly outstanding = 0;
  readonly sent: { payload: Uint8Array; onReply: (reply: Reply) => void }[] = [];
  closes = 0;

  send(payload: Uint8Array, onReply: (reply: Reply) => void): void {
    this.sent.push({ payload, onReply });
  }
  close(): void {
    this.closes += 1;
  }
  pause(): void {}
  resume(): void {}
}

class FakeExchange implements Exchange {
  readonly payload: Uint8Array;
  readonly answers: string[] = [];

  constructor(payload: Uint8Array | string) {
    this.payload = typeof payload === 'string' ? beepXml(payload) : payload;
  }
  reply(payload: Uint8Array): void {
    this.answers.push(`RPY ${decode(payload).split('\r\n\r\n')[1]}`);
  }
  error(payload: Uint8Array): void {
    this.answers.push(`ERR ${decode(payload).split('\r\n\r\n')[1]}`);
  }
  answer(): number {
    throw new Error('not used');
  }
  end(): void {
    throw new Error('not used');
  }
}

function opened(handler: Partial<ApexHandler> = {}) {
  const channel = new FakeChannel();
  const apex = new ApexChannel(() => ({ closed: () => {}, ...handler }));
  apex.open(channel);
  return { apex, channel };
}

function received(handler: Partial<ApexHandler>, payload: Uint8Array | string): readonly string[] {
  const exchange = new FakeExchange(payload);
  opened(handler).apex.message(exchange);
  return exchange.answers;
}

/** Sends data, gives these replies, and tells the outcomes and how often the channel was closed. */
function outcome(...replies: readonly Reply[]) {
  const { apex, channel } = opened();
  const outcomes: (Refusal | undefined)[] = [];
  apex.data(serviceData('a@b', 'c@d', '<x />'), (refusal) => outcomes.push(refusal));
  for (const reply of replies) channel.sent[0]?.onReply(reply);
  return { outcomes, closes: channel.closes };
}

const rpy = (xml: string): Reply => ({ kind: 'RPY', payload: beepXml(xml) });
const err = (xml: string): Reply => ({ kind: 'ERR', payload: beepXml(xml) });

describe('operations of the peer', () => {
  it('[3340 §4.3] are handed over as values and answered with ok or error', () => {
    const seen: unknown[] = [];
    const handler: Partial<ApexHandler> = {
      attach: (attach, answer) => {
        seen.push(attach);
        answer.ok();
      },
      bind: (bind, answer) => {
        seen.push(bind);
        answer.error(537, 'access denied');
      },
      terminate: (_, answer) => answer.ok(),
      data: (message, answer) => {
        seen.push(message.data.recipients[0]?.identity);
        answer.ok();
      },
    };
    expect(received(handler, "<attach endpoint='a@b' transID='1' />")).toStrictEqual(['RPY <ok />']);
    expect(received(handler, "<bind relay='b' transID='2' />")).toStrictEqual([
      "ERR <error code='537'>access denied</error>",
    ]);
    expect(received(handler, '<terminate />')).toStrictEqual(['RPY <ok />']);
    expect(received(handler, serviceData('a@b', 'c@d', '<x />'))).toStrictEqual(['RPY <ok />']);
    expect(seen).toStrictEqual([
      { kind: 'attach', endpoint: 'a@b', transID: 1, options: [] },
      { kind: 'bind', relay: 'b', transID: 2, options: [] },
      'c@d',
    ]);
  });

  it.each([
    ["<attach endpoint='a@b' transID='1'>", 500],
    ["<?xml version='1.0'?><terminate />", 500],
    ['<!DOCTYPE a><terminate />', 500],
    ['<terminate>&nbsp;</terminate>', 500],
    ["<attach endpoint='a' transID='1' />", 501],
    ["<attach endpoint='a@b' />", 501],
    ['<terminate a="b" />', 501],
    ['<ok />', 501],
    ["<subscribe publisher='a@b' transID='1' duration='0' />", 501],
  ])('[B7] [B18] %s is answered with ERR %i and told to the log', (xml, code) => {
    const exchange = new FakeExchange(xml);
    const { apex, channel } = opened();
    apex.message(exchange);
    expect(exchange.answers).toHaveLength(1);
    expect(exchange.answers[0]).toMatch(new RegExp(`^ERR <error code='${code}'>`));
    expect(channel.reported).toHaveLength(1);
  });

  it('[B8] a payload that is not beep+xml is answered with ERR 501', () => {
    expect(received({}, encode('Content-Type: text/plain\r\n\r\n<terminate />'))[0]).toMatch(
      /^ERR <error code='501'>/,
    );
    expect(received({}, new Uint8Array([0xff, 0xfe]))[0]).toMatch(/^ERR <error code='500'>/);
  });

  it('[C10] content that does not resolve is answered with ERR 501', () => {
    const xml = "<data content='cid:1@a'><originator identity='a@b' /><recipient identity='c@d' /></data>";
    expect(received({ data: (_, answer) => answer.ok() }, xml)[0]).toMatch(/^ERR <error code='501'>/);
  });

  it('[3340 §9.1] without a handler are refused with 550', () => {
    for (const xml of [
      "<attach endpoint='a@b' transID='1' />",
      "<bind relay='b' transID='1' />",
      '<terminate />',
    ]) {
      expect(received({}, xml)[0]).toMatch(/^ERR <error code='550'>/);
    }
    expect(received({}, serviceData('a@b', 'c@d', '<x />'))[0]).toMatch(/^ERR <error code='550'>/);
  });

  it('[B7] a name that is cut in the middle of a character is answered too', () => {
    const name = `${'a'.repeat(39)}\u{10000}`;
    expect(received({}, `<terminate ${name}='1' />`)).toStrictEqual([
      `ERR <error code='501'>terminate: attribute ${'a'.repeat(39)}\ufffd… is not known</error>`,
    ]);
  });

  it('[B7] an error of the handler about the message is answered; another one is not hidden', () => {
    const malformed = () => {
      throw new MessageError('element.content', 501, 'no');
    };
    expect(received({ terminate: malformed }, '<terminate />')).toStrictEqual([
      "ERR <error code='501'>no</error>",
    ]);
    const broken = () => {
      throw new TypeError('broken');
    };
    expect(() => received({ terminate: broken }, '<terminate />')).toThrowError(TypeError);
  });
});

describe('operations of ours', () => {
  it('[3340 §4.3] leave as payloads', () => {
    const { apex, channel } = opened();
    const none = () => {};
    apex.attach({ kind: 'attach', endpoint: 'a@b', transID: 1, options: [] }, none);
    apex.bind({ kind: 'bind', relay: 'b', transID: 2, options: [] }, none);
    apex.terminate({ kind: 'terminate', transID: 1, code: 250, text: '' }, none);
    expect(channel.sent.map(({ payload }) => decode(payload).split('\r\n\r\n')[1])).toStrictEqual([
      "<attach endpoint='a@b' transID='1' />",
      "<bind relay='b' transID='2' />",
      "<terminate transID='1' />",
    ]);
    expect(() => apex.attach({ kind: 'attach', endpoint: 'a', transID: 1, options: [] }, none)).toThrowError(
      UsageError,
    );
  });

  it('[3340 §4.3] cannot leave before the channel is open', () => {
    const apex = new ApexChannel(() => ({ closed: () => {} }));
    expect(() => apex.data(OK_PAYLOAD, () => {})).toThrowError(UsageError);
  });

  it('[3340 §9.1] every way to write ok is an ok', () => {
    for (const xml of [
      '<ok />',
      '<ok/>',
      '<ok></ok>',
      '<ok />\r\n',
      "<ok xml:lang='en' />",
      '<!-- --><ok />',
    ]) {
      expect(outcome(rpy(xml))).toStrictEqual({ outcomes: [undefined], closes: 0 });
    }
    expect(outcome({ kind: 'RPY', payload: encode('\r\n<ok />') }).outcomes).toStrictEqual([undefined]);
  });

  it('[3340 §4.4.4] an error is a refusal with its code and text', () => {
    const { outcomes, closes } = outcome(err("<error code='537' xml:lang='en'>access denied</error>"));
    expect(outcomes[0]).toBeInstanceOf(ReplyError);
    expect(outcomes[0]).toMatchObject({ replyCode: 537, text: 'access denied' });
    expect(closes).toBe(0);
  });

  it.each([
    ['an error in a positive reply', [rpy("<error code='537'>no</error>")]],
    ['ok in a negative reply', [err('<ok />')]],
    ['another element', [rpy('<proceed />')]],
    ['what is not XML', [rpy('ok')]],
    [
      'what is not beep+xml',
      [{ kind: 'RPY', payload: encode('Content-Type: text/plain\r\n\r\n<ok />') } as const],
    ],
    [
      'a one-to-many reply',
      [
        { kind: 'ANS', ansno: 0, payload: OK_PAYLOAD } as const,
        { kind: 'ANS', ansno: 1, payload: OK_PAYLOAD } as const,
        { kind: 'NUL' } as const,
      ],
    ],
  ])('[3080 §2.2.2.1 rule 2] [B18] %s closes the channel, once told as a loss', (_what, replies) => {
    const { outcomes, closes } = outcome(...replies);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toBeInstanceOf(SessionLostError);
    expect((outcomes[0] as Error).cause).toBeInstanceOf(MessageError);
    expect(closes).toBe(1);
  });

  it('[3080 §2.4] a session that ends is told as a loss', () => {
    const error = new SessionLostError('reset');
    expect(outcome({ kind: 'lost', error })).toStrictEqual({ outcomes: [error], closes: 0 });
    const other = new Error('other');
    expect(outcome({ kind: 'lost', error: other }).outcomes[0]).toMatchObject({
      code: 'session.lost',
      cause: other,
    });
  });
});

describe('the end of the channel', () => {
  it('[B10] is asked of and told to the handler', () => {
    const calls: unknown[] = [];
    const { apex } = opened({
      closing: (done) => {
        calls.push('closing');
        done();
      },
      closed: (end) => calls.push(end.kind),
    });
    apex.closing(() => calls.push('done'));
    apex.closed({ kind: 'closed' });
    expect(calls).toStrictEqual(['closing', 'done', 'closed']);
    opened().apex.closing(() => calls.push('done at once'));
    expect(calls.at(-1)).toBe('done at once');
  });
});

describe('the operations inside data', () => {
  const operations: Operation[] = [{ kind: 'allow', transID: 1 }];
  it('[3340 §6] arrive parsed once', () => {
    const read: Operation[] = [];
    received(
      {
        data: ({ operation }, answer) => {
          if (operation !== undefined) read.push(parseOperation(operation));
          answer.ok();
        },
      },
      serviceData('a@b', 'c@d', "<allow transID='1' />"),
    );
    expect(read).toStrictEqual(operations);
  });
});
