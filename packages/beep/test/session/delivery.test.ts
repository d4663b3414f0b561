import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../src/errors.ts';
import { encodeFrame } from '../../src/frame/encoder.ts';
import type { Channel, Exchange, Profile } from '../../src/session/profile.ts';
import { Session } from '../../src/session/session.ts';
import { concatenate, sessionPair } from '../../src/testing/index.ts';
import { arbitraryFrame } from '../frame/arbitrary.ts';
import { WindowWatch } from './window-watch.ts';
import { echo, octets, Recorder, text, Wire } from './wire.ts';

/** How one message is sent, and answered. */
interface Plan {
  readonly channel: number;
  readonly fromListener: boolean;
  readonly size: number;
  readonly reply: 'RPY' | 'ERR' | 'ANS';
  readonly replySize: number;
  /** Turns until the handler answers. */
  readonly delay: number;
  /** Turns until it is sent. */
  readonly at: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  channel: fc.nat(3),
  fromListener: fc.boolean(),
  size: fc.oneof(fc.nat(10), fc.nat(3000), fc.nat(40_000)),
  reply: fc.constantFrom('RPY', 'ERR', 'ANS'),
  replySize: fc.oneof(fc.nat(10), fc.nat(20_000)),
  delay: fc.nat(6),
  at: fc.nat(10),
});

const limits = fc.record({
  receiveWindowOctets: fc.integer({ min: 4096, max: 30_000 }),
  framePayloadOctets: fc.integer({ min: 1000, max: 9000 }),
  unansweredExchanges: fc.integer({ min: 0, max: 3 }),
  exchangeOctets: fc.integer({ min: 10_000, max: 60_000 }),
});

/** Says which message it is, and fills up. */
const payload = (index: number, size: number): Uint8Array => octets(`${index}:`.padEnd(size, 'x'));
const indexOf = (received: Uint8Array): number => Number.parseInt(text(received), 10);

