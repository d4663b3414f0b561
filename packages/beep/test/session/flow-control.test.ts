import { describe, expect, it } from 'vitest';
import type { BeepChannel } from '../../src/channel/channel.ts';
import { ReceiveWindow, SendWindow } from '../../src/channel/window.ts';
import { UsageError } from '../../src/errors.ts';
import { Session } from '../../src/session/session.ts';
import { sessionPair } from '../../src/testing/index.ts';
import { octets, Recorder, Wire } from './wire.ts';

function withChannels(numbers: readonly number[] = [1], options: ConstructorParameters<typeof Wire>[0] = {}) {
  const recorder = new Recorder();
  const wire = Wire.withChannels(recorder, numbers, options);
  return { wire, recorder, channel: recorder.channels[0] };
}

describe('sending', () => {
  it('[3081 §3.1.1] [3081 §3.1.2] [3081 §3.1.2 rule 1] [3081 §3.1.2 rule 2] [3081 §3.1.2 rule 3] sends 4096 octets, then waits for a SEQ', () => {
    const { wire, channel } = withChannels();
    channel?.send(octets('x'.repeat(10_000)), () => {});
    expect(wire.headers()).toEqual(['MSG 1 1 * 0 4096']);
    expect(channel?.unsentOctets).toBe(5904);
    wire.raw('SEQ 1 4096 100\r\n');
    expect(wire.headers()).toEqual(['MSG 1 1 * 4096 100']);
    wire.raw('SEQ 1 4196 65536\r\n');
    expect(wire.headers()).toEqual(['MSG 1 1 * 4196 4096', 'MSG 1 1 . 8292 1708']);
    expect(channel?.unsentOctets).toBe(0);
  });

  it('[B3] bears a window that shrinks', () => {
    const { wire, channel } = withChannels();
    wire.raw('SEQ 1 0 10\r\n');
    channel?.send(octets('x'.repeat(30)), () => {});
    expect(wire.headers()).toEqual(['MSG 1 1 * 0 10']);
    wire.raw('SEQ 1 5 2\r\n');
    expect(wire.take()).toEqual([]);
    wire.raw('SEQ 1 10 20\r\n');
    expect(wire.headers()).toEqual(['MSG 1 1 . 10 20']);
  });

  it('sends what is empty into a closed window', () => {
    const { wire, recorder } = withChannels();
    wire.raw('SEQ 1 0 0\r\n');
    wire.frame('MSG 1 1 .', 'question');
    recorder.exchanges[0]?.end();
    expect(wire.headers()).toEqual(['NUL 1 1 . 0 0']);
  });

  it('[B6] [3081 §3.1.4 rule 1] cuts into frames of at most 4096 octets, or as configured', () => {
    for (const [limits, sizes] of [
      [{}, [4096, 4096, 1808]],
      [{ framePayloadOctets: 6000 }, [6000, 4000]],
    ] as const) {
      const { wire, channel } = withChannels([1], { limits });
      wire.raw('SEQ 1 0 65536\r\n');
      channel?.send(octets('x'.repeat(10_000)), () => {});
      expect(wire.take().map((frame) => 'size' in frame && frame.size)).toEqual(sizes);
    }
  });

  it('[B6] [3081 §3.1.4 rule 2] [3081 §3.1.4 rule 5] [3081 §3] lets channels take turns, frame by frame', () => {
    const { wire, recorder } = withChannels([1, 3, 5]);
    for (const number of [1, 3, 5]) wire.raw(`SEQ ${number} 0 65536\r\n`);
    recorder.channels[0]?.send(octets('x'.repeat(12_288)), () => {});
    recorder.channels[1]?.send(octets('x'.repeat(8192)), () => {});
    recorder.channels[2]?.send(octets('x'), () => {});
    recorder.channels[2]?.send(octets('x'), () => {});
    expect(wire.take().map(({ channel }) => channel)).toEqual([1, 3, 5, 1, 3, 5, 1]);
  });

  it('[3081 §3] keeps a channel with a closed window from holding up the others', () => {
    const { wire, recorder } = withChannels([1, 3]);
    recorder.channels[0]?.send(octets('x'.repeat(10_000)), () => {});
    recorder.channels[1]?.send(octets('hello'), () => {});
    expect(wire.headers()).toEqual(['MSG 1 1 * 0 4096', 'MSG 3 1 . 0 5']);
  });

  it('[B6] [3081 §3.1.4] sends SEQ frames first, also when octets are taken a few at a time', () => {
    const { wire, channel } = withChannels();
    channel?.send(octets('x'.repeat(300)), () => {});
    channel?.send(octets('x'.repeat(300)), () => {});
    expect(wire.session.takeOutput(1)).toHaveLength(300 + 22);
    wire.frame('MSG 1 1 .', 'x'.repeat(40_000));
    expect(wire.headers()).toEqual(['SEQ 1 40000 65536', 'MSG 1 2 . 300 300']);
  });

  it('tells that there is something to send, once until all was taken', () => {
    let wishes = 0;
    const recorder = new Recorder();
    const wire = Wire.withChannels(recorder, [1], {
      onOutput: () => {
        wishes += 1;
      },
    });
    const before = wishes;
    recorder.channels[0]?.send(octets('one'), () => {});
    recorder.channels[0]?.send(octets('two'), () => {});
    expect(wishes).toBe(before + 1);
    wire.take();
    recorder.channels[0]?.send(octets('three'), () => {});
    expect(wishes).toBe(before + 2);
  });
});

