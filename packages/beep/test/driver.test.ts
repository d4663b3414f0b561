import { describe, expect, it, vi } from 'vitest';
import { type DriveOptions, drive } from '../src/driver.ts';
import { ReplyError, SessionLostError, UsageError } from '../src/errors.ts';
import { beepXml } from '../src/message/mime.ts';
import type { Peer } from '../src/peer.ts';
import type { Diagnostic } from '../src/session/events.ts';
import type { Channel, Exchange, Reply } from '../src/session/profile.ts';
import { memoryPair } from '../src/transport/memory.ts';
import { connectTcp, listenTcp } from '../src/transport/tcp.ts';
import type { Transport } from '../src/transport/transport.ts';
import { echo, octets, Recorder, text } from './session/wire.ts';
import { Listener, until } from './transport/transport-suite.ts';

function peers(initiatorOptions: Partial<DriveOptions> = {}, listenerOptions: Partial<DriveOptions> = {}) {
  const [first, second] = memoryPair();
  const initiator = drive(first, { profiles: [], ...initiatorOptions, role: 'initiator' });
  const listener = drive(second, { profiles: [echo], ...listenerOptions, role: 'listener' });
  return { initiator, listener };
}

function ask(channel: Channel, payload: Uint8Array): Promise<Reply> {
  return new Promise((resolve) => channel.send(payload, resolve));
}

async function expectConversation(initiator: Peer, listener: Peer): Promise<void> {
  expect(await initiator.greeting).toMatchObject({ profiles: ['urn:echo'] });
  const { channel, profileUri } = await initiator.startChannel({
    profiles: [{ uri: 'urn:no' }, { uri: 'urn:echo' }],
    handler: new Recorder(),
    serverName: 'example.com',
  });
  expect([profileUri, listener.facts.serverName]).toEqual(['urn:echo', 'example.com']);
  const payloads = [beepXml('<a />'), new Uint8Array(300_000).fill(7), new Uint8Array(0)];
  const replies = await Promise.all(payloads.map((payload) => ask(channel, payload)));
  expect(replies).toEqual(payloads.map((payload) => ({ kind: 'RPY', payload })));
  await initiator.released();
  expect(await initiator.ended).toEqual({ kind: 'released' });
  expect(await listener.ended).toEqual({ kind: 'released' });
  await initiator.released();
}

