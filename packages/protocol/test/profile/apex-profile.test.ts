import type { Channel, ChannelHandler, Profile, SessionHandle, StartRequest } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  APEX_PROFILE_URI,
  type ApexHandler,
  apexProfile,
  formatInitialization,
  parseInitializationReply,
} from '../../src/index.ts';

/** Starts a channel; tells what the profile accepted with. */
function start(profile: Profile, initialization?: string) {
  const accepted: { handler: ChannelHandler; reply: string | undefined }[] = [];
  const session: Partial<SessionHandle> = { report: () => {} };
  const request = {
    session: session as StartRequest['session'],
    channelNumber: 1,
    ...(initialization === undefined ? {} : { initialization }),
    accept(handler: ChannelHandler, reply?: string) {
      accepted.push({ handler, reply });
      return {} as Channel;
    },
    refuse: () => expect.unreachable(),
    pass: () => expect.unreachable(),
  };
  profile.start(request);
  return accepted;
}

const withHandler = (handler: Partial<ApexHandler>): Profile =>
  apexProfile({ started: () => ({ closed: () => {}, ...handler }) });

describe('the APEX profile', () => {
  it('[3340 §4.2] has its URI, and is offered when its owner says so', () => {
    expect(withHandler({}).uri).toBe('http://iana.org/beep/APEX');
    expect(APEX_PROFILE_URI).toBe('http://iana.org/beep/APEX');
    expect(withHandler({}).available).toBeUndefined();
    const secured = apexProfile({
      available: (facts) => facts.secured,
      started: () => ({ closed: () => {} }),
    });
    const facts = { role: 'listener', remoteAddress: '', localize: [] } as const;
    expect(secured.available?.({ ...facts, secured: true })).toBe(true);
    expect(secured.available?.({ ...facts, secured: false })).toBe(false);
  });

  it('[3340 §4.2] needs no initialization', () => {
    expect(start(withHandler({}))).toMatchObject([{ reply: undefined }]);
  });

  it('[3340 §4.2] takes attach or bind as the initialization', () => {
    const handler = withHandler({
      attach: (_, answer) => answer.ok(),
      bind: (_, answer) => answer.error(537, 'access denied'),
    });
    expect(start(handler, "\r\n<attach endpoint='fred@example.com' transID='1' />\r\n")).toMatchObject([
      { reply: '<ok />' },
    ]);
    expect(start(handler, "<bind relay='example.com' transID='1' />")).toMatchObject([
      { reply: "<error code='537'>access denied</error>" },
    ]);
  });

  it('[3340 §4.2] answers later when the owner does', () => {
    const answers: Answer[] = [];
    const accepted = start(
      withHandler({ attach: (_, answer) => answers.push(answer) }),
      "<attach endpoint='a@b' transID='1' />",
    );
    expect(accepted).toHaveLength(0);
    answers[0]?.ok();
    expect(accepted).toHaveLength(1);
  });

  it.each([
    ['<attach', 500],
    ["<attach endpoint='a@b' />", 501],
    ['<terminate />', 501],
    ["<data content='#x' />", 501],
  ])('[B18] [3340 §8.1] %s is a positive reply with error %i', (initialization, code) => {
    const accepted = start(withHandler({ terminate: (_, answer) => answer.ok() }), initialization);
    expect(accepted).toHaveLength(1);
    expect(accepted[0]?.reply).toMatch(new RegExp(`^<error code='${code}'>`));
  });
});

describe('an initialization of ours', () => {
  it('[3340 §4.2] is written', () => {
    expect(formatInitialization({ kind: 'attach', endpoint: 'a@b', transID: 1, options: [] })).toBe(
      "<attach endpoint='a@b' transID='1' />",
    );
    expect(formatInitialization({ kind: 'bind', relay: 'b', transID: 1, options: [] })).toBe(
      "<bind relay='b' transID='1' />",
    );
  });

  it('[B18] is told apart from its reply', () => {
    expect(parseInitializationReply(' <ok /> ')).toBeUndefined();
    expect(parseInitializationReply("<error code='537'>no</error>")).toMatchObject({
      replyCode: 537,
      text: 'no',
    });
    expect(parseInitializationReply(undefined)).toMatchObject({ replyCode: 550 });
    expect(() => parseInitializationReply('<attach />')).toThrowError(
      expect.objectContaining({ replyCode: 501 }),
    );
    expect(() => parseInitializationReply('ok')).toThrowError(expect.objectContaining({ replyCode: 500 }));
  });
});