describe('receiving', () => {
  it('[3081 §3.1.1] [3081 §3.1.3 rule 4] widens the window of a new channel at once', () => {
    const recorder = new Recorder();
    const wire = new Wire({ profiles: [recorder] });
    wire.greet();
    wire.manage(1, `<start number='1'><profile uri='${recorder.uri}' /></start>`);
    expect(wire.headers()).toContain('SEQ 1 0 65536');
    const small = new Wire({ profiles: [recorder], limits: { receiveWindowOctets: 4096 } });
    small.greet();
    small.manage(1, `<start number='1'><profile uri='${recorder.uri}' /></start>`);
    expect(small.headers().join()).not.toContain('SEQ');
  });

  it('[3081 §3.1.4 rule 3] [3081 §3.1.4 rule 4] sends one SEQ for frames that came together, once half is used', () => {
    const { wire } = withChannels();
    wire.frame('MSG 1 1 .', 'x'.repeat(32_767));
    expect(wire.take()).toEqual([]);
    wire.frame('MSG 1 2 .', 'x');
    wire.frame('MSG 1 3 .', 'xx');
    expect(wire.headers()).toEqual(['SEQ 1 32770 65536']);
  });

  it('opens the window for a message that is larger than it', () => {
    const { wire, recorder } = withChannels([1], { limits: { receiveWindowOctets: 4096 } });
    for (let part = 0; part < 25; part += 1) {
      wire.frame('MSG 1 1 *', 'x'.repeat(4096));
      expect(wire.headers()).toEqual([`SEQ 1 ${(part + 1) * 4096} 4096`]);
    }
    wire.frame('MSG 1 1 .');
    expect(recorder.exchanges[0]?.payload).toHaveLength(25 * 4096);
  });

  it('[B3] [3081 §3.1.4 rule 6] holds the window still while the profile pauses, and gives nothing back', () => {
    const { wire, channel } = withChannels();
    channel?.pause();
    wire.frame('MSG 1 1 .', 'x'.repeat(50_000));
    expect(wire.take()).toEqual([]);
    expect(wire.frame('MSG 1 2 .', 'x'.repeat(15_536))).toBe('need-more');
    expect(wire.take()).toEqual([]);
    channel?.resume();
    expect(wire.headers()).toEqual(['SEQ 1 65536 65536']);
  });

  it('holds the window still while too many exchanges are unanswered', () => {
    const { wire, recorder } = withChannels([1], { limits: { unansweredExchanges: 2 } });
    for (const msgno of [1, 2]) wire.frame(`MSG 1 ${msgno} .`, 'x'.repeat(20_000));
    expect(wire.headers()).toEqual(['SEQ 1 40000 65536']);
    for (const msgno of [3, 4]) wire.frame(`MSG 1 ${msgno} .`, 'x'.repeat(30_000));
    expect(wire.take()).toEqual([]);
    recorder.exchanges[1]?.reply(octets(''));
    expect(wire.take()).toEqual([]);
    recorder.exchanges[0]?.reply(octets(''));
    expect(wire.headers()).toEqual(['SEQ 1 100000 65536', 'RPY 1 1 . 0 0', 'RPY 1 2 . 0 0']);
  });

  it('holds the window still while the peer does not take its replies', () => {
    const { wire, recorder } = withChannels([1], { limits: { exchangeOctets: 50_000 } });
    wire.frame('MSG 1 1 .', 'x'.repeat(40_000));
    expect(wire.headers()).toEqual(['SEQ 1 40000 65536']);
    recorder.exchanges[0]?.reply(octets('x'.repeat(15_000)));
    wire.take();
    wire.frame('MSG 1 2 .', 'x'.repeat(40_000));
    expect(wire.take()).toEqual([]);
    wire.openWindow(1, 65_536);
    expect(wire.headers()).toEqual([
      'RPY 1 1 * 4096 4096',
      'RPY 1 1 * 8192 4096',
      'RPY 1 1 . 12288 2712',
      'SEQ 1 80000 65536',
    ]);
  });

  it('gives what replies need, and no more, to a peer that does not take its own', () => {
    const { wire, recorder } = withChannels([1], {
      limits: { receiveWindowOctets: 4096, exchangeOctets: 10_000 },
    });
    wire.frame('MSG 1 1 .', 'x');
    recorder.exchanges[0]?.reply(octets('x'.repeat(20_000)));
    expect(wire.headers()).toEqual(['RPY 1 1 * 0 4096']);
    wire.frame('MSG 1 2 .', 'x'.repeat(3071));
    expect(wire.take()).toEqual([]);
    // A reply could pass; MSGs in its place are taken for the length of a window.
    for (let count = 0; count < 4; count += 1) {
      wire.frame(`MSG 1 ${3 + count} .`, 'x'.repeat(1024));
      expect(wire.headers()).toEqual([`SEQ 1 ${4096 + count * 1024} 1024`]);
    }
    wire.frame('MSG 1 7 .', 'x'.repeat(1024));
    expect(wire.take()).toEqual([]);
    wire.raw('SEQ 1 4096 65536\r\n');
    expect(wire.headers()).toContain('SEQ 1 8192 4096');
  });

  it('begins no MSG in the last octets of the window while it owes replies', () => {
    const { wire, recorder, channel } = withChannels();
    wire.frame('MSG 1 1 .', 'question');
    channel?.send(octets('x'.repeat(3072)), () => {});
    channel?.send(octets('y'), () => {});
    expect(wire.headers()).toEqual(['MSG 1 1 . 0 3072']);
    recorder.exchanges[0]?.reply(octets('answer'));
    expect(wire.headers()).toEqual(['RPY 1 1 . 3072 6', 'MSG 1 2 . 3078 1']);
  });

  it('[3081 §3.1.1 rule 1] [3081 §3.1.1 rule 2] refuses to be configured with less than 4096 octets', () => {
    for (const limits of [
      { receiveWindowOctets: 4095 },
      { managementWindowOctets: 0 },
      { framePayloadOctets: 0 },
    ]) {
      expect(() => new Session({ role: 'listener', profiles: [], now: () => 0, limits })).toThrow(UsageError);
    }
  });
});

