import { describe, expect, it } from 'vitest';
import { MessageError, UsageError } from '../../../src/errors.ts';
import { anonymousClient, anonymousServer } from '../../../src/profile/sasl/anonymous.ts';
import { FakeSession } from './fakes.ts';

const respond = (message: Uint8Array | undefined) =>
  anonymousServer().start(new FakeSession().facts).respond(message);
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('anonymousServer', () => {
  it('[4505 §4] takes the trace information of the example', () => {
    expect(respond(octets('sirhc'))).toEqual({
      kind: 'complete',
      identity: { authorization: '', trace: 'sirhc' },
    });
  });

  it('[4505 §2] takes an address, a token of 255 characters, or nothing', () => {
    for (const trace of ['fred@example.com', '😀'.repeat(255), 'a b', 'שלום', 'élan']) {
      expect(respond(octets(trace))).toMatchObject({ identity: { trace } });
    }
    expect(respond(octets(''))).toEqual({ kind: 'complete', identity: { authorization: '' } });
  });

  it('[4422 §5] gives an empty challenge when there is no initial response', () => {
    expect(respond(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) });
  });

  it.each([
    ['256 characters', 'a'.repeat(256)],
    ['an address without its first half', '@example.com'],
    ['an address without its second half', 'fred@'],
    ['a line end, which would forge a log', 'a\r\nb'],
    ['DELETE', 'a\u007f'],
    ['a C1 control character', 'a\u0085'],
    ['a zero width joiner', 'a\u200d'],
    ['a line separator', 'a\u2028'],
    ['a private use character', '\ue000'],
    ['a non-character', '\u{1fffe}'],
    ['a replacement character', '\ufffd'],
    ['a right-to-left override', 'a\u202eb'],
    ['a tag', '\u{e0041}'],
    ['two directions', 'שa'],
    ['right-to-left text that ends in a digit', 'ש1'],
    ['right-to-left text that begins with a digit', '1ש'],
  ])('[4505 §3] refuses %s', (_name, trace) => {
    expect(() => respond(octets(trace))).toThrow(
      expect.objectContaining({ code: 'sasl.trace', replyCode: 501 }),
    );
    expect(() => anonymousClient(trace)).toThrow(UsageError);
  });

  it('[4505 §2] refuses trace information that is not UTF-8', () => {
    expect(() => respond(Uint8Array.of(0xff))).toThrow(MessageError);
  });
});

describe('anonymousClient', () => {
  it('[4505 §4] writes the trace information of the example', async () => {
    expect(await anonymousClient('sirhc').initial()).toEqual(octets('sirhc'));
    expect(await anonymousClient().initial()).toEqual(octets(''));
  });

  it('refuses a surrogate half', () => {
    expect(() => anonymousClient('\ud800')).toThrow(UsageError);
  });
});
