import { describe, expect, it, vi } from 'vitest';
import { MessageError, ReplyError } from '../../../src/errors.ts';
import { beepXml } from '../../../src/message/mime.ts';
import { anonymousServer } from '../../../src/profile/sasl/anonymous.ts';
import type { ServerMechanism, ServerStep } from '../../../src/profile/sasl/mechanism.ts';
import { plainServer } from '../../../src/profile/sasl/plain.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import type { ChannelHandler, Profile } from '../../../src/session/profile.ts';
import { FakeSession, messageTo, startOn } from './fakes.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const header = 'Content-Type: application/beep+xml\r\n\r\n';

const verifier = { verify: async (who: string, password: string) => who === 'bob' && password === 'secret' };
const plain = saslProfile(plainServer({ verifier }));
const bob = '<blob>AGJvYgBzZWNyZXQ=</blob>';
const wrong = '<blob>AGJvYgB3cm9uZw==</blob>';

/** A mechanism whose steps the test gives. */
const scripted = (
  respond: (response: string | undefined) => ServerStep | Promise<ServerStep>,
): ServerMechanism => ({
  name: 'X-TEST',
  requireSecured: false,
  start: () => ({
    respond: (response) => respond(response === undefined ? undefined : new TextDecoder().decode(response)),
  }),
});
const challenge = (text: string): ServerStep => ({ kind: 'challenge', data: octets(text) });
/** The OTP exchange of RFC 3080 §4.1.1. */
const otp = scripted((response) => {
  if (response === undefined) return challenge('');
  if (response === '\0blockmaster') return challenge('otp-sha1 9997 pixymisas85805 ext');
  if (response === 'word:fern hang brow bong herd tog') {
    return { kind: 'complete', identity: { authorization: 'blockmaster' } };
  }
  return { kind: 'failed', error: new ReplyError(535, '') };
});

async function accepted(profile: Profile, session: FakeSession, initialization?: string) {
  const start = await startOn(profile, session, initialization);
  if (start.kind === 'refused') throw new Error(`refused with ${start.replyCode}`);
  return start;
}