describe('two sessions', () => {
  // Invariant: every message and every reply arrives once, whole and in the order of its channel and
  // direction; no window is ever passed; both sides come to rest with nothing left to send.
  it('[3081 §3.1.2] [3080 §2.6.1] [3080 §2.6.2] deliver every message once and in order, within the windows', () => {
    fc.assert(
      fc.property(
        fc.array(plan, { maxLength: 25 }),
        limits,
        limits,
        fc.integer({ min: 1, max: 70_000 }),
        run,
      ),
      { numRuns: 150 },
    );
  });

  function run(
    plans: readonly Plan[],
    initiatorLimits: object,
    listenerLimits: object,
    batchOctets: number,
  ): void {
    const waiting: { turns: number; act: () => void }[] = [];
    const received: number[] = [];
    const replies: string[] = [];
    const message = (exchange: Exchange): void => {
      const index = indexOf(exchange.payload);
      const { reply, replySize, delay, size } = plans[index] as Plan;
      expect(exchange.payload).toEqual(payload(index, size));
      received.push(index);
      const answer = payload(index, replySize);
      waiting.push({
        turns: delay,
        act: () => {
          if (reply === 'RPY') exchange.reply(answer);
          else if (reply === 'ERR') exchange.error(answer);
          else {
            exchange.answer(answer);
            exchange.answer(answer);
            exchange.end();
          }
        },
      });
    };
    const listening: Channel[] = [];
    const initiating: Channel[] = [];
    const profile: Profile = {
      uri: 'urn:x',
      start: (request) => void listening.push(request.accept({ message, closed: () => {} })),
    };
    const forth = new WindowWatch();
    const back = new WindowWatch();
    const pair = sessionPair(
      { limits: initiatorLimits },
      { limits: listenerLimits, profiles: [profile] },
      {
        batchOctets,
        carried: (from, octetsOfOne) => {
          const fromInitiator = from === 'initiator';
          (fromInitiator ? back : forth).given(octetsOfOne);
          (fromInitiator ? forth : back).sent(octetsOfOne);
        },
      },
    );
    for (let count = 0; count < 4; count += 1) {
      pair.initiator.startChannel(
        { profiles: [{ uri: 'urn:x' }], handler: { message, closed: () => {} } },
        (result) => {
          if (result instanceof Error) throw result;
          initiating.push(result.channel);
        },
      );
    }
    pair.pump();
    plans.forEach(({ channel, fromListener, size, at }, index) => {
      waiting.push({
        turns: at,
        act: () => {
          (fromListener ? listening : initiating)[channel]?.send(payload(index, size), (reply) => {
            const body = 'payload' in reply ? `${indexOf(reply.payload)} ${reply.payload.length}` : '';
            replies.push(`${index} ${reply.kind} ${body}`);
          });
        },
      });
    });
    for (let turn = 0; turn < 100_000; turn += 1) {
      const due = waiting.filter(({ turns }) => turns <= 0);
      for (const { act } of due) {
        waiting.splice(
          waiting.findIndex((item) => item.act === act),
          1,
        );
        act();
      }
      for (const item of waiting) item.turns -= 1;
      if (!pair.step() && waiting.length === 0) break;
    }
    expect([pair.initiator.isEnded, pair.listener.isEnded]).toEqual([false, false]);
    expect(
      [...listening, ...initiating].map((channel) => channel.unsentOctets + channel.outstanding),
    ).toEqual(Array.from({ length: 8 }, () => 0));
    for (let channel = 0; channel < 4; channel += 1) {
      for (const fromListener of [false, true]) {
        const isHere = (index: number): boolean =>
          plans[index]?.channel === channel && plans[index]?.fromListener === fromListener;
        const sentOrder = plans
          .map((_, index) => index)
          .filter(isHere)
          .sort((a, b) => (plans[a]?.at ?? 0) - (plans[b]?.at ?? 0) || a - b);
        expect(received.filter(isHere)).toEqual(sentOrder);
        expect(replies.filter((reply) => isHere(Number.parseInt(reply, 10)))).toEqual(
          sentOrder.flatMap((index) => expectedReplies(index, plans[index] as Plan)),
        );
      }
    }
  }

  function expectedReplies(index: number, { reply, replySize }: Plan): string[] {
    const body = `${index} ${payload(index, replySize).length}`;
    if (reply !== 'ANS') return [`${index} ${reply} ${body}`];
    return [`${index} ANS ${body}`, `${index} ANS ${body}`, `${index} NUL `];
  }

  it('never block each other, however much both send at once and however small the windows', () => {
    const counts = [0, 0];
    const reply = { profiles: [echo], limits: { receiveWindowOctets: 4096, exchangeOctets: 20_000 } };
    const pair = sessionPair(reply, reply);
    [pair.initiator, pair.listener].forEach((session, side) => {
      session.startChannel(
        {
          profiles: [{ uri: echo.uri }],
          handler: { message: (exchange) => exchange.reply(exchange.payload), closed: () => {} },
        },
        (result) => {
          if (result instanceof Error) throw result;
          for (let count = 0; count < 3000; count += 1) {
            result.channel.send(new Uint8Array(100), () => {
              counts[side] = (counts[side] ?? 0) + 1;
            });
          }
        },
      );
    });
    pair.pump();
    expect(counts).toEqual([3000, 3000]);
  });
});

it('two sessions that each owe more than either may keep still deliver it all', () => {
  const limits = { receiveWindowOctets: 4096, exchangeOctets: 10_000, unansweredExchanges: 0 };
  const exchanges: Exchange[] = [];
  const profile: Profile = {
    uri: 'urn:x',
    start: (request) => {
      const channel = request.accept({ message: (exchange) => exchanges.push(exchange), closed: () => {} });
      ask(channel);
    },
  };
  const replies: number[] = [];
  const ask = (channel: Channel): void => {
    for (let count = 0; count < 2; count += 1) {
      channel.send(octets('how much?'), (reply) => {
        replies.push('payload' in reply ? reply.payload.length : -1);
      });
    }
  };
  const pair = sessionPair({ limits }, { limits, profiles: [profile] });
  pair.initiator.startChannel(
    {
      profiles: [{ uri: 'urn:x' }],
      handler: { message: (exchange) => exchanges.push(exchange), closed: () => {} },
    },
    (result) => {
      if (result instanceof Error) throw result;
      ask(result.channel);
    },
  );
  pair.pump();
  expect(exchanges).toHaveLength(4);
  // All at once, so that both have too much to do before either has read anything.
  for (const exchange of exchanges) exchange.reply(new Uint8Array(50_000));
  pair.pump();
  expect(replies).toEqual([50_000, 50_000, 50_000, 50_000]);
});

