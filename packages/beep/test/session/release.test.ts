import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { sessionPair } from '../../src/testing/index.ts';
import { no, ok, withChannels } from './closing.ts';
import { octets, Wire } from './wire.ts';

describe('a release', () => {
  it('[3080 §2.4] [3081 §2] of the peer is answered ok, and then we close', () => {
    const { wire, recorder } = withChannels();
    wire.manage(5, "<close code='200' />");
    expect(wire.ending).toBeUndefined();
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
    expect(wire.ending).toBe('released close -');
    expect(recorder.ends).toEqual([{ kind: 'released' }]);
  });

  it('[B10] of the peer waits for exchanges on every channel, and for every handler', () => {
    const { wire, recorder } = withChannels([1, 3]);
    wire.frame('MSG 3 1 .', 'question');
    recorder.channels[0]?.send(octets('question'), () => {});
    wire.manage(5, "<close number='0' code='200' />");
    expect(wire.headers()).toEqual(['MSG 1 1 . 0 8']);
    expect(() => recorder.channels[1]?.send(octets('new'), () => {})).toThrow(UsageError);
    expect(() =>
      wire.session.startChannel({ profiles: [{ uri: 'urn:x' }], handler: recorder }, () => {}),
    ).toThrow(expect.objectContaining({ code: 'session.releasing' }));
    recorder.exchanges[0]?.reply(octets('yes'));
    wire.take();
    expect(wire.ending).toBeUndefined();
    wire.frame('RPY 1 1 .', 'yes');
    expect(wire.messages()).toEqual(['RPY 0 5 <ok />']);
    expect(wire.ending).toBe('released close -');
  });

  it('[B10] of the peer is declined when the wait is over, and the session goes on', () => {
    const { wire, recorder } = withChannels([1], { limits: { closeWaitMs: 1000 } });
    wire.frame('MSG 1 1 .', 'question');
    wire.manage(5, "<close number='0' code='200' />");
    wire.manage(6, `<start number='3'><profile uri='${recorder.uri}' /></start>`);
    wire.session.tick(1000);
    expect(wire.messages().slice(0, 2)).toEqual([
      "ERR 0 5 <error code='550'>still working</error>",
      `RPY 0 6 <profile uri='${recorder.uri}' />`,
    ]);
    recorder.exchanges[0]?.reply(octets('yes'));
    recorder.channels[0]?.send(octets('new'), () => {});
    expect(wire.messages()).toEqual(['RPY 1 1 yes', 'MSG 1 1 new']);
    expect(wire.ending).toBeUndefined();
  });

  it('[3080 §2.4] of ours waits for our exchanges, always names its number, and ends with the ok', () => {
    const { wire, recorder, channel } = withChannels();
    channel.send(octets('question'), () => {});
    wire.session.release();
    expect(wire.headers()).toEqual(['MSG 1 1 . 0 8']);
    expect(() => channel.send(octets('new'), () => {})).toThrow(UsageError);
    wire.frame('RPY 1 1 .', 'yes');
    expect(wire.messages()).toEqual(["MSG 0 1 <close number='0' code='200' />"]);
    ok(wire, 1);
    expect(wire.ending).toBe('released close -');
    expect(recorder.ends).toEqual([{ kind: 'released' }]);
    expect(wire.take()).toEqual([]);
  });

  it('[3080 §2.4] of ours can be declined, and the session goes on', () => {
    const { wire, channel } = withChannels();
    wire.session.release();
    wire.session.release();
    expect(wire.messages()).toHaveLength(1);
    no(wire, 1);
    expect(wire.events.at(-1)).toMatchObject({ kind: 'release-declined', error: { replyCode: 550 } });
    channel.send(octets('new'), () => {});
    expect(wire.messages()).toEqual(['MSG 1 1 new']);
  });

  it('of ours does not wait for ever', () => {
    const { wire, channel } = withChannels([1], { limits: { closeWaitMs: 1000 } });
    channel.send(octets('question'), () => {});
    wire.session.release();
    wire.take();
    wire.now = 1000;
    wire.session.tick(1000);
    expect(wire.messages()).toEqual(["MSG 0 1 <close number='0' code='200' />"]);
    wire.session.tick(3000);
    expect(wire.ending).toBe('lost abort session.lost');
  });

  it('of both peers at the same time does not make them wait for each other', () => {
    const ends: string[] = [];
    const note = (who: string) => (event: { kind: string; end?: { kind: string } }) => {
      if (event.kind === 'ended') ends.push(`${who} ${event.end?.kind}`);
    };
    const pair = sessionPair({ onEvent: note('initiator') }, { onEvent: note('listener') });
    pair.pump();
    pair.initiator.release();
    pair.listener.release();
    pair.pump();
    expect(ends.sort()).toEqual(['initiator released', 'listener released']);
  });

  it('before the greetings is a mere end', () => {
    const wire = new Wire({ role: 'initiator' });
    wire.session.release();
    expect(wire.take()).toEqual([]);
    expect(wire.ending).toBe('released close -');
  });
});
