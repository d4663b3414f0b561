import { describe, expect, it } from 'vitest';
import { beepXml } from '../../../src/message/mime.ts';
import { askForTls } from '../../../src/profile/tls/ask-for-tls.ts';
import { tlsProfileUri } from '../../../src/profile/tls/elements.ts';
import { tlsProfile } from '../../../src/profile/tls/tls-profile.ts';
import type { SessionEvent } from '../../../src/session/events.ts';
import type { Channel, Reply, StartedChannel } from '../../../src/session/profile.ts';
import { sessionPair } from '../../../src/testing/session-pair.ts';
import { echo, octets, Recorder, text } from '../../session/wire.ts';

/** A pair whose listener has TLS and a profile that answers when told to. */
function pair() {
  const initiatorEvents: SessionEvent[] = [];
  const listenerEvents: SessionEvent[] = [];
  const late = new Recorder('urn:late');
  const carried: string[] = [];
  const sessions = sessionPair(
    { onEvent: (event) => initiatorEvents.push(event) },
    { profiles: [tlsProfile(), echo, late], onEvent: (event) => listenerEvents.push(event) },
    { carried: (from, sent) => carried.push(`${from}: ${text(sent)}`) },
  );
  sessions.pump();
  return { ...sessions, initiatorEvents, listenerEvents, late, carried };
}

type Pair = ReturnType<typeof pair>;

function started({ initiator, pump }: Pair, uri: string, initialization?: string): StartedChannel | Error {
  let result: StartedChannel | Error | undefined;
  const profile = initialization === undefined ? { uri } : { uri, initialization };
  initiator.startChannel({ profiles: [profile], handler: new Recorder() }, (outcome) => {
    result = outcome;
  });
  pump();
  if (result === undefined) throw new Error('no outcome');
  return result;
}

