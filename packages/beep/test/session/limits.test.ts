import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { octets, Recorder, Wire } from './wire.ts';

function withChannels(numbers: readonly number[], limits: Partial<Limits>) {
  const recorder = new Recorder();
  const wire = Wire.withChannels(recorder, numbers, { limits });
  for (const number of numbers) wire.openWindow(number, 65_536);
  wire.take();
  return { wire, recorder };
}

it.each([
  [{ receiveWindowOctets: 4095 }, 'limits.receiveWindowOctets: 4095 is not a number from 4096 up'],
  [{ messagesPerSecond: 0 }, 'limits.messagesPerSecond: 0 is not a number from 1 up'],
  [{ exchangeOctets: Number.NaN }, 'limits.exchangeOctets: NaN is not a number from 0 up'],
])('a limit that cannot be is named: %j', (limits, message) => {
  expect(() => new Wire({ limits })).toThrow(message);
});

describe('what a session keeps for its peer', () => {
  it('is counted on all channels together: replies that are not taken on one hold the window of another still', () => {
    const { wire, recorder } = withChannels([1, 3], { exchangeOctets: 20_000 });
    wire.openWindow(1, 10);
    wire.frame('MSG 1 1 .', 'question');
    recorder.exchanges[0]?.reply(octets('x'.repeat(30_000)));
    wire.take();
    wire.frame('MSG 3 1 .', 'x'.repeat(50_000));
    recorder.exchanges[1]?.reply(octets(''));
    expect(wire.headers()).toEqual(['RPY 3 1 . 0 0']);
    wire.openWindow(1, 65_536);
    expect(wire.headers()).toContain('SEQ 3 50000 65536');
  });

  it('is free again when a channel is closed with replies that were never taken', () => {
    const { wire, recorder } = withChannels([1, 3], { exchangeOctets: 20_000, closeWaitMs: 10 });
    wire.openWindow(1, 10);
    recorder.channels[0]?.close();
    wire.frame('MSG 1 1 .', 'question');
    recorder.exchanges[0]?.reply(octets('x'.repeat(30_000)));
    wire.take();
    wire.manage(3, "<close number='3' code='200' />");
    wire.raw('SEQ 1 10 65536\r\n');
    wire.take();
    wire.frame('RPY 0 1 .', 'Content-Type: application/beep+xml\r\n\r\n<ok />');
    expect(recorder.ends).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    wire.manage(4, "<start number='5'><profile uri='urn:recorder' /></start>");
    expect(wire.headers()).toContain('SEQ 5 0 65536');
  });

  it('is bounded in advance: windows are open for so much together, and a channel that finds it spent has the first', () => {
    const { wire } = withChannels([1, 3], { openWindowOctets: 61_440 });
    wire.frame('MSG 3 1 .', 'x'.repeat(2048));
    expect(wire.headers()).toEqual(['SEQ 3 2048 4096']);
    wire.frame('MSG 1 1 .', 'x'.repeat(60_000));
    wire.frame('MSG 3 2 .', 'x'.repeat(2048));
    expect(wire.headers()).toEqual(['SEQ 1 60000 65536', 'SEQ 3 4096 4096']);
  });

  it('is open for others once a channel is closed', () => {
    const { wire } = withChannels([1, 3], { openWindowOctets: 61_440 });
    wire.manage(3, "<close number='1' code='200' />");
    wire.take();
    wire.frame('MSG 3 1 .', 'x'.repeat(2048));
    expect(wire.headers()).toEqual(['SEQ 3 2048 65536']);
  });

  it('ends with a peer that goes on once what fitted into open windows is there', () => {
    const { wire, recorder } = withChannels([1, 3], { exchangeOctets: 20_000, openWindowOctets: 20_000 });
    wire.frame('MSG 1 1 .', 'x'.repeat(15_000));
    recorder.exchanges[0]?.reply(octets('x'.repeat(15_000)));
    expect(wire.frame('MSG 1 2 .', 'x'.repeat(9000))).toBe('need-more');
    expect(wire.frame('MSG 3 1 .', 'x')).toBe('need-more');
    recorder.exchanges[1]?.reply(octets('x'.repeat(1000)));
    expect(wire.frame('MSG 3 2 .', 'x')).toMatchObject({ code: 'limit.exchanges' });
  });

  it('[3080 §2.6.3] refuses a MSG that would take what has begun to arrive over the limit, and goes on', () => {
    const { wire, recorder } = withChannels([1, 3, 5], { unfinishedOctets: 50_000 });
    wire.frame('MSG 1 1 *', 'a'.repeat(30_000));
    wire.frame('MSG 3 1 *', 'b'.repeat(30_000));
    expect(wire.messages()).toEqual(["ERR 3 1 <error code='554'>too much has begun to arrive</error>"]);
    wire.frame('MSG 3 1 .', 'b');
    wire.frame('MSG 1 1 *', 'a'.repeat(15_000));
    wire.frame('MSG 5 1 .', 'c'.repeat(10_000));
    wire.frame('MSG 1 1 .', 'a'.repeat(10_000));
    expect(recorder.payloads.map(({ length }) => length)).toEqual([10_000, 55_000]);
    // What was refused, and what is complete, no longer counts.
    wire.frame('MSG 3 2 *', 'b'.repeat(20_000));
    wire.frame('MSG 3 2 .', 'b'.repeat(10_000));
    expect(recorder.payloads.at(-1)).toHaveLength(30_000);
    expect(wire.events.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { diagnostic: { code: 'limit.unfinished' } },
    ]);
  });

  it('ends with a peer whose replies take what has begun to arrive over the limit', () => {
    const { wire, recorder } = withChannels([1, 3], { unfinishedOctets: 50_000 });
    for (const channel of recorder.channels) channel.send(octets('question'), () => {});
    wire.take();
    wire.frame('RPY 1 1 *', 'x'.repeat(30_000));
    wire.frame('RPY 3 1 *', 'x'.repeat(30_000));
    expect(wire.ending).toBe('lost abort limit.unfinished');
  });
});