describe('any octets', () => {
  const management = (xml: string): string => `Content-Type: application/beep+xml\r\n\r\n${xml}`;
  const frame = (line: string, payload: string): string => `${line} ${payload.length}\r\n${payload}END\r\n`;

  /** A plausible conversation, so that the mutations reach deep. */
  const conversation = octets(
    [
      frame('RPY 0 0 . 0', management('<greeting />')),
      frame('MSG 0 1 . 50', management("<start number='1'><profile uri='urn:recorder' /></start>")),
      frame('MSG 1 1 . 0', 'hello'),
      frame('MSG 1 2 * 5', 'he'),
      frame('MSG 1 2 . 7', 'llo'),
      'SEQ 1 0 4096\r\n',
      frame('MSG 0 2 . 144', management("<close number='1' code='200' />")),
    ].join(''),
  );

  it('begin with a conversation that is well formed', () => {
    const wire = new Wire({ profiles: [new Recorder()] });
    for (const octet of conversation) {
      expect(wire.raw(Uint8Array.of(octet))).toBe('need-more');
      wire.take();
    }
  });

  const mutated = fc
    .array(
      fc.record({
        at: fc.nat(conversation.length),
        remove: fc.nat(6),
        insert: fc.uint8Array({ maxLength: 6 }),
      }),
      {
        maxLength: 4,
      },
    )
    .map((changes) =>
      changes.reduce<Uint8Array>(
        (input, { at, remove, insert }) =>
          concatenate([input.subarray(0, at), new Uint8Array(insert), input.subarray(at + remove)]),
        conversation,
      ),
    );

  const frames = fc
    .array(arbitraryFrame, { maxLength: 6 })
    .map((some) => concatenate([conversation, ...some.map(encodeFrame)]));

  // Invariant: a session never throws and never hangs, and after a poorly-formed frame it sends nothing.
  it('[B1] [3080 §2.2.1.1 rule 15] never make a session throw, hang, or answer a poorly-formed frame', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated, frames),
        fc.integer({ min: 1, max: 400 }),
        (input, pieceOctets) => {
          const recorder = new Recorder();
          const wire = new Wire({ profiles: [recorder] });
          for (let at = 0; at < input.length; at += pieceOctets) {
            const result = wire.raw(input.subarray(at, at + pieceOctets));
            if (result instanceof FrameError) {
              expect(wire.session.isEnded).toBe(true);
              expect(wire.take()).toEqual([]);
              expect(wire.events.filter(({ kind }) => kind === 'ended')).toHaveLength(1);
              return;
            }
            wire.take();
            for (const exchange of recorder.exchanges.splice(0)) exchange.reply(exchange.payload);
          }
          wire.take();
          expect(wire.ending?.includes('handler')).not.toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  // Invariant: the pieces in which octets come do not change what a session says.
  it('mean the same whatever pieces they come in', () => {
    const answers = (pieces: readonly Uint8Array[]): string => {
      const recorder = new Recorder();
      const session = new Session({ role: 'listener', profiles: [recorder], now: () => 0 });
      const sent: Uint8Array[] = [];
      for (const piece of pieces) session.receive(piece);
      for (;;) {
        const part = session.takeOutput(65_536);
        if (part === undefined) return text(concatenate(sent));
        sent.push(part);
      }
    };
    fc.assert(
      fc.property(mutated, fc.integer({ min: 1, max: 50 }), (input, size) => {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < input.length; at += size) pieces.push(input.slice(at, at + size));
        expect(answers(pieces)).toBe(answers([input]));
      }),
    );
  });
});
