import { describe, expect, it, vi } from 'vitest';
import { MessageError, ReplyError, SessionLostError, UsageError } from '../../../src/errors.ts';
import { beepXml } from '../../../src/message/mime.ts';
import { anonymousClient, anonymousServer } from '../../../src/profile/sasl/anonymous.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import type { ClientMechanism, ServerMechanism } from '../../../src/profile/sasl/mechanism.ts';
import { plainClient, plainServer } from '../../../src/profile/sasl/plain.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import type { Reply } from '../../../src/session/profile.ts';
import { FakePeer, FakeSession, messageTo } from './fakes.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const verifier = { verify: async (who: string, password: string) => who === 'bob' && password === 'secret' };
const bob = (password = 'secret') => plainClient({ authentication: 'bob', password });

/** Both sides of a mechanism in three steps, in which the server too has to prove itself at the end. */
const steps = (proof = 'proof'): { client: ClientMechanism; server: ServerMechanism } => ({
  client: {
    name: 'X-STEPS',
    requireSecured: false,
    initial: () => octets('1'),
    respond: async (challenge) => octets(`${new TextDecoder().decode(challenge)}!`),
    finish: (data) => {
      if (new TextDecoder().decode(data) !== 'proof') throw new MessageError('x', 501, 'no proof');
    },
  },
  server: {
    name: 'X-STEPS',
    requireSecured: false,
    start: () => {
      let expected: string | undefined;
      return {
        respond: (response) => {
          if (response === undefined) return { kind: 'challenge', data: new Uint8Array(0) };
          const answer = new TextDecoder().decode(response);
          if (expected !== undefined && answer !== expected) {
            return { kind: 'failed', error: new ReplyError(535, answer) };
          }
          if (expected === 'b!')
            return { kind: 'complete', identity: { authorization: 'bob' }, data: octets(proof) };
          const challenge = expected === undefined ? 'a' : 'b';
          expected = `${challenge}!`;
          return { kind: 'challenge', data: octets(challenge) };
        },
      };
    },
  },
});