describe('a peer that sends faster than it may', () => {
  it('gets no window until it has fallen behind its rate, and loses nothing', () => {
    const { wire, recorder } = withChannels([1], { octetsPerSecond: 50_000 });
    wire.frame('MSG 1 1 .', 'x'.repeat(60_000));
    expect(recorder.payloads).toHaveLength(1);
    expect(wire.headers()).toEqual([]);
    expect(wire.session.wantsOctets).toBe(true);
    const until = wire.session.deadline() ?? 0;
    expect(until).toBeGreaterThan(150);
    expect(until).toBeLessThan(300);
    wire.now = until - 1;
    wire.session.tick(wire.now);
    expect(wire.headers()).toEqual([]);
    wire.now = until;
    wire.session.tick(wire.now);
    expect(wire.headers()).toEqual(['SEQ 1 60000 65536']);
    expect(wire.session.deadline()).toBeUndefined();
  });

  it('is held to MSGs as to octets; replies are no MSGs', () => {
    const { wire, recorder } = withChannels([1], { messagesPerSecond: 10, receiveWindowOctets: 4096 });
    for (let msgno = 1; msgno <= 20; msgno += 1) wire.frame(`MSG 1 ${msgno} .`, 'x');
    expect(recorder.payloads).toHaveLength(20);
    // Those of the start are MSGs too.
    expect(wire.session.deadline()).toBeGreaterThanOrEqual(1000);
    wire.now = wire.session.deadline() ?? 0;
    wire.session.tick(wire.now);
    recorder.channels[0]?.send(octets('a'), () => {});
    recorder.channels[0]?.send(octets('b'), () => {});
    wire.take();
    wire.frame('RPY 1 1 .');
    wire.frame('RPY 1 2 .');
    expect(wire.session.deadline()).toBeUndefined();
  });

  it('is not read once it is more than a second ahead, until it has fallen behind', () => {
    const { wire } = withChannels([1], { octetsPerSecond: 1000 });
    for (let count = 0; count < 200; count += 1) wire.raw('SEQ 1 0 65536\r\n');
    expect(wire.session.wantsOctets).toBe(false);
    wire.now = wire.session.deadline() ?? 0;
    wire.session.tick(wire.now);
    expect(wire.session.wantsOctets).toBe(true);
  });

  it('is reported once', () => {
    const { wire } = withChannels([1], { messagesPerSecond: 1 });
    for (let msgno = 1; msgno <= 5; msgno += 1) wire.frame(`MSG 1 ${msgno} .`, 'x');
    const refused = wire.events.filter(({ kind }) => kind === 'refused');
    expect(refused).toMatchObject([{ diagnostic: { code: 'limit.rate', ended: false } }]);
  });

  it('is not slowed by what it could have sent long ago', () => {
    const { wire } = withChannels([1], { octetsPerSecond: 10_000 });
    for (let second = 1; second <= 5; second += 1) {
      wire.now = second * 1000;
      wire.frame(`MSG 1 ${second} .`, 'x'.repeat(9000));
      expect(wire.session.deadline()).toBeUndefined();
      wire.take();
    }
  });
});