function kinds(events: readonly SessionEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

describe('the TLS profile', () => {
  it('[3080 §3.1.1] [3080 §3.1.3.2] [3080 §3] proceeds for a ready within the start, and both sessions are over', () => {
    const sessions = pair();
    const outcomes: unknown[] = [];
    askForTls(sessions.initiator, 'example.com', (refusal) => outcomes.push(refusal));
    sessions.pump();
    expect(outcomes).toEqual([undefined]);
    expect(kinds(sessions.initiatorEvents)).toEqual(['greeting', 'tuned']);
    expect(kinds(sessions.listenerEvents)).toEqual(['greeting', 'tuned']);
    expect(sessions.carried.at(-1)).toContain('<![CDATA[<proceed />]]>');
    expect(sessions.carried.at(-2)).toContain('<![CDATA[<ready />]]>');
    expect(sessions.listener.facts.serverName).toBe('example.com');
    // 3080 §3.1.3.2: nothing more leaves
    expect([sessions.initiator.takeOutput(1000), sessions.listener.takeOutput(1000)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('[3080 §3.1.1] proceeds for a ready in a message as well', () => {
    const sessions = pair();
    const { channel } = started(sessions, tlsProfileUri) as StartedChannel;
    const replies: Reply[] = [];
    channel.send(beepXml('<ready />'), (reply) => {
      replies.push(reply);
      sessions.initiator.tune();
    });
    sessions.pump();
    expect(replies).toMatchObject([{ kind: 'RPY', payload: beepXml('<proceed />') }]);
    expect(kinds(sessions.listenerEvents).at(-1)).toBe('tuned');
    expect(kinds(sessions.initiatorEvents).at(-1)).toBe('tuned');
  });

  it.each([
    ["<ready version='oops' />", 501],
    ["<ready version='2' />", 501],
    ['<ready>now</ready>', 501],
    ['<proceed />', 501],
    ['<ready', 500],
  ])(
    '[3080 §3.1.1] [3080 §7.2] [B18] answers %s with the error %i in a positive reply, and the session goes on',
    (ready, code) => {
      const sessions = pair();
      const { initializationReply } = started(sessions, tlsProfileUri, ready) as StartedChannel;
      expect(initializationReply).toContain(`code='${code}'`);
      expect(started(sessions, 'urn:echo')).not.toBeInstanceOf(Error);
    },
  );

  it.each(["<ready version='1' />", "<ready version='1.2'/>", '  <ready></ready>  '])(
    '[3080 §7.2] accepts %s',
    (ready) => {
      const sessions = pair();
      expect(started(sessions, tlsProfileUri, ready)).toMatchObject({ initializationReply: '<proceed />' });
    },
  );

  it('[3080 §3.1.3.1] waits until all pending replies have left, and sends nothing else meanwhile', () => {
    const sessions = pair();
    const { channel } = started(sessions, 'urn:late') as StartedChannel;
    const replies: Reply[] = [];
    channel.send(octets('a'), (reply) => replies.push(reply));
    sessions.pump();
    let outcome: StartedChannel | Error | undefined;
    const start = {
      profiles: [{ uri: tlsProfileUri, initialization: '<ready />' }],
      handler: new Recorder(),
    };
    sessions.initiator.startChannel(start, (result) => {
      outcome = result;
    });
    sessions.pump();
    expect(outcome).toBeUndefined();
    // The listener may not begin anything of its own.
    expect(() => sessions.listener.startChannel(start, () => {})).toThrowError(
      expect.objectContaining({ code: 'session.tuning' }),
    );
    sessions.late.exchanges[0]?.reply(octets('b'));
    sessions.pump();
    expect(replies).toMatchObject([{ kind: 'RPY' }]);
    expect(outcome).toMatchObject({ initializationReply: '<proceed />' });
    expect(kinds(sessions.listenerEvents).at(-1)).toBe('tuned');
  });

  it('[3080 §3.1.3.1] declines when a pending reply takes too long, and the session goes on', () => {
    const sessions = pair();
    const { channel } = started(sessions, 'urn:late') as StartedChannel;
    channel.send(octets('a'), () => {});
    sessions.pump();
    let outcome: StartedChannel | Error | undefined;
    const start = {
      profiles: [{ uri: tlsProfileUri, initialization: '<ready />' }],
      handler: new Recorder(),
    };
    sessions.initiator.startChannel(start, (result) => {
      outcome = result;
    });
    sessions.pump();
    sessions.advance(60_000);
    expect(outcome).toMatchObject({ initializationReply: expect.stringContaining("code='550'") });
    sessions.late.exchanges[0]?.reply(octets('b'));
    expect(started(sessions, 'urn:echo')).not.toBeInstanceOf(Error);
  });

  it('[3080 §3.1.3.2] ends all channels, channel zero too, and what waits on them', () => {
    const sessions = pair();
    const handler = new Recorder();
    let channel: Channel | undefined;
    sessions.initiator.startChannel({ profiles: [{ uri: 'urn:echo' }], handler }, (result) => {
      if (!(result instanceof Error)) channel = result.channel;
    });
    sessions.pump();
    askForTls(sessions.initiator, undefined, () => {});
    sessions.pump();
    expect(handler.ends).toEqual([{ kind: 'closed' }]);
    expect(() => channel?.send(octets('a'), () => {})).toThrowError(
      expect.objectContaining({ code: 'channel.closed' }),
    );
  });

  it('[B11] hands over what stands behind the proceed, unread', () => {
    const sessions = pair();
    askForTls(sessions.initiator, undefined, () => {});
    const ready = sessions.initiator.takeOutput(65_536);
    if (ready === undefined) throw new Error('nothing sent');
    sessions.listener.receive(ready);
    const proceed = sessions.listener.takeOutput(65_536) ?? new Uint8Array();
    const behind = octets('MSG 0 0 . nonsense');
    sessions.initiator.receive(new Uint8Array([...proceed, ...behind]));
    expect(sessions.initiatorEvents.at(-1)).toEqual({ kind: 'tuned', trailing: behind });
  });

  it('[B17] allows one tuning exchange at a time', () => {
    const sessions = pair();
    started(sessions, tlsProfileUri);
    expect(started(sessions, tlsProfileUri)).toMatchObject({ replyCode: 550 });
  });

  it('[B11] [B14] [3080 §4.1] is there before protection and before authentication only', () => {
    const { available } = tlsProfile();
    const facts = { role: 'listener', remoteAddress: '', localize: [] } as const;
    expect(available?.({ ...facts, secured: false })).toBe(true);
    expect(available?.({ ...facts, secured: true })).toBe(false);
    const identity = { mechanism: 'PLAIN', authorization: 'fred@example.com' };
    expect(available?.({ ...facts, secured: false, identity })).toBe(false);
  });

  it('asks again on the channel when the peer did not look at the ready within the start', () => {
    const sessions = sessionPair(
      {},
      {
        profiles: [
          {
            uri: tlsProfileUri,
            start: (request) => {
              request.accept({
                message: (exchange) => exchange.reply(beepXml('<proceed />')),
                closed: () => {},
              });
            },
          },
        ],
      },
    );
    const outcomes: unknown[] = [];
    askForTls(sessions.initiator, undefined, (refusal) => outcomes.push(refusal));
    sessions.pump();
    expect(outcomes).toEqual([undefined]);
  });

  it.each([
    ["<error code='421'>no</error>", { replyCode: 421 }],
    ['<ready />', { code: 'element.name' }],
    ['<proceed>x</proceed>', { code: 'element.content' }],
  ])('is told when the peer answers %s, and the session goes on', (initializationReply, refusal) => {
    const sessions = sessionPair(
      {},
      {
        profiles: [
          {
            uri: tlsProfileUri,
            start: (request) => {
              request.accept(new Recorder(), initializationReply);
            },
          },
        ],
      },
    );
    const outcomes: unknown[] = [];
    askForTls(sessions.initiator, undefined, (outcome) => outcomes.push(outcome));
    sessions.pump();
    expect(outcomes).toMatchObject([refusal]);
    expect(sessions.initiator.isEnded).toBe(false);
  });
});