describe('drive', () => {
  it('[3080 §2.4] runs a session from greeting to release, in memory', async () => {
    const { initiator, listener } = peers();
    await expectConversation(initiator, listener);
  });

  it('[3081 §2] [3081 §2 rule 1] [3081 §2 rule 2] [3080 §2.4] runs a session from greeting to release, over TCP', async () => {
    const accepted = Promise.withResolvers<Peer>();
    const tcp = await listenTcp({
      host: '127.0.0.1',
      port: 0,
      onTransport: (transport) => accepted.resolve(drive(transport, { role: 'listener', profiles: [echo] })),
    });
    const transport = await connectTcp({ host: '127.0.0.1', port: tcp.port });
    const initiator = drive(transport, { role: 'initiator', profiles: [] });
    await expectConversation(initiator, await accepted.promise);
    expect(initiator.facts.remoteAddress).toBe(`127.0.0.1:${tcp.port}`);
    await tcp.close();
  });

  it('[B1] [3081 §2] aborts the connection at a poorly-formed frame, and tells the log once', async () => {
    const accepted = Promise.withResolvers<Peer>();
    const diagnostics: Diagnostic[] = [];
    const tcp = await listenTcp({
      host: '127.0.0.1',
      port: 0,
      onTransport: (transport) => {
        accepted.resolve(
          drive(transport, { role: 'listener', profiles: [], onDiagnostic: (one) => diagnostics.push(one) }),
        );
      },
    });
    const transport = await connectTcp({ host: '127.0.0.1', port: tcp.port });
    const wire = new Listener();
    transport.open(wire);
    transport.write(octets('MSG 7 1 . 0 0\r\nEND\r\n'));
    const end = await (await accepted.promise).ended;
    await until(() => wire.ends.length > 0);
    expect(end).toMatchObject({ kind: 'lost', error: { code: 'frame.channel' } });
    expect(wire.ends).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(diagnostics).toMatchObject([
      {
        code: 'frame.channel',
        header: 'MSG 7 1 . 0 0',
        remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      },
    ]);
    await tcp.close();
  });

  it('[3080 §2.3.1.5 rule 6] rejects the greeting with the error that came instead, then both sides end', async () => {
    const { initiator, listener } = peers({}, { unavailable: { replyCode: 421, text: 'too busy' } });
    await expect(initiator.greeting).rejects.toThrow(ReplyError);
    expect(await initiator.ended).toMatchObject({ kind: 'lost', error: { replyCode: 421 } });
    expect(await listener.ended).toMatchObject({ kind: 'lost', error: { replyCode: 421 } });
  });

  it('rejects a start that is declined, wrong, or lost', async () => {
    const { initiator, listener } = peers();
    const start = (uri?: string) =>
      initiator.startChannel({ profiles: uri === undefined ? [] : [{ uri }], handler: new Recorder() });
    await expect(start('urn:no')).rejects.toMatchObject({ replyCode: 550 });
    await expect(start()).rejects.toThrow(UsageError);
    const lost = start('urn:echo');
    listener.abort(new Error('enough'));
    await expect(lost).rejects.toThrow(SessionLostError);
    await expect(start('urn:echo')).rejects.toThrow(SessionLostError);
    await expect(initiator.released()).rejects.toThrow(SessionLostError);
  });

  it('[B10] rejects a release that is declined, and the session goes on', async () => {
    const recorder = new Recorder();
    const { initiator } = peers({}, { profiles: [recorder], limits: { closeWaitMs: 20 } });
    const { channel } = await initiator.startChannel({
      profiles: [{ uri: recorder.uri }],
      handler: new Recorder(),
    });
    recorder.channels[0]?.send(octets('question'), () => {});
    await expect(initiator.released()).rejects.toMatchObject({ replyCode: 550 });
    const reply = ask(channel, octets('still here?'));
    await until(() => recorder.exchanges.length > 0);
    recorder.exchanges[0]?.reply(octets('yes'));
    expect(await reply).toMatchObject({ kind: 'RPY' });
    initiator.abort(new Error('done'));
  });

  it('ends sessions whose transport ends, and tells the cause', async () => {
    const [first, second] = memoryPair();
    const peer = drive(first, { role: 'listener', profiles: [] });
    second.open(new Listener());
    second.abort();
    expect(await peer.ended).toMatchObject({ kind: 'lost', error: { cause: expect.any(Error) } });
  });

  it('keeps a handler that throws from hurting any other session', async () => {
    const diagnostics: string[] = [];
    const bad = {
      uri: 'urn:bad',
      start: () => {
        throw new Error('a bug');
      },
    };
    const onDiagnostic = ({ code }: Diagnostic): void => void diagnostics.push(code);
    const one = peers({}, { profiles: [bad], onDiagnostic });
    const other = peers();
    await expect(
      one.initiator.startChannel({ profiles: [{ uri: 'urn:bad' }], handler: new Recorder() }),
    ).rejects.toThrow(SessionLostError);
    expect(diagnostics).toEqual(['handler.failed']);
    await expectConversation(other.initiator, other.listener);
  });

  it('waits while the transport is full, and can be aborted meanwhile', async () => {
    const written: Uint8Array[] = [];
    let isAborted = false;
    const transport: Transport = {
      remoteAddress: 'full:1',
      secured: false,
      open: () => {},
      write: (part) => {
        written.push(part);
        return false;
      },
      close: () => {},
      abort: () => {
        isAborted = true;
      },
      pause: () => {},
      resume: () => {},
    };
    const peer = drive(transport, { role: 'listener', profiles: [] });
    await until(() => written.length === 1);
    peer.abort(new Error('too slow'));
    await peer.ended;
    expect(isAborted).toBe(true);
    expect(written).toHaveLength(1);
  });

  it('sends in one write what many handlers have said in one turn', async () => {
    const [first, second] = memoryPair();
    const writes: number[] = [];
    const write = first.write.bind(first);
    first.write = (part) => {
      writes.push(part.length);
      return write(part);
    };
    const recorder = new Recorder();
    drive(second, { role: 'listener', profiles: [recorder] });
    const initiator = drive(first, { role: 'initiator', profiles: [] });
    const { channel } = await initiator.startChannel({
      profiles: [{ uri: recorder.uri }],
      handler: new Recorder(),
    });
    const before = writes.length;
    for (let count = 0; count < 50; count += 1) channel.send(octets('hello'), () => {});
    await until(() => recorder.exchanges.length === 50);
    expect(writes.length - before).toBe(1);
    initiator.abort(new Error('done'));
  });

  it('has one timer, and only while its session waits for something', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const [first] = memoryPair();
      const peer = drive(first, { role: 'listener', profiles: [], limits: { greetingWaitMs: 1000 } });
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await peer.ended).toMatchObject({ kind: 'lost', error: { code: 'session.lost' } });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not read a peer that floods until that has fallen behind its rate, and all arrives', async () => {
    const [first, second] = memoryPair();
    const pause = vi.spyOn(second, 'pause');
    const resume = vi.spyOn(second, 'resume');
    const limits = { octetsPerSecond: 100_000, messagesPerSecond: 40 };
    const listener = drive(second, { role: 'listener', profiles: [echo], limits });
    const initiator = drive(first, { role: 'initiator', profiles: [] });
    const { channel } = await initiator.startChannel({
      profiles: [{ uri: 'urn:echo' }],
      handler: new Recorder(),
    });
    // Without a payload no window holds them back.
    const replies = await Promise.all(Array.from({ length: 100 }, () => ask(channel, new Uint8Array(0))));
    expect(replies.every(({ kind }) => kind === 'RPY')).toBe(true);
    expect(pause).toHaveBeenCalledTimes(1);
    expect(await ask(channel, octets('late'))).toMatchObject({ kind: 'RPY' });
    expect(resume).toHaveBeenCalledTimes(1);
    listener.abort(new Error('the test is over'));
  });

  it('[3080 §2.7] lets the listener ask as well', async () => {
    const asked: string[] = [];
    const message = (exchange: Exchange): void => {
      asked.push(text(exchange.payload));
      exchange.reply(octets('yes'));
    };
    const { initiator, listener } = peers({
      profiles: [{ uri: 'urn:y', start: (request) => void request.accept({ message, closed: () => {} }) }],
    });
    const { channel } = await listener.startChannel({
      profiles: [{ uri: 'urn:y' }],
      handler: new Recorder(),
    });
    expect(channel.number).toBe(2);
    expect(await ask(channel, octets('hello?'))).toMatchObject({ kind: 'RPY' });
    expect(asked).toEqual(['hello?']);
    await listener.released();
    expect(await initiator.ended).toEqual({ kind: 'released' });
  });
});
