import { describe, expect, it } from 'vitest';
import { ReplyError, SessionLostError, UsageError } from '../../src/errors.ts';
import { beepXml } from '../../src/message/mime.ts';
import type { Profile } from '../../src/session/profile.ts';
import { Session } from '../../src/session/session.ts';
import { echo, Recorder, text, Wire } from './wire.ts';

describe('the greeting', () => {
  it('[3080 §2.3] [3080 §2.3.1.1] [3080 §2.4] leaves at once, in either role, as a reply with number 0', () => {
    for (const role of ['initiator', 'listener'] as const) {
      const wire = new Wire({ role });
      const [greeting] = wire.take();
      expect(greeting).toMatchObject({ kind: 'RPY', channel: 0, msgno: 0, more: false, seqno: 0 });
      expect(text(greeting && 'payload' in greeting ? greeting.payload : new Uint8Array(0))).toBe(
        'Content-Type: application/beep+xml\r\n\r\n<greeting />',
      );
    }
  });

  it('[3080 §2.3.1.1 rule 1] [3080 §2.3.1.1 rule 2] [3080 §2.3.1.1 rule 3] tells features, languages and profiles', () => {
    const hidden: Profile = { ...echo, uri: 'urn:hidden', available: () => false };
    const wire = new Wire({ profiles: [echo, hidden], features: ['x-a', 'x-b'], localize: ['fr', 'en-US'] });
    expect(wire.messages()).toEqual([
      "RPY 0 0 <greeting features='x-a x-b' localize='fr en-US'><profile uri='urn:echo' /></greeting>",
    ]);
  });

  it('[3080 §2.3.1.1] is told when it comes, with what it says', () => {
    const wire = new Wire();
    wire.greet("<greeting features='x-a' localize='de'><profile uri='urn:x' /></greeting>");
    expect(wire.events).toEqual([
      { kind: 'greeting', greeting: { profiles: ['urn:x'], features: ['x-a'], localize: ['de'] } },
    ]);
    expect(wire.session.facts.localize).toEqual(['de']);
  });

  it('may come in fragments, behind a Content-Type in other letter case', () => {
    const wire = new Wire();
    const greeting = 'content-type: Application/BEEP+xml; charset="UTF-8"\r\n\r\n<greeting />';
    for (const character of greeting) wire.frame('RPY 0 0 *', character);
    wire.frame('RPY 0 0 .');
    expect(wire.events).toMatchObject([{ kind: 'greeting' }]);
  });

  it('[3080 §2.3.1.5 rule 6] [3080 §2.4] is an error where the listener is unavailable, and that ends both', () => {
    const wire = new Wire({ unavailable: { replyCode: 421, text: 'too busy' } });
    expect(wire.greet()).toBe('paused');
    expect(wire.messages()).toEqual(["ERR 0 0 <error code='421'>too busy</error>"]);
    expect(wire.ending).toBe('lost close session.unavailable');

    const peer = new Wire({ role: 'initiator' });
    peer.frame('ERR 0 0 .', text(beepXml("<error code='421'>too busy</error>")));
    expect(peer.take()).toEqual([]);
    expect(peer.ending).toBe('lost close session.refused');
    const [end] = peer.events;
    const error = end?.kind === 'ended' && end.end.kind === 'lost' ? end.end.error : undefined;
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ replyCode: 421, text: 'too busy' });
  });

  it('[3080 §2.3.1.5 rule 6] is never an error of an initiator', () => {
    const options = { role: 'initiator', profiles: [], now: () => 0 } as const;
    expect(() => new Session({ ...options, unavailable: { replyCode: 421, text: '' } })).toThrow(UsageError);
  });

  it('is waited for a bounded time', () => {
    const wire = new Wire({ limits: { greetingWaitMs: 500 } });
    wire.take();
    expect(wire.session.deadline()).toBe(500);
    wire.session.tick(499);
    expect(wire.ending).toBeUndefined();
    wire.session.tick(500);
    expect(wire.ending).toBe('lost abort session.lost');
    expect(wire.session.deadline()).toBeUndefined();
  });

  it('leaves no deadline behind', () => {
    const wire = new Wire();
    wire.greet();
    expect(wire.session.deadline()).toBeUndefined();
  });

  it('comes before any start of ours leaves', () => {
    const wire = new Wire({ role: 'initiator' });
    wire.session.startChannel({ profiles: [{ uri: 'urn:x' }], handler: new Recorder() }, () => {});
    expect(wire.headers()).toEqual(['RPY 0 0 . 0 50']);
    wire.greet();
    expect(wire.headers()).toEqual(['MSG 0 1 . 50 87']);
  });

  it('is never seen when the connection is lost before', () => {
    const wire = new Wire();
    wire.session.transportClosed(new Error('reset'));
    expect(wire.ending).toBe('lost abort -');
    const [event] = wire.events;
    expect(event?.kind === 'ended' && event.end.kind === 'lost' && event.end.error).toBeInstanceOf(
      SessionLostError,
    );
  });
});
