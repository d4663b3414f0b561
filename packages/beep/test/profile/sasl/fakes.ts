import { ReplyError } from '../../../src/errors.ts';
import type { ChannelStarter } from '../../../src/profile/sasl/authenticate.ts';
import type { PeerIdentity, SessionFacts } from '../../../src/session/facts.ts';
import type {
  Channel,
  ChannelEnd,
  ChannelHandler,
  ChannelStart,
  Profile,
  Reply,
  StartedChannel,
  TunableSession,
} from '../../../src/session/profile.ts';

const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

/** The session of a server, as its profiles see it. */
export class FakeSession implements TunableSession {
  facts: SessionFacts;
  aborted: Error | undefined;
  readonly reported: string[] = [];

  constructor(facts: Partial<SessionFacts> = {}) {
    this.facts = { role: 'listener', secured: true, remoteAddress: 'test:1', localize: [], ...facts };
  }

  authenticated(identity: PeerIdentity): void {
    if (this.facts.identity !== undefined) throw new Error('authenticated twice');
    this.facts = { ...this.facts, identity };
  }

  established(): void {}

  abort(reason: Error): void {
    this.aborted = reason;
  }

  release(): void {}

  quieten(): void {}

  resume(): void {}

  tune(): void {}

  report(code: string): void {
    this.reported.push(code);
  }
}

/** What came of a start. */
export type Start =
  | { kind: 'accepted'; handler: ChannelHandler; initializationReply: string | undefined }
  | { kind: 'refused'; replyCode: number; text: string };

/** Proposes a channel to a profile. */
export function startOn(profile: Profile, session: TunableSession, initialization?: string): Promise<Start> {
  return new Promise((resolve, reject) => {
    profile.start({
      session,
      channelNumber: 1,
      ...(initialization === undefined ? {} : { initialization }),
      accept: (handler, initializationReply) => {
        resolve({ kind: 'accepted', handler, initializationReply });
        return {} as Channel;
      },
      refuse: (replyCode, reason) => resolve({ kind: 'refused', replyCode, text: reason }),
      pass: () => reject(new Error('passed')),
    });
  });
}

/** Sends a MSG to a handler; the reply as `RPY …` or `ERR …`, payload included. */
export function messageTo(handler: ChannelHandler, payload: Uint8Array | string): Promise<string> {
  return new Promise((resolve, reject) => {
    handler.message({
      payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
      reply: (answer) => resolve(`RPY ${text(answer)}`),
      error: (answer) => resolve(`ERR ${text(answer)}`),
      answer: () => {
        reject(new Error('answered'));
        return 0;
      },
      end: () => reject(new Error('ended')),
    });
  });
}

/** A client's session, whose other end is `profile` on `server`, without anything between them. */
export class FakePeer extends FakeSession implements ChannelStarter {
  readonly starts: ChannelStart[] = [];
  /** Payloads of MSGs sent. */
  readonly sent: string[] = [];
  closes = 0;
  handler: ChannelHandler | undefined;
  /** Gives the answer to a start. */
  answerStart: (start: ChannelStart) => Promise<{ initializationReply?: string }> = async () => ({});
  /** Gives the reply to a MSG. */
  answerMessage: (payload: Uint8Array) => Promise<Reply> = async () => ({
    kind: 'lost',
    error: new Error('no answer'),
  });

  static connectedTo(profile: Profile, server: FakeSession): FakePeer {
    const peer = new FakePeer({ role: 'initiator', secured: server.facts.secured });
    let handler: ChannelHandler;
    peer.answerStart = async (start) => {
      const outcome = await startOn(profile, server, start.profiles[0]!.initialization);
      if (outcome.kind === 'refused') throw new ReplyError(outcome.replyCode, outcome.text);
      handler = outcome.handler;
      const { initializationReply } = outcome;
      return initializationReply === undefined ? {} : { initializationReply };
    };
    peer.answerMessage = async (payload) => {
      const reply = await messageTo(handler, payload);
      return { kind: reply.slice(0, 3) as 'RPY' | 'ERR', payload: new TextEncoder().encode(reply.slice(4)) };
    };
    return peer;
  }

  async startChannel(start: ChannelStart): Promise<StartedChannel> {
    this.starts.push(start);
    this.handler = start.handler;
    const profileUri = start.profiles[0]!.uri;
    const answer = await this.answerStart(start);
    const channel: Channel = {
      number: 1,
      profileUri,
      session: this,
      unsentOctets: 0,
      outstanding: 0,
      send: (sent, onReply) => {
        const payload = sent as Uint8Array;
        this.sent.push(text(payload));
        void this.answerMessage(payload).then(onReply);
      },
      pause: () => undefined,
      resume: () => undefined,
      close: () => {
        this.closes += 1;
      },
    };
    return { channel, profileUri, ...answer };
  }

  /** The session is lost. */
  lose(end: ChannelEnd): void {
    this.handler?.closed(end);
  }
}
