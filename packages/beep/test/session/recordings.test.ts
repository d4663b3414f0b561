import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../src/errors.ts';
import { encodeFrame } from '../../src/frame/encoder.ts';
import type { Frame } from '../../src/frame/frame.ts';
import { parseManagement } from '../../src/management/elements.ts';
import { beepXml, beepXmlBody } from '../../src/message/mime.ts';
import type { ChannelHandler, Exchange, Profile, StartRequest } from '../../src/session/profile.ts';
import { Session } from '../../src/session/session.ts';
import { concatenate, messages, type TranscriptMessage, transcript } from '../../src/testing/index.ts';
import { WindowWatch } from './window-watch.ts';
import { octets, Recorder, text } from './wire.ts';

/** Recordings of another implementation; see ../fixtures/README.md. */
function recording(name: string, side: 'c2s' | 's2c'): readonly Frame[] {
  const file = readFileSync(new URL(`../fixtures/vortex/${name}.${side}.bin`, import.meta.url));
  return transcript(new Uint8Array(file)).frames;
}

/**
 * Numbers that each implementation chooses for itself: Vortex begins with MSG 0 and channel 3 or 4,
 * we with MSG 1 and channel 1 or 2. Recorded replies name our MSGs once the numbers are ours.
 */
function withOurNumbers(frames: readonly Frame[], channels: ReadonlyMap<number, number>): Frame[] {
  let isGreeted = false;
  return frames.map((frame) => {
    const channel = channels.get(frame.channel) ?? frame.channel;
    if (frame.kind === 'SEQ') return { ...frame, channel };
    if (frame.kind === 'MSG') return { ...frame, channel, payload: withOurChannels(frame.payload, channels) };
    const isGreeting = frame.channel === 0 && !isGreeted;
    if (isGreeting && !frame.more) isGreeted = true;
    return { ...frame, channel, msgno: isGreeting ? 0 : frame.msgno + 1 };
  });
}

/** The same in a close; the numbers are of the same length. */
function withOurChannels(payload: Uint8Array, channels: ReadonlyMap<number, number>): Uint8Array {
  let xml = text(payload);
  for (const [theirs, ours] of channels)
    xml = xml.replace(`<close number='${theirs}'`, `<close number='${ours}'`);
  return octets(xml);
}

const ok = beepXml('<ok />');
const handler = (message: (exchange: Exchange) => void): ChannelHandler => ({ message, closed: () => {} });
const answering = (uri: string, message: (exchange: Exchange) => void): Profile => ({
  uri,
  start: (request) => void request.accept(handler(message)),
});

/** The profiles of the listener that was recorded. */
function profiles(session: () => Session): Profile[] {
  const echo = (exchange: Exchange): void => exchange.reply(exchange.payload);
  return [
    answering('urn:x-interop:echo', echo),
    answering('urn:x-interop:echo-octet', echo),
    answering('urn:x-interop:err', (exchange) => {
      exchange.error(beepXml("<error code='550'>refused by application</error>"));
    }),
    answering('urn:x-interop:ans', (exchange) => {
      const count = Number(text(beepXmlBody(exchange.payload)));
      for (let n = 0; n < count; n += 1) exchange.answer(beepXml(`<answer n='${n}' />`));
      exchange.end();
    }),
    {
      uri: 'urn:x-interop:push',
      start: (request) => {
        const channel = request.accept(
          handler((exchange) => {
            exchange.reply(ok);
            const count = Number(text(beepXmlBody(exchange.payload)));
            for (let n = 0; n < count; n += 1) channel.send(beepXml(`<data n='${n}' />`), () => {});
          }),
        );
      },
    },
    answering('urn:x-interop:callback', (exchange) => {
      exchange.reply(ok);
      const uri = text(beepXmlBody(exchange.payload));
      session().startChannel({ profiles: [{ uri }], handler: handler(() => {}) }, (result) => {
        if (!(result instanceof Error)) result.channel.send(octets('\r\n<hello />'), () => {});
      });
    }),
    {
      uri: 'urn:x-interop:noclose',
      start: (request) => void request.accept({ ...handler(echo), closing: () => {} }),
    },
    { uri: 'urn:x-interop:deny', start: (request) => request.refuse(421, 'service not available') },
    {
      uri: 'http://iana.org/beep/APEX',
      start: (request: StartRequest) => {
        expect(request.initialization).toBe("<attach endpoint='fred@example.com' transID='1' />");
        request.accept(
          handler((exchange) => exchange.reply(ok)),
          '<ok />',
        );
      },
    },
  ];
}