it('[3080 §2.2.1.2] [3081 §3.1] goes on past sequence number 2^32', () => {
  const recorder = new Recorder();
  const pair = sessionPair({}, { profiles: [recorder], limits: { receiveWindowOctets: 10_000 } });
  pair.initiator.startChannel({ profiles: [{ uri: recorder.uri }], handler: new Recorder() }, (result) => {
    if (result instanceof Error) throw result;
    recorder.channels.push(result.channel);
  });
  pair.pump();
  const [listening, initiating] = recorder.channels as BeepChannel[];
  if (listening === undefined || initiating === undefined) throw new Error('no channel');
  for (const channel of [listening, initiating]) {
    // As if nearly 2^32 octets had been sent each way.
    Object.assign(channel, {
      sending: new SendWindow(2 ** 32 - 5000),
      receiving: new ReceiveWindow(2 ** 32 - 5000),
    });
  }
  const replies: number[] = [];
  for (const size of [3000, 0, 20_000, 5]) {
    initiating.send(new Uint8Array(size), (reply) =>
      replies.push('payload' in reply ? reply.payload.length : -1),
    );
  }
  pair.pump();
  for (const exchange of recorder.exchanges) exchange.reply(exchange.payload);
  pair.pump();
  expect(replies).toEqual([3000, 0, 20_000, 5]);
  for (const { sending, receiving } of [listening, initiating]) {
    expect([sending.next, receiving.expected]).toEqual([18_005, 18_005]);
  }
});