describe('authenticate', () => {
  it('[3080 §4.1.1] sends the initial response in the profile element and closes the channel behind it', async () => {
    const server = new FakeSession();
    const peer = FakePeer.connectedTo(saslProfile(plainServer({ verifier })), server);
    await authenticate(peer, bob(), { serverName: 'example.com' });
    expect(peer.starts).toMatchObject([
      {
        serverName: 'example.com',
        profiles: [
          { uri: 'http://iana.org/beep/SASL/PLAIN', initialization: '<blob>AGJvYgBzZWNyZXQ=</blob>' },
        ],
      },
    ]);
    expect(peer.sent).toEqual([]);
    expect(peer.closes).toBe(1);
    expect(server.facts.identity).toEqual({ mechanism: 'PLAIN', authorization: 'bob' });
  });

  it('works with ANONYMOUS, trace information or not', async () => {
    for (const trace of ['', 'sirhc']) {
      const server = new FakeSession({ secured: false });
      await authenticate(
        FakePeer.connectedTo(saslProfile(anonymousServer()), server),
        anonymousClient(trace),
      );
      expect(server.facts.identity).toMatchObject({ mechanism: 'ANONYMOUS', authorization: '' });
    }
  });

  it('[3080 §4.1.1] goes on in the channel until the outcome', async () => {
    const { client, server } = steps();
    const session = new FakeSession();
    const peer = FakePeer.connectedTo(saslProfile(server), session);
    await authenticate(peer, client);
    expect(peer.sent).toEqual([
      'Content-Type: application/beep+xml\r\n\r\n<blob>YSE=</blob>',
      'Content-Type: application/beep+xml\r\n\r\n<blob>YiE=</blob>',
    ]);
    expect(session.facts.identity).toMatchObject({ authorization: 'bob' });
  });

  it('rejects with the code of the refusal, wherever it comes', async () => {
    const inProfile = FakePeer.connectedTo(saslProfile(plainServer({ verifier })), new FakeSession());
    await expect(authenticate(inProfile, bob('wrong'))).rejects.toMatchObject({
      replyCode: 535,
      text: 'authentication failed',
    });
    expect(inProfile.closes).toBe(1);

    const onStart = new FakePeer();
    onStart.answerStart = async () => {
      throw new ReplyError(535, 'denied');
    };
    await expect(authenticate(onStart, bob())).rejects.toMatchObject({ replyCode: 535, text: 'denied' });

    for (const kind of ['ERR', 'RPY'] as const) {
      const later = new FakePeer();
      later.answerMessage = async () => ({
        kind,
        payload: octets("\r\n<error code='535' >denied</error>\r\n"),
      });
      await expect(authenticate(later, bob())).rejects.toMatchObject({ replyCode: 535, text: 'denied' });
      expect(later.closes).toBe(1);
    }
  });

  it.each([
    ['says nothing', {}],
    ['gives an empty challenge', { initializationReply: '<blob></blob>' }],
  ])('[4422 §3.3] sends the initial response in the channel to a peer that %s', async (_name, answer) => {
    const peer = new FakePeer();
    peer.answerStart = async () => answer;
    peer.answerMessage = async () => ({ kind: 'RPY', payload: beepXml("<blob status='complete' />") });
    await authenticate(peer, bob());
    expect(peer.sent).toEqual(['Content-Type: application/beep+xml\r\n\r\n<blob>AGJvYgBzZWNyZXQ=</blob>']);
  });

  it('[B9] sends an initial response that the profile element cannot hold in the channel', async () => {
    const long = 'x'.repeat(1000).repeat(3);
    const server = new FakeSession();
    const profile = saslProfile({
      name: 'X-LONG',
      requireSecured: false,
      start: () => ({
        respond: (token) =>
          token === undefined
            ? { kind: 'challenge', data: new Uint8Array(0) }
            : { kind: 'complete', identity: { authorization: String(token.length) } },
      }),
    });
    const client = (length: number): ClientMechanism => ({
      ...anonymousClient(),
      name: 'X-LONG',
      initial: () => octets(`${long}${'x'.repeat(length - long.length)}`),
    });
    const fits = 4096 - '<![CDATA[<blob></blob>]]>'.length;
    const most = Math.floor(fits / 4) * 3;
    const inside = FakePeer.connectedTo(profile, server);
    await authenticate(inside, client(most));
    expect(inside.sent).toHaveLength(0);
    const outside = FakePeer.connectedTo(profile, new FakeSession());
    await authenticate(outside, client(most + 1));
    expect(outside.starts[0]!.profiles).toEqual([{ uri: 'http://iana.org/beep/SASL/X-LONG' }]);
    expect(outside.sent).toHaveLength(1);
  });

  it('[B12] does not reveal a password on a session that is not secured, unless told to', async () => {
    const peer = new FakePeer({ secured: false });
    await expect(authenticate(peer, bob())).rejects.toBeInstanceOf(UsageError);
    expect(peer.starts).toEqual([]);
    peer.answerStart = async () => ({ initializationReply: "<blob status='complete' />" });
    await authenticate(
      peer,
      plainClient({ authentication: 'bob', password: 'secret', requireSecured: false }),
    );
  });

  it('aborts the session when the peer reports success and has not proved itself', async () => {
    const { client, server } = steps('forged');
    const peer = FakePeer.connectedTo(saslProfile(server), new FakeSession());
    await expect(authenticate(peer, client)).rejects.toThrow('no proof');
    expect(peer.aborted?.message).toBe('no proof');
  });

  it('closes the channel, without abort blob, when the mechanism cannot answer a challenge', async () => {
    const peer = new FakePeer();
    peer.answerStart = async () => ({ initializationReply: '<blob>AAAA</blob>' });
    await expect(authenticate(peer, bob())).rejects.toMatchObject({ code: 'sasl.challenge' });
    expect(peer.sent).toEqual([]);
    expect(peer.closes).toBe(1);
    expect(peer.aborted).toBeUndefined();
  });

  it.each<[string, Reply]>([
    ['an answer of many', { kind: 'ANS', ansno: 0, payload: beepXml("<blob status='complete' />") }],
    ['the end of many answers', { kind: 'NUL' }],
    ['success in ERR', { kind: 'ERR', payload: beepXml("<blob status='complete' />") }],
    ['an abort', { kind: 'RPY', payload: beepXml("<blob status='abort' />") }],
    ['another element', { kind: 'RPY', payload: beepXml('<ok />') }],
    ['malformed XML', { kind: 'RPY', payload: beepXml('<blob>') }],
  ])('rejects %s as a reply with MessageError', async (_name, reply) => {
    const peer = new FakePeer();
    peer.answerMessage = async () => reply;
    await expect(authenticate(peer, bob())).rejects.toBeInstanceOf(MessageError);
    expect(peer.closes).toBe(1);
  });

  it('rejects when the session is lost, and then leaves the channel alone', async () => {
    const lost = new SessionLostError('reset');
    const peer = new FakePeer();
    peer.answerMessage = async () => {
      peer.lose({ kind: 'lost', error: lost });
      return { kind: 'lost', error: lost };
    };
    await expect(authenticate(peer, bob())).rejects.toBe(lost);
    expect(peer.closes).toBe(0);

    const between = new FakePeer();
    const { client } = steps();
    between.answerStart = async () => ({ initializationReply: '<blob>YQ==</blob>' });
    const respond = vi.fn(async () => {
      between.lose({ kind: 'lost', error: lost });
      return octets('a!');
    });
    await expect(authenticate(between, { ...client, respond })).rejects.toBe(lost);
    expect(between.sent).toEqual([]);
  });

  it('answers what the server asks on the channel with ERR 550', async () => {
    const peer = FakePeer.connectedTo(saslProfile(plainServer({ verifier })), new FakeSession());
    await authenticate(peer, bob());
    expect(await messageTo(peer.handler!, beepXml('<blob/>'))).toMatch(/^ERR .*code='550'/s);
  });

  it('never says the password', async () => {
    for (const initializationReply of [
      '<blob>c2VjcmV0',
      '<blob>c2VjcmV0!</blob>',
      "<blob status='secret'/>",
    ]) {
      const peer = new FakePeer();
      peer.answerStart = async () => ({ initializationReply });
      const error: unknown = await authenticate(peer, bob()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(MessageError);
      expect(String(error)).not.toMatch(/bob|c2V|secret/);
    }
  });
});