/** What a message means: on channel zero the element (numbers, texts and codes are each side's own). */
function meaning({ kind, channel, payload }: TranscriptMessage): string {
  if (kind === 'NUL') return `NUL ${channel}`;
  if (channel !== 0) return `${kind} ${channel} ${text(payload)}`;
  const element = parseManagement(beepXmlBody(payload));
  if (element.kind === 'profile') return `${kind} profile ${element.uri} ${element.initialization ?? ''}`;
  if (element.kind === 'start') return `${kind} start ${element.profiles.map(({ uri }) => uri).join()}`;
  return `${kind} ${element.kind}`;
}

const byChannel = (all: readonly TranscriptMessage[], channel: number): string[] =>
  all.filter((message) => message.channel === channel).map(meaning);

describe('a listener that hears what a Vortex initiator said', () => {
  it.each([
    'ansnul',
    'big100k',
    'callback',
    'close-refused',
    'early-greeting',
    'err',
    'octet',
    'piggyback',
    'pipelined',
    'plain',
    'push',
    'refused',
    'servername',
    'window',
  ])('[3080 §2.4] [3081 §3.1.2] [B10] answers what means the same, within the windows: %s', (name) => {
    let now = 0;
    const session: Session = new Session({
      role: 'listener',
      profiles: profiles(() => session),
      now: () => now,
    });
    const channels = new Map([[4, 2]]);
    const watch = new WindowWatch();
    const sent: Uint8Array[] = [];
    const take = (): void => {
      for (let part = session.takeOutput(65_536); part !== undefined; part = session.takeOutput(65_536)) {
        watch.sent(part);
        sent.push(part);
      }
    };
    take();
    for (const frame of withOurNumbers(recording(name, 'c2s'), channels)) {
      const input = encodeFrame(frame);
      watch.given(input);
      expect(session.receive(input)).toBe('need-more');
      take();
      const deadline = session.deadline();
      if (deadline !== undefined) {
        now = deadline;
        session.tick(now);
        take();
      }
    }
    const ours = messages(transcript(concatenate(sent)));
    const theirs = messages({
      frames: withOurNumbers(recording(name, 's2c'), channels),
      rest: new Uint8Array(0),
    });
    for (const channel of new Set([...ours, ...theirs].map((message) => message.channel))) {
      expect(byChannel(ours, channel)).toEqual(byChannel(theirs, channel));
    }
    // All but one end with a release, after which both sides close.
    expect(session.isEnded).toBe(name !== 'close-refused');
    if (name === 'servername') expect(session.facts.serverName).toBe('mail.example.com');
  });
});

describe('an initiator that hears what a Vortex listener said', () => {
  function initiator(name: string, allowNulPayload: boolean, payload: Uint8Array) {
    const session = new Session({ role: 'initiator', profiles: [], now: () => 0, allowNulPayload });
    const replies: string[] = [];
    const recorder = new Recorder();
    session.startChannel({ profiles: [{ uri: `urn:x-interop:${name}` }], handler: recorder }, (result) => {
      if (result instanceof Error) throw result;
      result.channel.send(payload, (reply) => {
        replies.push('payload' in reply ? `${reply.kind} ${text(beepXmlBody(reply.payload))}` : reply.kind);
        if (reply.kind === 'RPY' || reply.kind === 'NUL') result.channel.close(() => session.release());
      });
    });
    return { session, replies, recorder };
  }

  function hear(session: Session, name: string): unknown {
    session.takeOutput(65_536);
    for (const frame of withOurNumbers(recording(name, 's2c'), new Map([[3, 1]]))) {
      const result = session.receive(encodeFrame(frame));
      if (result !== 'need-more') return result;
      while (session.takeOutput(65_536) !== undefined);
    }
    return 'need-more';
  }

  it('[B17] [3080 §2.2.1.1 rule 11] takes its NUL with a payload where that is allowed', () => {
    const { session, replies } = initiator('ans', true, beepXml('3'));
    expect(hear(session, 'ansnul')).toBe('paused');
    expect(replies).toEqual(["ANS <answer n='0' />", "ANS <answer n='1' />", "ANS <answer n='2' />", 'NUL']);
    expect(session.isEnded).toBe(true);
  });

  it('[B17] [3080 §2.2.1.1 rule 11] ends the session at a NUL with a payload where it is not', () => {
    const { session, replies } = initiator('ans', false, beepXml('3'));
    const result = hear(session, 'ansnul');
    expect(result).toBeInstanceOf(FrameError);
    expect(result).toMatchObject({ code: 'frame.nul', header: 'NUL 1 1 . 162 38' });
    expect(replies.slice(3)).toEqual(['lost']);
  });

  it('takes the MSGs that it pushes', () => {
    const { session, replies, recorder } = initiator('push', false, beepXml('3'));
    hear(session, 'push');
    expect(replies).toEqual(['RPY <ok />']);
    expect(recorder.exchanges.map(({ payload }) => text(beepXmlBody(payload)))).toEqual([
      "<data n='0' />",
      "<data n='1' />",
      "<data n='2' />",
    ]);
  });
});