describe('saslProfile', () => {
  it('[3080 §4.1.1] is identified by the name of the mechanism', () => {
    expect(plain.uri).toBe('http://iana.org/beep/SASL/PLAIN');
  });

  it('[3080 §4.1.1] completes in the profile element when the initial response is enough', async () => {
    const session = new FakeSession();
    const { initializationReply } = await accepted(plain, session, `\r\n   ${bob}\r\n`);
    expect(initializationReply).toBe("<blob status='complete' />");
    expect(session.facts.identity).toEqual({ mechanism: 'PLAIN', authorization: 'bob' });
  });

  it('[3080 §4] reports the identity before the success is sent', async () => {
    const session = new FakeSession();
    let known: unknown;
    plain.start({
      session,
      channelNumber: 1,
      initialization: bob,
      accept: () => {
        known = session.facts.identity;
        return {} as never;
      },
      refuse: () => undefined,
      pass: () => undefined,
    });
    await vi.waitFor(() => expect(known).toEqual({ mechanism: 'PLAIN', authorization: 'bob' }));
  });

  it('[3080 §4.1.1] challenges in the profile element and goes on in the channel', async () => {
    const session = new FakeSession();
    const start = await accepted(saslProfile(otp), session, '<blob>AGJsb2NrbWFzdGVy</blob>');
    expect(start.initializationReply).toBe('<blob>b3RwLXNoYTEgOTk5NyBwaXh5bWlzYXM4NTgwNSBleHQ=</blob>');
    expect(
      await messageTo(
        start.handler,
        `${header}<blob>d29yZDpmZXJuIGhhbmcgYnJvdyBib25nIGhlcmQgdG9n</blob>\r\n`,
      ),
    ).toBe(`RPY ${header}<blob status='complete' />`);
    expect(session.facts.identity).toEqual({ mechanism: 'X-TEST', authorization: 'blockmaster' });
  });

  it('[3080 §4.1.1] starts without initial response: an empty profile, or the challenge in it', async () => {
    const silent = await accepted(saslProfile(otp), new FakeSession());
    expect(silent.initializationReply).toBeUndefined();
    expect(await messageTo(silent.handler, `\r\n<blob>AGJsb2NrbWFzdGVy</blob>`)).toMatch(
      /^RPY .*\r\n\r\n<blob>b3Rw/s,
    );
    const speaking = saslProfile(scripted(() => challenge('<1896.697170952@postoffice.reston.mci.net>')));
    expect((await accepted(speaking, new FakeSession())).initializationReply).toBe(
      '<blob>PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+</blob>',
    );
  });

  it('takes an empty initial response as one', async () => {
    const session = new FakeSession();
    await accepted(saslProfile(anonymousServer()), session, '<blob />');
    expect(session.facts.identity).toEqual({ mechanism: 'ANONYMOUS', authorization: '' });
  });

  it('carries additional data with the success', async () => {
    const profile = saslProfile(
      scripted(() => ({ kind: 'complete', identity: { authorization: 'bob' }, data: octets('v=1') })),
    );
    expect((await accepted(profile, new FakeSession(), '<blob/>')).initializationReply).toBe(
      "<blob status='complete'>dj0x</blob>",
    );
  });

  it('[B18] [3080 §4.1.1] answers a failed initial response with an error in a positive reply', async () => {
    const session = new FakeSession();
    const start = await accepted(plain, session, wrong);
    expect(start.initializationReply).toBe("<error code='535'>authentication failed</error>");
    expect(session.facts.identity).toBeUndefined();
    expect(await messageTo(start.handler, beepXml(bob))).toMatch(/^ERR .*code='550'/s);
    expect(session.facts.identity).toBeUndefined();
  });

  it('[B18] answers a malformed initial response with 500 or 501 in a positive reply, and tells the log', async () => {
    for (const [initialization, code] of [
      ['<blob>', 500],
      ['secret', 500],
      ['<blob>***</blob>', 501],
      ['<ready />', 501],
      ["<blob status='complete'/>", 501],
      ['<blob>AA==</blob>', 501],
    ] as const) {
      const session = new FakeSession();
      const { initializationReply } = await accepted(plain, session, initialization);
      expect(initializationReply).toMatch(new RegExp(`^<error code='${code}'>`));
      expect(initializationReply).not.toContain('secret');
      expect(session.reported).toHaveLength(1);
      expect((await startOn(plain, session, bob)).kind).toBe('accepted');
    }
  });

  it('[3080 §4.1.1] answers a later failure with ERR', async () => {
    const start = await accepted(saslProfile(otp), new FakeSession(), '<blob>AGJsb2NrbWFzdGVy</blob>');
    expect(await messageTo(start.handler, `${header}<blob>bm8=</blob>`)).toBe(
      `ERR ${header}<error code='535' />`,
    );
    expect(await messageTo(start.handler, `${header}<blob>bm8=</blob>`)).toMatch(/^ERR .*code='550'/s);
  });

  it('[B7] answers a malformed MSG with ERR 500 or 501', async () => {
    for (const [payload, code] of [
      [`${header}<blob>`, 500],
      [`${header}<blob>!</blob>`, 501],
      ['<blob/>', 500],
      ['Content-Type: text/plain\r\n\r\n<blob/>', 501],
      [`${header}<ready />`, 501],
      ['', 500],
    ] as const) {
      const start = await accepted(plain, new FakeSession());
      expect(await messageTo(start.handler, payload)).toMatch(
        new RegExp(`^ERR .*<error code='${code}'>`, 's'),
      );
    }
  });

  it('[3080 §4.1.3] ends an exchange that the client aborts', async () => {
    const session = new FakeSession();
    const start = await accepted(plain, session);
    expect(await messageTo(start.handler, `${header}<blob status='abort' />`)).toBe(
      `ERR ${header}<error code='535'>aborted</error>`,
    );
    expect(await messageTo(start.handler, beepXml(bob))).toMatch(/^ERR/);
    expect(session.facts.identity).toBeUndefined();
    expect((await accepted(plain, session, bob)).initializationReply).toContain('complete');
  });

  it('[B13] gives an unknown identity and a wrong password the same octets', async () => {
    const replies = [];
    for (const initialization of [wrong, '<blob>AGFsaWNlAHdyb25n</blob>']) {
      replies.push((await accepted(plain, new FakeSession(), initialization)).initializationReply);
    }
    expect(replies[0]).toBe(replies[1]);
  });

  it('[B14] [3080 §4] refuses a start after a successful authentication with 554, whatever the mechanism', async () => {
    const session = new FakeSession();
    await accepted(plain, session, bob);
    for (const profile of [plain, saslProfile(anonymousServer())]) {
      expect(await startOn(profile, session, bob)).toMatchObject({ kind: 'refused', replyCode: 554 });
      expect(profile.offered?.(session.facts)).toBe(false);
    }
    expect(session.facts.identity).toMatchObject({ authorization: 'bob' });
  });

  it('[B12] refuses PLAIN without protection with 538 and does not offer it, unless configured', async () => {
    const open = new FakeSession({ secured: false });
    expect(plain.offered?.(open.facts)).toBe(false);
    expect(await startOn(plain, open, bob)).toEqual({
      kind: 'refused',
      replyCode: 538,
      text: 'PLAIN requires encryption',
    });
    const configured = saslProfile(plainServer({ verifier, requireSecured: false }));
    expect(configured.offered?.(open.facts)).toBe(true);
    expect((await accepted(configured, open, bob)).initializationReply).toContain('complete');
  });

  it('[B17] refuses a second tuning exchange meanwhile with 550, in any mechanism', async () => {
    const session = new FakeSession();
    const { handler } = await accepted(plain, session);
    for (const profile of [plain, saslProfile(anonymousServer())]) {
      expect(await startOn(profile, session, bob)).toMatchObject({ kind: 'refused', replyCode: 550 });
    }
    expect((await startOn(plain, new FakeSession(), bob)).kind).toBe('accepted');
    handler.closed({ kind: 'closed' });
    expect((await startOn(plain, session, bob)).kind).toBe('accepted');
  });

  it('[B17] holds the place while the first step is being decided', async () => {
    const session = new FakeSession();
    const first = startOn(plain, session, bob);
    expect(await startOn(plain, session, bob)).toMatchObject({ kind: 'refused', replyCode: 550 });
    expect((await first).kind).toBe('accepted');
  });

  it('answers a MSG that does not wait for its turn with 550 and goes on', async () => {
    const session = new FakeSession();
    const { handler } = await accepted(plain, session);
    const first = messageTo(handler, beepXml(bob));
    expect(await messageTo(handler, beepXml(bob))).toMatch(/^ERR .*<error code='550'>a step is in progress/s);
    expect(await first).toMatch(/^RPY/);
    expect(session.facts.identity).toMatchObject({ authorization: 'bob' });
  });

  it('drops an outcome that comes when the channel is gone', async () => {
    const session = new FakeSession();
    let decide: (step: ServerStep) => void = () => undefined;
    const slow = scripted((response) =>
      response === undefined
        ? challenge('')
        : new Promise((resolve) => {
            decide = resolve;
          }),
    );
    const { handler } = await accepted(saslProfile(slow), session);
    let replied = false;
    void messageTo(handler, beepXml('<blob/>')).then(() => {
      replied = true;
    });
    handler.closed({ kind: 'lost', error: new Error('lost') });
    decide({ kind: 'complete', identity: { authorization: 'bob' } });
    await new Promise((resolve) => setTimeout(resolve));
    expect(session.facts.identity).toBeUndefined();
    expect(replied).toBe(false);
  });

  it.each([
    ['later', async () => Promise.reject(new Error('secret: the database is down'))],
    [
      'at once',
      () => {
        throw new Error('secret: the database is down');
      },
    ],
  ])(
    'answers a mechanism that fails %s with 454, tells the application, and tells the peer no more',
    async (_name, respond) => {
      const report = vi.fn();
      const session = new FakeSession();
      const start = await accepted(saslProfile(scripted(respond), { report }), session, '<blob/>');
      expect(start.initializationReply).toBe("<error code='454'>temporary authentication failure</error>");
      expect(report).toHaveBeenCalledOnce();
      expect((await startOn(plain, session, bob)).kind).toBe('accepted');
    },
  );

  it('answers ReplyError and MessageError of a mechanism as they are', async () => {
    const throwing = (error: Error): Profile =>
      saslProfile(
        scripted(() => {
          throw error;
        }),
      );
    expect(
      (await accepted(throwing(new ReplyError(534, 'too weak')), new FakeSession(), '<blob/>'))
        .initializationReply,
    ).toBe("<error code='534'>too weak</error>");
    expect(
      (await accepted(throwing(new MessageError('x', 501, 'odd')), new FakeSession(), '<blob/>'))
        .initializationReply,
    ).toBe("<error code='501'>odd</error>");
  });

  it('starts the mechanism once for an exchange', async () => {
    const start = vi.fn(otp.start);
    const { handler }: { handler: ChannelHandler } = await accepted(
      saslProfile({ ...otp, start }),
      new FakeSession(),
    );
    await messageTo(handler, beepXml('<blob>AGJsb2NrbWFzdGVy</blob>'));
    await messageTo(handler, beepXml('<blob>bm8=</blob>'));
    expect(start).toHaveBeenCalledOnce();
  });
});
